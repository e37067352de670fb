//! Every bad input, by its exit code and its message. `Place::fails` sees that no file is left.

use crate::place::{Place, f32s, matrix, npy};
use std::fs;

#[test]
fn bad_options() {
    let place = Place::new();
    let select = ["select", "x.npy", "--device=cpu"];
    for (args, message) in [
        (
            &["--method=random", "--budget=ten"][..],
            "\"ten\" found, a count (500) or a share",
        ),
        (
            &["--method=random", "--budget", "-1"],
            "\"-1\" found, a count (500) or a share",
        ),
        (
            &["--method=random", "--budget=0%"],
            "\"0%\" found, a count (500) or a share",
        ),
        (
            &["--method=random", "--budget=101%"],
            "a share above 0% and up to 100% expected",
        ),
        (&["--method=random"], "--budget"),
        (
            &["--method=best", "--budget=1"],
            "[possible values: random, norm, max-norm, gram-schmidt, sas",
        ),
        (
            &["--method=random", "--budget=1", "--norm=l1"],
            "--norm: --method random found, norm or",
        ),
        (
            &["--method=max-norm", "--budget=1", "--power=2"],
            "--power: --method max-norm found, norm",
        ),
        (
            &["--method=gram-schmidt", "--budget=1", "--anti"],
            "--anti: --method gram-schmidt found",
        ),
        (
            &["--method=norm", "--budget=1", "--greedy"],
            "--greedy: --method norm found, gram-schmidt",
        ),
        (
            &["--method=norm", "--budget=1", "--on-exhaustion=stop"],
            "--on-exhaustion: --method norm",
        ),
        (
            &["--method=norm", "--budget=1", "--rank-tol=1"],
            "--rank-tol: --method norm found",
        ),
        (
            &["--method=norm", "--budget=1", "--power", "-1"],
            "power: -1 found, a number above 0",
        ),
        (
            &["--method=norm", "--budget=1", "--device-memory=4GB"],
            "\"4GB\" found, a whole number of B, KiB",
        ),
        (
            &["--method=norm", "--budget=1", "--device-memory=4GiB"],
            "--device-memory: --device cpu found",
        ),
        (
            &["--method=norm", "--budget=1", "--out=s.xls"],
            "\"s.xls\" found, a name in .npy, .json",
        ),
        (
            &["--method=norm", "--budget=1", "--labelled=l"],
            "\"l\" found, a name in .npy, .json",
        ),
    ] {
        let error = place.fails(2, &[&select[..], args].concat());
        assert!(error.contains(message), "{message}\n{error}");
    }
}

#[test]
fn bad_features() {
    let place = Place::new();
    let good = f32s(&matrix(12, 3));
    let with = |at: usize, value: f32| {
        let mut values = matrix(12, 3);
        values[at] = value;
        f32s(&values)
    };
    let array = |descr: &str, shape: &str, bytes: &[u8]| npy(descr, false, shape, bytes);
    let whole = array("<f4", "(12, 3)", &good);
    let mut version = whole.clone();
    version[6] = 9;
    let mut long = b"\x93NUMPY\x02\x00".to_vec();
    long.extend(u32::MAX.to_le_bytes());
    let tall = "(1000000000000, 1000000)";
    let taller = "(1000000000000, 1000000000000)";
    let cases: &[(&[u8], &str)] = &[
        (b"", "no .npy header found"),
        (b"index,score\n1,2\n", "no .npy header found"),
        (&whole[..40], "a broken .npy header found (it ends early)"),
        (
            &long,
            "a header of 4294967295 bytes found, at most 10000 expected",
        ),
        (&version, "npy version 9.0 found, 1.0 to 3.0 expected"),
        (
            &whole[..whole.len() - 5],
            "139 bytes of values found, 144 expected",
        ),
        (
            &array("<f4", "(11, 3)", &good),
            "144 bytes of values found, 132 expected",
        ),
        (
            &array("<f4", tall, &good),
            "4000000000000000000 expected (shape (1000000000000, 1000000)",
        ),
        (
            &array("<f4", taller, &good),
            "less than 2^64 bytes expected",
        ),
        (
            &array("<f4", "(36,)", &good),
            "shape (36,) found, rank 2 expected",
        ),
        (
            &array("<f4", "(3, 4, 3)", &good),
            "shape (3, 4, 3) found, rank 2 expected",
        ),
        (
            &array("<i4", "(12, 3)", &good),
            "int32 found, float16, float32, float64, int8 or uint8 expected",
        ),
        (
            &array("|b1", "(12, 12)", &good),
            "bool found, float16, float32, float64, int8 or uint8 expected",
        ),
        (
            &array("<c8", "(6, 3)", &good),
            "complex64 found, float16, float32, float64, int8 or uint8 expected",
        ),
        (
            &array("[('a', '<f4')]", "(36,)", &good),
            "a record dtype found",
        ),
        (
            &array("<f4", "(0, 3)", b""),
            "shape (0, 3) found, at least one row and one column",
        ),
        (
            &array("<f4", "(3, 0)", b""),
            "shape (3, 0) found, at least one row and one column",
        ),
        (
            &array("<f4", "(12, 3)", &with(7, f32::NAN)),
            "NaN found at row 2, column 1",
        ),
        (
            &array("<f4", "(12, 3)", &with(0, f32::INFINITY)),
            "inf found at row 0, column 0",
        ),
        (
            &array("<f4", "(12, 3)", &with(35, -2e19)),
            "row 11 has length 1.99999",
        ),
        (
            &array(
                "<f8",
                "(1, 2)",
                &[1f64, -1e39].map(f64::to_le_bytes).concat(),
            ),
            "-1e39 found at row 0, column 1",
        ),
        (
            &npy(
                "<f8",
                true,
                "(2, 2)",
                &[1f64, 1e300, 1.0, 1.0].map(f64::to_le_bytes).concat(),
            ),
            "1e300 found at row 1, column 0",
        ),
    ];
    for (bytes, message) in cases {
        place.put("x.npy", bytes);
        for method in ["random", "gram-schmidt"] {
            let method = format!("--method={method}");
            let args = [
                "select",
                "x.npy",
                "--device=cpu",
                "--budget=1",
                "--out=s.npy",
                &method,
            ];
            let error = place.fails(1, &args);
            assert!(error.contains("error: x.npy: features: "), "{error}");
            assert!(error.contains(message), "{message}\n{error}");
        }
    }
}

#[test]
fn missing_files_and_folders() {
    let place = Place::new();
    fs::create_dir(place.path("folder.npy")).unwrap();
    let run = |features: &str, more: &str| {
        let args = [
            "select",
            features,
            "--device=cpu",
            "--method=random",
            "--budget=1",
            more,
        ];
        place.fails(1, &args)
    };
    let error = run("none.npy", "--out=s.npy");
    assert!(
        error.contains("error: none.npy: features: cannot open the file\n  caused by: "),
        "{error}"
    );
    let error = run("folder.npy", "--out=s.npy");
    assert!(
        error.contains(
            "error: folder.npy: features: a folder found without features, at least one file"
        ),
        "{error}"
    );
    let error = run("x.npy", "--labelled=none.txt");
    assert!(
        error.contains("error: none.txt: labelled: cannot open the file\n  caused by: "),
        "{error}"
    );
    let error = run("x.npy", "--out=folder.npy");
    assert!(
        error.contains("error: folder.npy: out: a folder found, a file expected"),
        "{error}"
    );
    // The folder is missed before the features are.
    let error = run("none.npy", "--out=none/s.npy");
    assert!(
        error.contains("error: none/s.npy: out: no folder \"none\" found, one expected"),
        "{error}"
    );
}

#[test]
fn bad_labelled_rows_and_budgets() {
    let place = Place::new();
    let select = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=norm",
        "--out=s.npy",
    ];
    for (list, text, message) in [
        (
            "l.txt",
            "1\n12\n",
            "error: l.txt: labelled: row 12 found, indices below 12 expected",
        ),
        (
            "l.txt",
            "1\n1\n",
            "error: l.txt: labelled: row 1 found twice",
        ),
        (
            "l.txt",
            "1\n-2\n",
            "error: l.txt: labelled: \"-2\" found on line 2, a row index expected",
        ),
        (
            "l.csv",
            "score\n1\n",
            "error: l.csv: labelled: \"score\" found on line 1, numbers or a column named index or row expected",
        ),
        (
            "l.json",
            "[1, 2.5]",
            "error: l.json: labelled: no list found (invalid type: floating point `2.5`, expected a whole number at line 1 column 8), a list expected, each entry a row index",
        ),
        (
            "l.json",
            "{}",
            "error: l.json: labelled: no list found (missing field `picks`",
        ),
        (
            "l.json",
            "[1",
            "error: l.json: labelled: no list found (EOF",
        ),
        (
            "l.npy",
            "1\n",
            "error: l.npy: labelled: no .npy header found",
        ),
    ] {
        place.put(list, text.as_bytes());
        let labelled = format!("--labelled={list}");
        let error = place.fails(1, &[&select[..], &["--budget=1", &labelled]].concat());
        assert!(error.contains(message), "{message}\n{error}");
    }
    for (descr, shape, bytes, message) in [
        (
            "<f4",
            "(1,)",
            vec![0; 4],
            "float32 found, whole numbers expected",
        ),
        (
            "<i4",
            "(1, 1)",
            vec![0; 4],
            "shape (1, 1) found, rank 1 expected",
        ),
        (
            "<i4",
            "(2,)",
            vec![0; 4],
            "4 bytes of values found, 8 expected",
        ),
        (
            "|i1",
            "(2,)",
            vec![0, 255],
            "-1 found at position 1, a row index expected",
        ),
    ] {
        place.put("l.npy", &npy(descr, false, shape, &bytes));
        let error = place.fails(
            1,
            &[&select[..], &["--budget=1", "--labelled=l.npy"]].concat(),
        );
        assert!(
            error.contains(&format!("error: l.npy: labelled: {message}")),
            "{error}"
        );
    }
    let error = place.fails(1, &[&select[..], &["--budget=13"]].concat());
    assert!(
        error.contains("error: budget: 13 picks asked for, at most 12 expected (12 rows"),
        "{error}"
    );
    place.put("l.txt", b"3\n4\n");
    let error = place.fails(
        1,
        &[&select[..], &["--budget=11", "--labelled=l.txt"]].concat(),
    );
    assert!(
        error.contains("at most 10 expected (12 rows, 2 of them labelled)"),
        "{error}"
    );
}
