//! Files of every form that cannot be used, by what is said of them.

use super::{fails, fixture};
use crate::place::Place;

/// Files are known for what they are.
#[test]
fn other_forms_are_named() {
    let place = Place::new();
    let zip = std::fs::read(fixture("x.npz")).unwrap();
    place.put("l.npy", &zip);
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=norm",
        "--budget=1",
    ];
    let error = place.fails(1, &[&args[..], &["--labelled=l.npy"]].concat());
    let expected = "error: l.npy: labelled: a zip archive (.npz) found, a .npy file expected";
    assert!(error.contains(expected), "{error}");
    for (bytes, message) in [
        (
            &b"\x1f\x8b\x08 more"[..],
            "a gzip file found, a .npy, .npz,",
        ),
        (
            b"\x89HDF\r\n\x1a\n more",
            "an HDF5 file found, a .npy, .npz,",
        ),
        (b"\x80\x04\x95 more", "a Python pickle found, a .npy, .npz,"),
        (
            b"row,value\n1,2\n",
            "no .npy, .npz, .safetensors, .parquet or Arrow file found, one",
        ),
        (
            b"",
            "no .npy, .npz, .safetensors, .parquet or Arrow file found, one",
        ),
    ] {
        place.put("y.dat", bytes);
        let args = [
            "select",
            "y.dat",
            "--device=cpu",
            "--method=norm",
            "--budget=1",
        ];
        let error = place.fails(1, &args);
        assert!(
            error.contains(&format!("error: y.dat: features: {message}")),
            "{error}"
        );
    }
}

#[test]
fn bad_archives() {
    let place = Place::new();
    for (name, message) in [
        (
            "x.npz",
            "several arrays of features found (x, columns), the name of one expected (#x)",
        ),
        (
            "x.npz#y",
            "no array \"y\" found, one of these expected: x, labels, columns",
        ),
        (
            "x.npz#labels",
            "int64 found, float16, float32, float64, int8 or uint8 expected",
        ),
    ] {
        let error = fails(&place, &[name], &[]);
        assert!(error.contains(message), "{message}\n{error}");
    }
    let deflated = std::fs::read(fixture("deflated.npz")).unwrap();
    let mut damaged = deflated.clone();
    damaged[300] ^= 0x55;
    place.put("damaged.npz", &damaged);
    place.put("short.npz", &deflated[..deflated.len() - 60]);
    place.put("torn.npz", &[&deflated[..200], &deflated[400..]].concat());
    for name in ["damaged.npz", "short.npz", "torn.npz"] {
        for key in ["", "#features"] {
            let name = format!("{name}{key}");
            let args = [
                "select",
                &name,
                "--device=cpu",
                "--method=norm",
                "--budget=1",
            ];
            let error = place.fails(1, &args);
            let expected = "a zip archive that cannot be read found (";
            assert!(error.contains(expected), "{name}: {error}");
        }
    }
}

#[test]
fn bad_tensors() {
    let place = Place::new();
    for (name, message) in [
        (
            "several.safetensors",
            "several tensors of features found (brain, double, float, half), the name of one",
        ),
        (
            "several.safetensors#x",
            "no tensor \"x\" found, one of these expected: brain, double, float, half, labels",
        ),
        (
            "x.safetensors#labels",
            "I64 found, F16, BF16, F32 or F64 expected",
        ),
    ] {
        let error = fails(&place, &[name], &[]);
        assert!(error.contains(message), "{message}\n{error}");
    }
    let good = std::fs::read(fixture("x.safetensors")).unwrap();
    let length = u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
    let refused = |bytes: &[u8], message: &str| {
        place.put("y.safetensors", bytes);
        let args = [
            "select",
            "y.safetensors",
            "--device=cpu",
            "--method=norm",
            "--budget=1",
        ];
        let error = place.fails(1, &args);
        assert!(error.contains(message), "{message}\n{error}");
    };
    refused(
        &good[..40],
        "a broken safetensors header found (its header ends early)",
    );
    refused(
        &good[..good.len() - 8],
        "1912 bytes of tensors found, 1920 expected",
    );
    let mut shape = good.clone();
    let at = good.windows(6).position(|word| word == b"[60,6]").unwrap();
    shape[at + 1] = b'7';
    refused(&shape, "a broken safetensors header found (");
    let mut text = good.clone();
    text[7 + length] = b'?';
    refused(&text, "a broken safetensors header found (");
}

/// Columns are the same in parquet and Arrow files, and so is what can be wrong with them.
#[test]
fn bad_columns() {
    let place = Place::new();
    let several = "several columns of features found (fixed, list, large, half, double), the name of one \
                   expected (#fixed)";
    let none = "no column \"x\" found, one of these expected: name, number, fixed, list, large, half, \
                double, integers";
    for (key, message) in [
        ("", several),
        ("#x", none),
        (
            "#name",
            "a column of Utf8 found, one of lists of float16, float32, float64, int8 or uint8 expected",
        ),
        (
            "#integers",
            "one of lists of float16, float32, float64, int8 or uint8 expected",
        ),
    ] {
        for file in ["x.parquet", "x.arrow", "x.arrows"] {
            let error = fails(&place, &[&format!("{file}{key}")], &[]);
            assert!(error.contains(message), "{file}{key}: {message}\n{error}");
        }
    }
    for (key, message) in [
        (
            "null_first",
            "null found in place of row 0, a list of values expected",
        ),
        (
            "null_row",
            "null found in place of row 8, 6 values expected",
        ),
        (
            "null_value",
            "null found at row 8, column 5, a value expected",
        ),
        ("ragged", "5 values found in row 8, 6 expected, as in row 0"),
        ("large_value", "1e39 found at row 8, column 0, at most "),
    ] {
        for file in ["faults.parquet", "faults.arrow"] {
            let error = fails(&place, &[&format!("{file}#{key}")], &[]);
            let expected = format!("{file}#{key}: features: {message}");
            assert!(error.contains(&expected), "{expected}\n{error}");
        }
    }
}

#[test]
fn broken_tables() {
    let place = Place::new();
    for name in ["encrypted.parquet", "encrypted_columns.parquet"] {
        let error = fails(&place, &[name], &[]);
        assert!(error.contains("encrypted"), "{error}");
    }
    for (file, key, message) in [
        (
            "x.parquet",
            "fixed",
            "a parquet file that cannot be read found (",
        ),
        (
            "x.arrow",
            "fixed",
            "an Arrow file that cannot be read found (",
        ),
        (
            "x.arrows",
            "fixed",
            "an Arrow file that cannot be read found (it ends early)",
        ),
    ] {
        let good = std::fs::read(fixture(file)).unwrap();
        for length in [20, good.len() / 2, good.len() - 20] {
            place.put(file, &good[..length]);
            let name = format!("{file}#{key}");
            let args = [
                "select",
                &name,
                "--device=cpu",
                "--method=norm",
                "--budget=1",
            ];
            let error = place.fails(1, &args);
            assert!(error.contains(message), "{length}: {error}");
        }
    }
}

#[test]
fn bad_raw_files() {
    let place = Place::new();
    for (raw, message) in [
        (
            "f32,7",
            "1440 bytes found, a multiple of 28 expected (rows of 7 float32 values)",
        ),
        ("f64,1000", "1440 bytes found, a multiple of 8000 expected"),
        (
            "f64,18446744073709551615",
            "1440 bytes found, a multiple of",
        ),
    ] {
        let error = fails(&place, &["raw/x.f32"], &["--raw", raw]);
        assert!(error.contains(message), "{message}\n{error}");
    }
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=norm",
        "--budget=1",
        "--raw",
    ];
    for raw in ["f32", "f32,0", "i4,6", "f32,", ",6", "f32,-6"] {
        let error = place.fails(2, &[&args[..], &[raw]].concat());
        assert!(
            error.contains("f16, bf16, f32, f64, i8 or u8 and the values a row expected"),
            "{error}"
        );
    }
    // What has a header is read by that.
    place.done(&[&args[..], &["f32,7"]].concat());
}
