//! What is told of picks besides their indices: ids, and the file and row that they come from.

use super::{fixture, picks, select};
use crate::place::{Place, indices, stderr};
use serde_json::{Value, json};

/// The rows of a table, cell by cell, behind these titles.
fn table(text: &str, titles: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(titles));
    let cells = |line: &str| line.split(delimiter).map(str::to_owned).collect();
    lines.map(cells).collect()
}

fn column(table: &[Vec<String>], at: usize) -> Vec<&str> {
    table.iter().map(|row| &*row[at]).collect()
}

#[test]
fn ids_stand_beside_picks_in_every_form() {
    let place = Place::new();
    let want = indices(&picks(&place, &["x.npy"], &["--method=norm"]));
    let names: Vec<String> = want.iter().map(|row| format!("row-{row}")).collect();
    for file in [
        "x.parquet#list",
        "x.arrow#fixed",
        "x.arrows#half",
        "parts",
        "zstd.arrow",
    ] {
        let with = |more: &str| {
            picks(
                &place,
                &[file],
                &["--method=norm", "--id-column=name", more],
            )
        };
        let text = table(&with("--quiet"), "index\tid", '\t');
        assert_eq!(column(&text, 1), names, "{file}");
        with("--out=s.csv");
        let csv = table(&place.text("s.csv"), "index,score,id", ',');
        assert_eq!(column(&csv, 2), names, "{file}");
        let record: Value = serde_json::from_str(&with("--json")).unwrap();
        assert_eq!(
            (&record["ids"], &record["picks"]),
            (&json!(names), &json!(want)),
            "{file}"
        );
        assert!(record.get("files").is_none());
    }
    let numbers = ["--method=norm", "--id-column=number", "--json"];
    for file in ["x.parquet#list", "x.arrow#list"] {
        let record: Value = serde_json::from_str(&picks(&place, &[file], &numbers)).unwrap();
        let want: Vec<usize> = want.iter().map(|row| 1000 + row).collect();
        assert_eq!(record["ids"], json!(want), "{file}");
    }
}

#[test]
fn files_and_rows_stand_beside_picks() {
    let place = Place::new();
    let with = |more: &str| {
        picks(
            &place,
            &["shards"],
            &["--method=norm", "--file-and-row", more],
        )
    };
    let path = |row: usize| match row {
        0..25 => (fixture("shards/x-1.npy"), row),
        25 => (fixture("shards/x-2.npy"), 0),
        _ => (fixture("shards/x-10.npy"), row - 26),
    };
    let text = table(&with("--quiet"), "index\tfile\tfile_row", '\t');
    let record: Value = serde_json::from_str(&with("--json")).unwrap();
    for (at, cells) in text.iter().enumerate() {
        let (file, row) = path(cells[0].parse().unwrap());
        assert_eq!(cells[1..], [file.display().to_string(), row.to_string()]);
        assert_eq!(record["files"][at], json!(file));
        assert_eq!(record["file_rows"][at], row);
    }
    assert_eq!(text.len(), 9);
}

/// What was written with more columns is read as a list of rows all the same.
#[test]
fn lists_with_ids_are_read_again() {
    let place = Place::new();
    let both = ["--method=random", "--id-column=name", "--file-and-row"];
    for out in ["s.csv", "s.txt", "s.json"] {
        let first = picks(
            &place,
            &["parts"],
            &[&both[..], &["--json", "--out", out]].concat(),
        );
        let first: Value = serde_json::from_str(&first).unwrap();
        let labelled = format!("--labelled={out}");
        let rest = picks(&place, &["parts"], &["--method=random", &labelled]);
        let picked = |row: &usize| first["picks"].as_array().unwrap().contains(&json!(row));
        assert!(!indices(&rest).iter().any(picked), "{out}");
    }
}

#[test]
fn ids_that_cannot_be_told() {
    let place = Place::new();
    let run = |names: &[&str], options: &[&str]| {
        let args = select(names, &[&["--method=sas"], options].concat());
        place.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    for (code, file, options, message) in [
        (
            1,
            "x.npy",
            &["--id-column=name"][..],
            "id-column: no columns found, a parquet or Arrow file",
        ),
        (
            1,
            "zstd.parquet",
            &["--id-column=id"],
            "id-column: no column \"id\" found, one of these expected: name, list",
        ),
        (
            1,
            "x.arrow#list",
            &["--id-column=half"],
            "one of text or of whole numbers expected",
        ),
        (
            2,
            "parts",
            &["--id-column=name", "--out=s.npy"],
            "--id-column: --out in .npy found",
        ),
        (
            2,
            "parts",
            &["--file-and-row", "--out=s.npy"],
            "--file-and-row: --out in .npy found",
        ),
        (
            2,
            "parts",
            &["--file-and-row", "--views=2"],
            "--file-and-row: --views found, none expected",
        ),
    ] {
        let output = run(&[file], options);
        assert_eq!(output.status.code(), Some(code), "{file} {options:?}");
        assert!(
            stderr(&output).contains(message),
            "{message}\n{}",
            stderr(&output)
        );
    }
}
