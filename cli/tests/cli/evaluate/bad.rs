//! What `evaluate` refuses, and how that is said.

use super::{place, run};
use crate::place::{Place, f32s, f64s, npy};

/// Asserts what is said of options that must fail with `code`.
fn refused(place: &Place, code: i32, cases: &[(&[&str], &str)]) {
    for (more, expected) in cases {
        let error = place.fails(code, &run(more));
        assert!(error.contains(expected), "{expected}\n{error}");
    }
}

#[test]
fn bad_picks_are_named() {
    let place = place();
    place.put("far.txt", b"0\n5\n");
    place.put("twice.txt", b"1\n0\n1\n");
    place.put("none.txt", b"");
    place.put("all.txt", b"0\n1\n2\n3\n4\n");
    let far = "far.txt: picks: row 5 found, indices below 5 expected";
    let twice = "twice.txt: picks: row 1 twice found, every row at most once expected";
    let none = "none.txt: picks: none found, at least one expected";
    let all = "all.txt: picks: all 5 rows found, at least one row that is not picked, to test on expected";
    refused(
        &place,
        1,
        &[
            (&["--picks=p.txt", "--picks=far.txt"], far),
            (&["--picks=twice.txt"], twice),
            (&["--picks=none.txt"], none),
            (&["--picks=all.txt", "--labels=l.txt"], all),
        ],
    );
}

#[test]
fn bad_labels_are_named() {
    let place = place();
    place.put("short.txt", b"bag\nshoe\n");
    place.put("one.txt", b"bag\nbag\nbag\nbag\nbag\n");
    place.put("half.txt", b"1\n2\n1.5\n2\n1\n");
    place.put("half.json", b"[1, 2, 1.5, 2, 1]");
    let halves = f64s(&[1.0, 2.0, 1.5, 2.0, 1.0]);
    place.put("half.npy", &npy("<f8", false, "(5,)", &halves));
    place.put("blank.csv", b"label\nbag\n\"\"\nbag\nshoe\nbag\n");
    let long = format!("bag\nbag\nshoe\nshoe\n{}\n", "x".repeat(65));
    place.put("long.txt", long.as_bytes());
    place.put("two.csv", b"bag,1\nbag,1\nshoe,1\nshoe,1\nshoe,1\n");
    let entry = "a whole number or a name of at most 64 bytes expected";
    for (labels, expected) in [
        (
            "short.txt",
            "2 labels found, one for each of 5 rows expected",
        ),
        (
            "one.txt",
            "label bag alone found, at least two labels expected",
        ),
        ("half.txt", &format!("\"1.5\" found on line 3, {entry}")),
        (
            "half.json",
            "no list found (invalid type: floating point `1.5`, expected a whole number or a name",
        ),
        ("half.npy", "float64 found, whole numbers expected"),
        ("blank.csv", &format!("\"\" found on line 3, {entry}")),
        (
            "long.txt",
            &format!("\"{}...\" found on line 5, {entry}", "x".repeat(64)),
        ),
        (
            "two.csv",
            "2 columns found on line 1, 1 expected, or a title that names label or class or cluster or target",
        ),
    ] {
        let option = format!("--labels={labels}");
        let expected = format!("{labels}: labels: {expected}");
        refused(&place, 1, &[(&["--picks=p.txt", &option], &expected)]);
    }
    let classes = "short.txt: classes: 2 labels found, one for each of 5 rows expected";
    refused(
        &place,
        1,
        &[(&["--picks=p.txt", "--classes=short.txt"], classes)],
    );
}

#[test]
fn bad_rows_to_test_on_are_named() {
    let place = place();
    place.put("tl.txt", b"bag\nshoe\n");
    place.put("t.npy", &npy("<f4", false, "(1, 3)", &f32s(&[1.0; 3])));
    place.put("u.npy", &npy("<f4", false, "(2, 2)", &f32s(&[1.0; 4])));
    let zero = f32s(&[1.0, 1.0, 0.0, 0.0]);
    place.put("zero.npy", &npy("<f4", false, "(2, 2)", &zero));
    for (features, labels, metric, expected) in [
        (
            "t.npy",
            "tl.txt",
            "euclidean",
            "t.npy: test-features: rows of 3 values found, 2 expected, as in the features",
        ),
        (
            "u.npy",
            "l.txt",
            "euclidean",
            "l.txt: test-labels: 5 labels found, one for each of 2 rows expected",
        ),
        (
            "zero.npy",
            "tl.txt",
            "cosine",
            "zero.npy: features: row 1 is all zeros",
        ),
    ] {
        let options = [
            format!("--test-features={features}"),
            format!("--test-labels={labels}"),
            format!("--metric={metric}"),
        ];
        let mut more = vec!["--picks=p.txt", "--labels=l.txt"];
        more.extend(options.iter().map(String::as_str));
        refused(&place, 1, &[(&more, expected)]);
    }
}

#[test]
fn bad_options_are_named() {
    let place = place();
    for (option, expected) in [
        (
            "--delta=0",
            "\"0\" found, a number above 0 and at most 2 expected",
        ),
        (
            "--delta=2.1",
            "\"2.1\" found, a number above 0 and at most 2 expected",
        ),
        (
            "--fid-ridge=-1",
            "\"-1\" found, a number above 0 and at most 1e50 expected",
        ),
        ("--test-labels=l.txt", "--test-features"),
        ("--test-features=y.npy", "--labels"),
        (
            "--out=w.npy",
            "--out: a name in .npy found, one in .json, .csv or .txt expected",
        ),
        (
            "--device-memory=1GiB",
            "--device-memory: --device cpu found, a GPU expected",
        ),
    ] {
        refused(&place, 2, &[(&["--picks=p.txt", option], expected)]);
    }
    let same = "p.txt: out: the same file as picks (p.txt) found, one of its own expected";
    let labels = "l.txt: out: the same file as labels (l.txt) found";
    refused(
        &place,
        1,
        &[
            (&["--picks=p.txt", "--out=p.txt"], same),
            (&["--picks=p.txt", "--out=l.txt", "--labels=l.txt"], labels),
        ],
    );
    refused(&place, 2, &[(&[], "--picks <FILE>")]);
}
