//! Features in every form of file. The files are others' work: `cli/tests/fixtures/make_sources.py` has
//! numpy and its like write one matrix in each.

use crate::place::{Place, f32s, matrix, npy, stderr};
use std::path::PathBuf;
use std::process::Stdio;

/// A drawn, a greedy, a clustered and an all-pairs method.
const METHODS: [&[&str]; 4] = [
    &["--method=norm", "--seed=3"],
    &["--method=gram-schmidt", "--greedy"],
    &["--method=typiclust"],
    &["--method=probcover", "--delta=0.9"],
];

/// The forms of the same matrix, by the names that `select` takes.
const FORMS: [&[&str]; 36] = [
    &["shards"],
    &["shards/x-*.npy"],
    &["shards/x-10.npy", "shards/x-2.npy", "shards/x-1.npy"],
    &["x.npz#x"],
    &["x.npz#columns"],
    &["x.npz#columns.npy"],
    &["deflated.npz"],
    &["deflated.npz#features"],
    &["raw/x.f32", "--raw=f32,6"],
    &["raw/x.f16", "--raw=f16,6"],
    &["raw/x.bf16#bf16,6"],
    &["raw/x.f64#f64,6"],
    &["x.safetensors"],
    &["x.safetensors#x"],
    &["several.safetensors#float"],
    &["several.safetensors#half"],
    &["several.safetensors#brain"],
    &["several.safetensors#double"],
    &["x.parquet#fixed"],
    &["x.parquet#list"],
    &["x.parquet#large"],
    &["x.parquet#half"],
    &["x.parquet#double"],
    &["zstd.parquet"],
    &["plain.parquet#list"],
    &["parts#list"],
    &["parts/*.parquet"],
    &["x.arrow#fixed"],
    &["x.arrow#list"],
    &["x.arrow#large"],
    &["x.arrow#half"],
    &["x.arrow#double"],
    &["x.arrows#list"],
    &["x.arrows#fixed"],
    &["zstd.arrow"],
    &["lz4.feather#list"],
];

pub(crate) fn fixture(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sources");
    PathBuf::from(folder).join(name)
}

/// Options of a selection on the CPU, files found among the fixtures.
fn select(names: &[&str], options: &[&str]) -> Vec<String> {
    let full = |name: &&str| match name {
        name if name.starts_with('-') => (*name).to_owned(),
        name => fixture(name).to_str().unwrap().to_owned(),
    };
    let start = ["select", "--device=cpu", "--budget=9"].map(str::to_owned);
    let options = options.iter().map(|&option| option.to_owned());
    let names = names.iter().map(full);
    start.into_iter().chain(options).chain(names).collect()
}

fn picks(place: &Place, names: &[&str], options: &[&str]) -> String {
    let args = select(names, options);
    place.done(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn fails(place: &Place, names: &[&str], options: &[&str]) -> String {
    let args = select(names, &[&["--method=norm"], options].concat());
    place.fails(1, &args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn every_form_gives_the_same_picks() {
    let place = Place::new();
    for method in METHODS {
        let want = picks(&place, &["x.npy"], method);
        assert_eq!(want.lines().count(), 9);
        for names in FORMS {
            assert_eq!(picks(&place, names, method), want, "{names:?} {method:?}");
        }
    }
}

#[test]
fn standard_input_is_read_in_every_form() {
    let place = Place::new();
    let want = picks(&place, &["x.npy"], &["--method=norm"]);
    for (name, file, raw) in [
        ("-", "x.npy", None),
        ("-#x", "x.npz", None),
        ("-", "deflated.npz", None),
        ("-", "raw/x.f32", Some("--raw=f32,6")),
        ("-", "zstd.parquet", None),
        ("-#fixed", "x.arrows", None),
    ] {
        let mut args = vec!["select", "--device=cpu", "--budget=9", "--method=norm"];
        args.extend(raw.into_iter().chain(["--", name]));
        let mut command = place.command(&args);
        let file = std::fs::File::open(fixture(file)).unwrap();
        let output = command.stdin(Stdio::from(file)).output().unwrap();
        assert_eq!(
            String::from_utf8_lossy(&output.stdout),
            want,
            "{name} {}",
            stderr(&output)
        );
    }
    for twice in [["-", "--prompts=-"], ["-", "-"]] {
        let args = ["select", "--device=cpu", "--budget=9", "--method=random"];
        let error = place.fails(2, &[&args[..], &twice].concat());
        let expected = "standard input (-) found 2 times, once expected";
        assert!(error.contains(expected), "{error}");
    }
}

/// Inputs and prompts come in the same forms.
#[test]
fn inputs_and_prompts_are_read_in_every_form() {
    let place = Place::new();
    for (option, method) in [
        ("--input-features", "--method=norm"),
        ("--prompts", "--method=sas"),
    ] {
        let with = |name: &str| {
            let option = format!("{option}={}", fixture(name).display());
            picks(&place, &["x.npy"], &[method, &option])
        };
        let want = with("x.npy");
        for names in FORMS {
            if let [name] = names {
                assert_eq!(with(name), want, "{name}");
            }
        }
    }
}

/// Rows that are in none of several files are counted there.
#[test]
fn files_of_a_pool_are_named() {
    let place = Place::new();
    let put = |name: &str, rows: usize, dim: usize, value: f32| {
        let mut values = matrix(rows, dim);
        values[rows * dim - 1] = value;
        let shape = format!("({rows}, {dim})");
        place.put(name, &npy("<f4", false, &shape, &f32s(&values)));
    };
    let select = |names: &[&str]| {
        let args = ["select", "--device=cpu", "--method=norm", "--budget=2"];
        place.run(&[&args[..], names].concat())
    };
    std::fs::create_dir(place.path("d")).unwrap();
    for (number, rows) in [(1, 4), (2, 5), (4, 6), (10, 7)] {
        put(&format!("d/p{number}.npy"), rows, 3, 1.0);
    }
    let said = stderr(&select(&["d"]));
    assert!(said.contains("2 picks of 22 rows x 3"), "{said}");
    let gaps = "files: 4 files found, none of 6 that their numbers leave out: p3.npy, p5.npy, p6.npy, \
                p7.npy, p8.npy, ...\n";
    assert!(said.contains(gaps), "{said}");
    put("d/p4.npy", 6, 3, f32::NAN);
    let said = stderr(&select(&["d"]));
    let expected =
        "error: d/p4.npy: features: NaN found at row 5, column 2, a finite value expected";
    assert!(said.contains(expected), "{said}");
    put("d/p4.npy", 6, 2, 1.0);
    let said = stderr(&select(&["d/p1*.npy", "d/p4.npy"]));
    let expected =
        "error: d/p4.npy: features: rows of 2 values found, 3 expected, as in d/p1.npy\n";
    assert!(said.contains(expected), "{said}");
    place.put("d/p4.npy", &npy("<f8", false, "(1, 3)", &[0; 24]));
    let said = stderr(&select(&["d"]));
    let expected = "error: d/p4.npy: features: float64 found, float32 expected, as in d/p1.npy\n";
    assert!(said.contains(expected), "{said}");
    let said = stderr(&select(&["d/p1.npy", "d/p*"]));
    assert!(
        said.contains("error: d/p1.npy: features: found twice"),
        "{said}"
    );
}

#[test]
fn bad_names_of_files() {
    let place = Place::new();
    std::fs::create_dir(place.path("empty")).unwrap();
    std::fs::create_dir(place.path("mixed")).unwrap();
    for name in [
        "mixed/a.npy",
        "mixed/b.parquet",
        "mixed/.c.npz",
        "mixed/README.md",
        "empty/x.csv",
    ] {
        place.put(name, b"x");
    }
    for (name, message) in [
        (
            "empty",
            "a folder found without features, at least one file in .npy, .npz, ",
        ),
        (
            "mixed",
            "a folder of .npy and .parquet files found, one of files of one form expected",
        ),
        (
            "y-*.npy",
            "no file found that matches, at least one expected",
        ),
        ("y-[.npy", "a pattern that cannot be read found"),
        ("y.npy", "cannot open the file"),
        (
            "x.npy#x",
            "a .npy file and a name, \"x\", found, no name expected",
        ),
    ] {
        let args = [
            "select",
            name,
            "--device=cpu",
            "--method=norm",
            "--budget=1",
        ];
        let error = place.fails(1, &args);
        let path = name.split('#').next().unwrap();
        let expected = format!("error: {path}: features: {message}");
        assert!(error.contains(&expected), "{expected}\n{error}");
    }
    // What is there under its whole name is meant.
    for name in ["a#b.npy", "[1].npy"] {
        place.put(name, &std::fs::read(place.path("x.npy")).unwrap());
        place.done(&[
            "select",
            name,
            "--device=cpu",
            "--method=norm",
            "--budget=1",
        ]);
    }
}

#[test]
fn no_output_takes_the_place_of_a_file_of_a_folder() {
    let place = Place::new();
    std::fs::create_dir(place.path("d")).unwrap();
    place.put("d/x.npy", &std::fs::read(place.path("x.npy")).unwrap());
    for name in ["d", "d/*", "d/x.npy#x"] {
        let args = [
            "select",
            name,
            "--device=cpu",
            "--method=norm",
            "--budget=1",
            "--out=d/x.npy",
        ];
        let error = place.fails(1, &args);
        assert!(
            error.contains("the same file as features (d/x.npy) found"),
            "{error}"
        );
    }
}

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
            "int64 found, float16, float32 or float64 expected",
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
            "a column of Utf8 found, one of lists of float16, float32 or float64 expected",
        ),
        (
            "#integers",
            "one of lists of float16, float32 or float64 expected",
        ),
    ] {
        for file in ["x.parquet", "x.arrow", "x.arrows"] {
            let error = fails(&place, &[&format!("{file}{key}")], &[]);
            assert!(error.contains(message), "{file}{key}: {message}\n{error}");
        }
    }
    for (key, message) in [
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
            error.contains("f16, bf16, f32 or f64 and the values a row expected"),
            "{error}"
        );
    }
    // What has a header is read by that.
    place.done(&[&args[..], &["f32,7"]].concat());
}
