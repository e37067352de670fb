//! Reports in their file: kept, read again, refused.

use crate::by_hand::{cpu, gpu, json, named, report};
use coresift::Error;
use coresift_cli::bench::plot;
use coresift_cli::bench::report::{load, save};
use serde_json::Value;
use std::fs;

#[test]
fn a_saved_report_is_read_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.json");
    for written in [report(vec![gpu(), cpu()]), report(vec![])] {
        save(&written, &path).unwrap();
        assert_eq!(load(&path).unwrap(), written);
    }
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        1,
        "a file besides"
    );
}

/// What `load` says of a file with these contents, after its name.
pub(crate) fn refusal(contents: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.json");
    fs::write(&path, contents).unwrap();
    let error = load(&path).unwrap_err();
    assert!(matches!(error, Error::Report { .. }), "{error:?}");
    let words = error.to_string();
    let name = format!("{}: ", path.display());
    words
        .strip_prefix(&name)
        .unwrap_or_else(|| panic!("{words}: no file"))
        .to_owned()
}

#[test]
fn what_is_no_report_is_refused_by_name() {
    let good = json(&report(vec![gpu()]));
    let expected = r#" found, a report of schema "coresift-bench/1" expected"#;
    let mut newer = good.clone();
    newer["schema"] = "coresift-bench/2".into();
    newer["cards"] = newer["adapters"].take();
    let told = refusal(&newer.to_string());
    assert_eq!(told, format!(r#"schema "coresift-bench/2"{expected}"#));
    for (contents, found) in [
        ("", "no report (EOF"),
        ("[1, 2]", "no report (invalid type"),
        (r#"{"picks": [1]}"#, "no report (missing field `schema`"),
        (
            r#"{"schema": "coresift-bench/1"}"#,
            "no report (missing field `crate_version`",
        ),
    ] {
        let told = refusal(contents);
        assert!(
            told.starts_with(found) && told.ends_with(expected),
            "{contents}: {told}"
        );
    }
    let mut empty = good.clone();
    empty["adapters"][0]["kernels"][0]["samples"]["seconds"] = Value::Array(vec![]);
    assert!(refusal(&empty.to_string()).contains("there is no sample"));
    empty["adapters"][0]["kernels"][0]["samples"]["seconds"] = vec![0.5; 1001].into();
    let told = refusal(&empty.to_string());
    assert!(
        told.contains("invalid length 1001, expected 1 to 1000 samples"),
        "{told}"
    );
    let mut negative = good;
    negative["adapters"][0]["kernels"][0]["bytes"] = (-1.0).into();
    assert!(refusal(&negative.to_string()).contains("-1 is negative"));
}

#[test]
fn files_that_the_system_keeps_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none").join("r.json");
    let error = load(&path).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{}: cannot open the file: ", path.display())),
        "{error}"
    );
    let told = format!("{}: cannot write the file: ", path.display());
    let error = save(&report(vec![]), &path).unwrap_err().to_string();
    assert!(error.starts_with(&told), "{error}");
    let error = plot::draw(&[named("a", vec![gpu()])], &path)
        .unwrap_err()
        .to_string();
    assert!(error.starts_with(&told), "{error}");
}

#[test]
fn a_report_that_could_not_be_read_again_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.json");
    let mut broken = report(vec![gpu()]);
    broken.adapters[0].kernels[0].least_seconds = f64::NAN;
    assert!(matches!(save(&broken, &path), Err(Error::Report { .. })));
    assert!(!path.exists());
}
