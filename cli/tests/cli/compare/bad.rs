//! What `compare` refuses, and what it says of selections that are short.

use super::{place, record, rows, run};
use crate::place::{Place, f32s, npy, stderr};
use serde_json::{Value, json};

#[test]
fn selections_that_are_short_are_told() {
    let place = place();
    let mut x = vec![0.0; 180];
    (0..60).for_each(|row| x[3 * row] = if row % 5 == 0 { 1.0 } else { 0.0 });
    place.put("y.npy", &npy("<f4", false, "(60, 3)", &f32s(&x)));
    let args = run(&["--methods=random,norm", "--budgets=2,30"]);
    let said = stderr(&place.run(&args));
    let short = "short: 3 selections are short of the budget\n";
    assert!(said.contains(short), "{said}");
    let record = record(&place, &args);
    let short = &record["splits"][0]["trials"][3];
    let picks = short["picks"].as_array().unwrap().len();
    assert_eq!(short["shortfall"]["count"], json!(30 - picks));
    let reason = "no row of positive weight is left";
    assert_eq!(short["shortfall"]["reason"], reason);
    let whole = &record["splits"][0]["trials"][2];
    assert_eq!(whole["shortfall"], Value::Null);
}

/// Asserts what is said of options, words between blanks.
fn refused(place: &Place, code: i32, options: &str, expected: &str) {
    let options: Vec<&str> = options.split_whitespace().collect();
    let error = place.fails(code, &run(&options));
    assert!(error.contains(expected), "{expected}\n{error}");
}

#[test]
fn bad_methods_and_budgets_are_named() {
    let place = place();
    let all = "\"best\" found, one of random, norm, max-norm, gram-schmidt, sas, typiclust, probcover, coverage, \
               facility-location, herding, k-center, log-det expected";
    for (methods, expected) in [
        ("random,best", all),
        (
            "norm:then-sas",
            "\"sas\" found, one of random, norm, max-norm, gram-schmidt, log-det",
        ),
        (
            "norm,random,norm",
            "--methods: norm found twice, each once expected",
        ),
    ] {
        let options = format!("--methods={methods} --budgets=5");
        refused(&place, 2, &options, expected);
    }
    for (budgets, expected) in [
        (
            "5,41",
            "--budgets: 41 found, 1 to 40, the rows to select from expected",
        ),
        ("5,5", "--budgets: 5 twice found, each once expected"),
        ("0", "--budgets: 0 found, 1 to 40"),
        (
            "5..12",
            "\"5..12\" found, a count and a multiple of it expected, as in 10..60",
        ),
        (
            "some",
            "\"some\" found, a count (500) or a share above 0% and up to 100% expected",
        ),
    ] {
        let options = format!("--methods=random --budgets={budgets}");
        refused(&place, 2, &options, expected);
    }
}

#[test]
fn bad_splits_and_outputs_are_named() {
    let place = place();
    let rows =
        "--rows: 60 of 60 rows to select from found, at least 1 expected, and 1 left to test on";
    for (code, option, expected) in [
        (2, "--rows=60", rows),
        (2, "--rows=0", "--rows: 0 of 60 rows"),
        (
            2,
            "--test-share=100%",
            "\"100%\" found, a share above 0% and below 100% expected",
        ),
        (2, "--test-share=50% --rows=3", "cannot be used with"),
        (2, "--out=c.npy", "--out: a name in .npy found"),
        (
            1,
            "--out=l.txt",
            "l.txt: out: the same file as labels (l.txt) found",
        ),
    ] {
        let options = format!("--methods=random,norm --budgets=5 {option}");
        refused(&place, code, &options, expected);
    }
}

#[test]
fn bad_labels_seeds_and_rows_are_named() {
    let place = place();
    place.put("one.txt", "bag\n".repeat(60).as_bytes());
    let rare = format!("hat\n{}", "bag\n".repeat(59));
    place.put("rare.txt", rare.as_bytes());
    place.put("short.txt", b"bag\nhat\n");
    let seeds = "--seeds: 1 found, at least 2 expected, for a standard error to be told";
    let one = "one.txt: labels: label bag alone found, at least two labels expected";
    let short = "short.txt: labels: 2 labels found, one for each of 60 rows expected";
    let rare = "rare.txt: labels: one class alone among the 40 rows to select from at seed ";
    let args = ["compare", "y.npy", "--device=cpu", "--budgets=5"];
    for (labels, seeds, code, expected) in [
        ("l.txt", "1", 2, seeds),
        ("one.txt", "3", 1, one),
        ("short.txt", "3", 1, short),
        ("rare.txt", "30", 1, rare),
    ] {
        let (labels, seeds) = (format!("--labels={labels}"), format!("--seeds={seeds}"));
        let more = ["--methods=random", &*labels, &*seeds];
        let error = place.fails(code, &[&args[..], &more].concat());
        assert!(error.contains(expected), "{expected}\n{error}");
    }
    let mut x = rows().0;
    x[..3].fill(0.0);
    place.put("y.npy", &npy("<f4", false, "(60, 3)", &f32s(&x)));
    let more = ["--methods=typiclust,random", "--labels=l.txt", "--seeds=9"];
    let error = place.fails(1, &[&args[..], &more].concat());
    assert!(
        error.contains("y.npy: features: row 0 is all zeros"),
        "{error}"
    );
    place.done(&[&args[..], &more, &["--skip-invalid"]].concat());
}
