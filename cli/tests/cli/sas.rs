//! SAS and latent classes on the command line.

use crate::place::{Place, f32s, indices, matrix, npy, stderr};
use serde_json::{Value, json};

/// Six rows a class.
const CLASSES: &str = "0\n0\n0\n0\n0\n0\n7\n7\n7\n7\n7\n7\n";

fn place() -> Place {
    let place = Place::new();
    place.put("classes.txt", CLASSES.as_bytes());
    place
}

fn select<'a>(method: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let base = [
        "select",
        "x.npy",
        "--device=cpu",
        "--budget=6",
        "--method",
        method,
    ];
    [&base[..], more].concat()
}

fn record(place: &Place, method: &str, more: &[&str]) -> Value {
    let printed = place.done(&select(method, &[more, &["--json"]].concat()));
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn a_record_holds_classes_value_and_options() {
    let place = place();
    let record = record(
        &place,
        "sas",
        &["--classes=classes.txt", "--threshold=none"],
    );
    let want = json!({
        "classes": "given", "threshold": null, "similarity": "cosine", "objective": "cut",
        "refine": "top-up", "min_per_class": 0, "views": 1, "worst": false, "labelled": 0,
    });
    assert_eq!(record["options"], want);
    let classes = record["classes"].as_array().unwrap();
    let of = |key: &str| -> Vec<&Value> { classes.iter().map(|class| &class[key]).collect() };
    assert_eq!(of("class"), [0, 7]);
    assert_eq!(of("rows"), [6, 6]);
    assert_eq!(of("budget"), [3, 3]);
    assert_eq!(of("picks"), [3, 3]);
    // Without a threshold there is nothing to keep.
    assert_eq!(of("storage"), ["on-the-fly", "on-the-fly"]);
    let values: f64 = of("value")
        .iter()
        .map(|value| value.as_f64().unwrap())
        .sum();
    assert!((record["value"].as_f64().unwrap() - values).abs() < 1e-9);
    assert_eq!(record["picks"].as_array().unwrap().len(), 6);
}

#[test]
fn the_storage_is_told_and_changes_no_pick() {
    let place = place();
    let run = |storage: &str| {
        let output = place.run(&select("sas", &["--classes=classes.txt", storage]));
        (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr(&output),
        )
    };
    let (auto, notes) = run("--storage=auto");
    assert_eq!(indices(&auto).len(), 6, "{notes}");
    assert!(notes.contains("\nplan: 2 classes dense ("), "{notes}");
    assert!(
        notes.contains("2 classes (2 dense, 0 on the fly), F "),
        "{notes}"
    );
    let (free, notes) = run("--storage=on-the-fly");
    assert_eq!(free, auto);
    assert!(
        notes.contains("\nplan: 0 classes dense (0.0 MiB of similarities in all), 2 on the fly\n"),
        "{notes}"
    );
    assert!(
        notes.contains("2 classes (0 dense, 2 on the fly), F "),
        "{notes}"
    );
    assert_eq!(run("--storage=dense").0, auto);
}

/// Every option that a pick depends on reaches the selector.
#[test]
fn options_matter() {
    let place = place();
    let plain = place.done(&select("sas", &[]));
    for option in [
        &["--classes=classes.txt"][..],
        &["--threshold=0.9"],
        &["--similarity=dot"],
        &["--objective=row-sum"],
        &["--worst"],
        &["--views=2"],
        &["--clusters=2"],
    ] {
        assert_ne!(place.done(&select("sas", option)), plain, "{option:?}");
    }
    let kept = place.done(&select("sas", &["--refine=double-greedy"]));
    assert!(indices(&kept).len() <= 6);
}

#[test]
fn views_are_examples() {
    let place = place();
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=sas",
        "--views=3",
        "--budget=100%",
    ];
    let mut examples = indices(&place.done(&args));
    examples.sort_unstable();
    assert_eq!(examples, [0, 1, 2, 3]);
}

/// Lists of classes in every form, and pairs of row and class in every form.
#[test]
fn forms_of_classes() {
    let place = place();
    let want = place.done(&select("sas", &["--classes=classes.txt"]));
    let numbers: Vec<i64> = CLASSES.lines().map(|line| line.parse().unwrap()).collect();
    place.put("c.json", json!(numbers).to_string().as_bytes());
    place.put("c.csv", format!("class\n{CLASSES}").as_bytes());
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|n| (*n as i32).to_le_bytes())
        .collect();
    place.put("c.npy", &npy("<i4", false, "(12,)", &bytes));
    for file in ["c.json", "c.csv", "c.npy"] {
        let option = format!("--classes={file}");
        assert_eq!(place.done(&select("sas", &[&option])), want, "{file}");
    }

    place.put("f.csv", b"index,class\n0,3\n4,5\n9,3\n");
    let want = record(&place, "sas", &["--few-labels=f.csv"]);
    assert_eq!(want["options"]["classes"], "few-labels");
    place.put("f.txt", b"0 3\n4 5\n9 3\n");
    place.put("f.json", b"[[0, 3], [4, 5], [9, 3]]");
    let pairs =
        |order: [i64; 6]| -> Vec<u8> { order.iter().flat_map(|n| n.to_le_bytes()).collect() };
    place.put(
        "f.npy",
        &npy("<i8", false, "(3, 2)", &pairs([0, 3, 4, 5, 9, 3])),
    );
    place.put(
        "fortran.npy",
        &npy("<i8", true, "(3, 2)", &pairs([0, 4, 9, 3, 5, 3])),
    );
    for file in ["f.txt", "f.json", "f.npy", "fortran.npy"] {
        let option = format!("--few-labels={file}");
        assert_eq!(
            record(&place, "sas", &[&option])["picks"],
            want["picks"],
            "{file}"
        );
    }

    place.put(
        "p.npy",
        &npy(
            "<f4",
            false,
            "(2, 3)",
            &f32s(&[1.0, 0.0, 0.0, -1.0, 0.1, 0.0]),
        ),
    );
    let by_prompts = record(&place, "sas", &["--prompts=p.npy"]);
    assert_eq!(by_prompts["options"]["classes"], "prompts");
}

#[test]
fn random_and_norm_are_stratified() {
    let place = place();
    for method in ["random", "norm"] {
        let record = record(
            &place,
            method,
            &["--classes=classes.txt", "--min-per-class=2"],
        );
        assert_eq!(record["options"]["classes"], "given", "{method}");
        let picks: Vec<u64> = (record["picks"].as_array().unwrap().iter())
            .map(|p| p.as_u64().unwrap())
            .collect();
        assert!(picks[..3].iter().all(|&row| row < 6), "{method}: {picks:?}");
        assert!(
            picks[3..].iter().all(|&row| row >= 6),
            "{method}: {picks:?}"
        );
        assert!(record["value"].is_null(), "{method}");
        let plain = place.done(&select(method, &["--json"]));
        let plain: Value = serde_json::from_str(&plain).unwrap();
        assert!(plain.get("classes").is_none() && plain["options"].get("classes").is_none());
    }
}

#[test]
fn a_minimum_that_is_too_dear_is_dropped_aloud() {
    let place = place();
    let output = place.run(&select(
        "sas",
        &["--classes=classes.txt", "--min-per-class=4"],
    ));
    assert_eq!(indices(&String::from_utf8_lossy(&output.stdout)).len(), 6);
    assert!(
        stderr(&output).contains("min-per-class: dropped"),
        "{}",
        stderr(&output)
    );
}

#[test]
fn bad_options() {
    let place = place();
    for (method, more, message) in [
        (
            "norm",
            &["--threshold=0"][..],
            "--threshold: --method norm found, sas expected",
        ),
        (
            "norm",
            &["--worst"],
            "--worst: --method norm found, sas expected",
        ),
        (
            "max-norm",
            &["--clusters=2"],
            "--clusters: --method max-norm found, sas or random or norm",
        ),
        ("sas", &["--anti"], "--anti: --method sas found"),
        (
            "sas",
            &["--threshold=-0.5"],
            "threshold: -0.5 found, a finite number that is not negative",
        ),
        ("sas", &["--threshold=NaN"], "threshold: NaN found"),
        (
            "sas",
            &["--threshold=high"],
            "\"high\" found, a number or none expected",
        ),
        (
            "sas",
            &["--threshold=none", "--storage=dense"],
            "storage: dense found, auto or on-the-fly",
        ),
        (
            "sas",
            &["--views=5"],
            "views: 5 found, a divisor of the 12 rows expected",
        ),
        ("sas", &["--views=0"], "views: 0 found"),
        (
            "sas",
            &["--min-per-class=1"],
            "--min-per-class: no classes found",
        ),
        (
            "sas",
            &["--refine=none", "--objective=row-sum"],
            "--refine: --objective row-sum found",
        ),
        (
            "sas",
            &["--refine=none", "--worst"],
            "--refine: --worst found",
        ),
        ("sas", &["--clusters=0"], "clusters: 0 found"),
        ("sas", &["--clusters=13"], "clusters: 13 found"),
        (
            "sas",
            &["--clusters=2", "--classes=classes.txt"],
            "cannot be used with",
        ),
    ] {
        let error = place.fails(2, &select(method, more));
        assert!(error.contains(message), "{message}\n{error}");
    }
}

#[test]
fn bad_files() {
    let place = place();
    place.put("short.txt", b"0\n1\n");
    place.put("negative.txt", CLASSES.replace('7', "-7").as_bytes());
    place.put(
        "fraction.npy",
        &npy("<f4", false, "(12,)", &f32s(&[0.5; 12])),
    );
    place.put(
        "minus.npy",
        &npy("<i8", false, "(1,)", &(-3i64).to_le_bytes()),
    );
    place.put(
        "wide.npy",
        &npy("<i8", false, "(1, 1)", &3i64.to_le_bytes()),
    );
    place.put("one.csv", b"0,3\n1,3\n");
    place.put("twice.csv", b"0,3\n0,4\n");
    place.put("far.csv", b"0,3\n12,4\n");
    place.put("lone.csv", b"0\n");
    place.put("empty.csv", b"");
    place.put("narrow.npy", &npy("<f4", false, "(2, 2)", &f32s(&[1.0; 4])));
    place.put("null.npy", &npy("<f4", false, "(1, 3)", &f32s(&[0.0; 3])));
    for (option, message) in [
        (
            "--classes=short.txt",
            "short.txt: classes: 2 classes found, one for each of 12 rows",
        ),
        (
            "--classes=negative.txt",
            "negative.txt: classes: \"-7\" found on line 7, a class expected",
        ),
        (
            "--classes=fraction.npy",
            "fraction.npy: classes: float32 found, whole numbers expected",
        ),
        (
            "--classes=minus.npy",
            "minus.npy: classes: -3 found at position 0, a class expected",
        ),
        (
            "--classes=wide.npy",
            "wide.npy: classes: shape (1, 1) found, rank 1 expected",
        ),
        (
            "--classes=none.txt",
            "none.txt: classes: cannot open the file",
        ),
        (
            "--few-labels=one.csv",
            "one.csv: few-labels: class 3 alone found, rows of at least two",
        ),
        (
            "--few-labels=twice.csv",
            "twice.csv: few-labels: row 0 twice found",
        ),
        (
            "--few-labels=far.csv",
            "far.csv: few-labels: row 12 found, indices below 12 expected",
        ),
        (
            "--few-labels=lone.csv",
            "lone.csv: few-labels: 1 column found on line 1, 2 expected, or a title that names index or row, and label or class",
        ),
        (
            "--few-labels=empty.csv",
            "empty.csv: few-labels: no row found",
        ),
        (
            "--few-labels=wide.npy",
            "wide.npy: few-labels: shape (1, 1) found, rows of two",
        ),
        (
            "--prompts=narrow.npy",
            "narrow.npy: prompts: rows of 2 values found, 3 expected",
        ),
        (
            "--prompts=null.npy",
            "null.npy: prompts: zeros alone in row 0 found",
        ),
        (
            "--prompts=gone.npy",
            "gone.npy: prompts: cannot open the file",
        ),
    ] {
        let error = place.fails(1, &select("sas", &[option]));
        assert!(error.contains(message), "{message}\n{error}");
    }
    let mut values = matrix(12, 3);
    values[6..9].fill(0.0);
    place.put("x.npy", &npy("<f4", false, "(12, 3)", &f32s(&values)));
    let error = place.fails(1, &select("sas", &[]));
    assert!(
        error.contains("x.npy: features: row 2 is all zeros"),
        "{error}"
    );
    assert!(
        place
            .run(&select("sas", &["--similarity=dot"]))
            .status
            .success()
    );
}
