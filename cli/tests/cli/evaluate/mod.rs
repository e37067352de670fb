//! What selections are worth, on the command line.

mod bad;

use crate::place::{Place, f32s, indices, npy, stderr};
use coresift::evaluate::{Evaluation, NormStatistics, TestRows, norms};
use coresift::{CpuPool, Features, Metric};
use serde_json::{Value, json};

/// Two bags at the left, three shoes at the right, of which the last is nearer to the bags.
const X: [f32; 10] = [0.0, 1.0, 1.0, 1.0, 9.0, 1.0, 10.0, 1.0, 4.0, 1.0];
const LABELS: &str = "bag\nbag\nshoe\nshoe\nshoe\n";

fn place() -> Place {
    let place = Place::new();
    place.put("y.npy", &npy("<f4", false, "(5, 2)", &f32s(&X)));
    place.put("l.txt", LABELS.as_bytes());
    place.put("p.txt", b"0\n3\n");
    place
}

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["evaluate", "y.npy", "--device=cpu"][..], more].concat()
}

fn record(place: &Place, more: &[&str]) -> Value {
    let text = place.done(&[&run(more)[..], &["--json"]].concat());
    let record: Value = serde_json::from_str(&text).unwrap();
    let schema = include_str!("../../../src/evaluate/evaluate.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let wrong = schema.iter_errors(&record).next();
    assert!(wrong.is_none(), "{wrong:?}\n{record}");
    record
}

fn near(found: &Value, want: f64) {
    let found = found.as_f64().unwrap();
    assert!((found - want).abs() < 1e-12, "{found}, {want}");
}

#[test]
fn measures_worked_out_by_hand() {
    let place = place();
    let more = [
        "--picks=p.txt",
        "--labels=l.txt",
        "--classes=l.txt",
        "--delta=0.5",
    ];
    let record = record(&place, &more);
    assert_eq!(record["labels"], json!(["bag", "shoe"]));
    assert_eq!(record["classes"], json!(["bag", "shoe"]));
    assert_eq!((&record["rows"], &record["dim"]), (&json!(5), &json!(2)));
    let found = &record["selections"][0];
    assert_eq!(
        (&found["file"], &found["picks"]),
        (&json!("p.txt"), &json!(2))
    );
    let coverage = json!({ "picked": 2, "present": 2, "share": 1.0 });
    assert_eq!(found["class_coverage"], coverage);
    // Of the rows that are not picked the last is nearer to the bag.
    near(&found["nearest_accuracy"], 2.0 / 3.0);
    // The picks span the plane.
    near(&found["energy_kept"], 1.0);
    // Variances 50 and 49/3 about 5 and 14/3.
    let apart = 50f64.sqrt() - (49f64 / 3.0).sqrt();
    near(&found["fid"]["distance"], 1.0 / 9.0 + apart * apart);
    assert_eq!(found["fid"]["rank"], 1);
    // At length 1 the second row is 0.67 from the fourth, which covers the third and the last.
    near(&found["cover"], 0.8);
    let latent = &found["latent"];
    assert_eq!(latent["without_picks"], 0);
    // The bags are at 45 degrees: one is the pick.
    let chord = 2.0 * (std::f64::consts::PI / 8.0).sin();
    near(&latent["classes"][0]["errors"]["alignment"], chord / 2.0);
    near(&latent["classes"][0]["errors"]["centre"], chord / 2.0);
    near(&latent["divergence"], 1.0 / 101f64.sqrt());
    assert_eq!(
        latent["divergences"][0],
        json!([0, 1, latent["divergence"]])
    );
    near(&found["norms"]["mean"], (1.0 + 101f64.sqrt()) / 2.0);
    assert_eq!(found["left_out"], json!([]));
}

/// A place with digits, their labels, and one selection of them in every form.
fn with_digits() -> Place {
    let place = Place::new();
    place.put("d.npy", &digits());
    let labels = std::fs::read(example("digits_labels.npy")).unwrap();
    place.put("l.npy", &labels);
    for out in ["p.npy", "p.json", "p.csv", "q.txt"] {
        let select = [
            "select",
            "d.npy",
            "--device=cpu",
            "--method=norm",
            "--budget=40",
        ];
        place.done(&[&select[..], &["--quiet", "--out", out]].concat());
    }
    place
}

/// What is found of all of them.
fn selections(place: &Place, more: &[&str]) -> Vec<Value> {
    let common = [
        "evaluate",
        "d.npy",
        "--labels=l.npy",
        "--classes=l.npy",
        "--delta=0.4",
    ];
    let picks = [
        "--picks=p.npy",
        "--picks=p.json",
        "--picks=p.csv",
        "--picks=q.txt",
    ];
    let args = [&common[..], &picks, &["--fid-ridge=2", "--json"], more].concat();
    let record: Value = serde_json::from_str(&place.done(&args)).unwrap();
    record["selections"].as_array().unwrap().clone()
}

/// To the bit.
#[test]
fn every_measure_is_what_the_library_finds() {
    let place = with_digits();
    let found = selections(&place, &["--device=cpu"]).swap_remove(0);
    let picks = indices(&place.text("q.txt"));
    let x: Vec<f32> = npyz::NpyFile::new(&digits()[..])
        .unwrap()
        .into_vec()
        .unwrap();
    let pool = CpuPool::new(Features::new(&x, x.len() / 64, 64).unwrap());
    let labels = std::fs::read(place.path("l.npy")).unwrap();
    let labels: Vec<i32> = npyz::NpyFile::new(&labels[..]).unwrap().into_vec().unwrap();
    let labels: Vec<u32> = labels.into_iter().map(|label| label as u32).collect();
    let evaluation = Evaluation::new(&pool, &picks).unwrap();
    let nearest = evaluation.nearest_accuracy(&labels, TestRows::Unpicked, Metric::Euclidean);
    let probe = evaluation.probe_accuracy(&labels, TestRows::Unpicked);
    let norms = norms(&pool).unwrap();
    let of_picks: Vec<f64> = picks.iter().map(|&row| norms[row]).collect();
    let of_picks = NormStatistics::of(&of_picks).unwrap();
    let value: f64 = evaluation.cut_values(&labels).unwrap().iter().sum();
    for (path, want) in [
        ("/nearest_accuracy", nearest.unwrap()),
        ("/probe_accuracy", probe.unwrap()),
        ("/energy_kept", evaluation.energy_kept().unwrap()),
        ("/cover", evaluation.cover(0.4).unwrap()),
        ("/fid/distance", evaluation.frechet(0.0).unwrap().distance),
        (
            "/fid_with_ridge/distance",
            evaluation.frechet(2.0).unwrap().distance,
        ),
        ("/sas_value/value", value),
        ("/norms/mean", of_picks.mean),
        ("/norms/quantiles/3", of_picks.quantiles[3]),
    ] {
        assert_eq!(found.pointer(path), Some(&json!(want)), "{path}");
    }
}

#[test]
fn every_form_and_place_gives_the_same() {
    let place = with_digits();
    let mut want = selections(&place, &["--device=cpu", "--threads=1"]);
    assert_eq!(selections(&place, &["--device=cpu", "--threads=2"]), want);
    assert_eq!(
        selections(&place, &["--device=cpu", "--memory=100KiB"]),
        want
    );
    #[cfg(feature = "gpu")]
    assert_eq!(selections(&place, &["--device=llvmpipe"]), want);
    want.iter_mut()
        .for_each(|found| found["file"] = Value::Null);
    assert_eq!(want.len(), 4);
    assert!(want.iter().all(|other| *other == want[0]));
}

pub(crate) fn example(name: &str) -> std::path::PathBuf {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/");
    std::path::Path::new(root).join(name)
}

pub(crate) fn digits() -> Vec<u8> {
    std::fs::read(example("digits.npy")).unwrap()
}

fn accuracy(place: &Place, labels: &str) -> Value {
    let labels = format!("--labels={labels}");
    let record = record(place, &["--picks=p.txt", &labels]);
    record["selections"][0]["nearest_accuracy"].clone()
}

#[test]
fn labels_are_numbers_or_names_in_every_form() {
    let place = place();
    let numbers = |of: [i64; 5]| of.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>();
    let numbers = numbers([-1, -1, 7, 7, 7]);
    place.put("l.npy", &npy("<i8", false, "(5,)", &numbers));
    for (list, text) in [
        ("l.json", r#"["bag", "bag", "a shoe", "a shoe", "a shoe"]"#),
        ("m.json", "[5, 5, 3, 3, 3]"),
        (
            "l.csv",
            "index,label\n4,a shoe\n2,a shoe\n0,bag\n1,bag\n3,a shoe\n",
        ),
        (
            "m.csv",
            "label\n\"bag, red\"\n\"bag, red\"\nshoe\nshoe\nshoe\n",
        ),
        ("n.csv", ",label\n0,bag\n1,bag\n2,shoe\n3,shoe\n4,shoe\n"),
        ("m.txt", "red bag\nred bag\na shoe\na shoe\na shoe\n"),
        (
            "n.txt",
            "label index\nbag 1\nbag 0\nshoe 4\nshoe 3\nshoe 2\n",
        ),
    ] {
        place.put(list, text.as_bytes());
        near(&accuracy(&place, list), 2.0 / 3.0);
    }
    near(&accuracy(&place, "l.npy"), 2.0 / 3.0);
}

#[test]
fn rows_to_test_on() {
    let place = place();
    let rows = f32s(&[8.0, 1.0, 2.0, 1.0, 6.0, 1.0]);
    place.put("t.npy", &npy("<f4", false, "(3, 2)", &rows));
    place.put("tl.txt", b"shoe\nbag\nhat\n");
    let test = [
        "--labels=l.txt",
        "--test-features=t.npy",
        "--test-labels=tl.txt",
    ];
    let record = record(&place, &[&["--picks=p.txt"], &test[..]].concat());
    near(&record["selections"][0]["nearest_accuracy"], 2.0 / 3.0);
    assert_eq!(record["labels"], json!(["bag", "hat", "shoe"]));
    assert_eq!(record["test_rows"], 3);
    // Where all are picked there are rows to test on still, and none to hold the picks against.
    place.put("all.txt", b"0\n1\n2\n3\n4\n");
    let output = place.run(&run(&[&["--picks=all.txt"], &test[..]].concat()));
    let reason =
        "left out: fid of all.txt (picks: 5 of 5 rows found, at least 2 rows that are not picked";
    assert!(stderr(&output).contains(reason), "{}", stderr(&output));
}

#[test]
fn tables_have_a_row_a_selection_and_a_column_a_measure() {
    let place = place();
    place.put("one.csv", b"index,score\n2,0.5\n");
    let picks = ["--picks=p.txt", "--picks=one.csv", "--labels=l.txt"];
    let text = place.done(&run(&picks));
    let lines: Vec<Vec<&str>> = text
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(
        lines[0],
        [
            "selection",
            "picks",
            "classes",
            "of",
            "1-NN",
            "probe",
            "FID",
            "rank",
            "energy",
            "norm",
            "+-"
        ]
    );
    assert_eq!(lines[1][..6], ["p.txt", "2", "2", "2", "66.7", "%"]);
    assert_eq!(lines[2][..6], ["one.csv", "1", "1", "2", "50.0", "%"]);
    assert!(lines[2].contains(&"-"), "{text}");
    let output = place.run(&run(&picks));
    let reason = "left out: fid of one.csv (picks: 1 found, at least 2, for a covariance of theirs expected)";
    assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    assert!(stderr(&output).contains("evaluate: 2 selections of 5 rows x 2, "));
    assert_eq!(
        place.done(&run(&[&picks[..], &["--out=w.csv"]].concat())),
        ""
    );
    let table = place.text("w.csv");
    let titles: Vec<&str> = table.lines().next().unwrap().split(',').collect();
    let one: Vec<&str> = table.lines().nth(2).unwrap().split(',').collect();
    assert_eq!(titles.len(), one.len());
    let at = |title: &str| one[titles.iter().position(|t| *t == title).unwrap()];
    assert_eq!(
        (at("selection"), at("fid"), at("nearest_accuracy")),
        ("one.csv", "", "0.5")
    );
    near(
        &json!(at("norm_mean").parse::<f64>().unwrap()),
        82f64.sqrt(),
    );
    place.done(&run(&[&picks[..], &["--out=w.txt"]].concat()));
    assert_eq!(place.text("w.txt"), text);
    place.done(&run(&[&picks[..], &["--out=w.json"]].concat()));
    let written: Value = serde_json::from_str(&place.text("w.json")).unwrap();
    assert_eq!(written, record(&place, &picks));
}

/// Rows that are left out count for nothing, and the others keep their numbers.
#[test]
fn rows_left_out() {
    let place = place();
    let want = record(&place, &["--picks=p.txt", "--labels=l.txt"]);
    let mut more = vec![f32::NAN, 0.0];
    more.extend(X);
    more.extend([5.0, 5.0]);
    place.put("y.npy", &npy("<f4", false, "(7, 2)", &f32s(&more)));
    place.put("l.txt", format!("bag\n{LABELS}hat\n").as_bytes());
    place.put("p.txt", b"1\n4\n");
    place.put("e.txt", b"6\n");
    let more = [
        "--picks=p.txt",
        "--labels=l.txt",
        "--skip-invalid",
        "--exclude=e.txt",
    ];
    let found = record(&place, &more);
    assert_eq!(found["selections"], want["selections"]);
    assert_eq!(
        (&found["excluded"], &found["skipped"]),
        (&json!(1), &json!([0]))
    );
    place.put("p.txt", b"1\n6\n");
    let error = place.fails(1, &run(&more));
    assert!(
        error.contains("p.txt: picks: row 6, which is left out, found"),
        "{error}"
    );
}

#[test]
fn the_examples_of_the_help_run() {
    let place = Place::new();
    place.put("features.npy", &digits());
    place.put(
        "labels.npy",
        &std::fs::read(example("digits_labels.npy")).unwrap(),
    );
    for (list, seed) in [("a.csv", "1"), ("b.csv", "2")] {
        let args = ["select", "features.npy", "--method=random", "--budget=30"];
        place.done(&[&args[..], &["--seed", seed, "--out", list]].concat());
    }
    let help = place.done(&["evaluate", "--help"]).replace("\\\n", "");
    let examples = help
        .lines()
        .filter_map(|line| line.strip_prefix("    coresift "));
    let printed: Vec<usize> = examples
        .map(|example| {
            let args: Vec<&str> = example.split_whitespace().collect();
            place.done(&args).lines().count()
        })
        .collect();
    assert_eq!(printed, [3, 0]);
}

#[test]
fn a_page_has_the_measures_and_what_is_missing() {
    let place = place();
    place.put("one.txt", b"2\n");
    let more = ["--picks=p.txt", "--picks=one.txt", "--labels=l.txt"];
    let alone = place.done(&run(&more));
    let with = place.done(&[&run(&more)[..], &["--report=w.html"]].concat());
    assert_eq!(alone, with);
    let page = place.text("w.html");
    for words in [
        "<h1>What 2 selections are worth</h1>",
        "p.txt (2)",
        "one.txt (1)",
        "<h3>1-NN</h3>",
        "66.7",
        "one.txt: no fid: ",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("NaN") && !page.contains("<h3>cover</h3>"));
    place.put("f.html", &npy("<f4", false, "(5, 2)", &f32s(&X)));
    let over = ["evaluate", "f.html", "--picks=p.txt", "--report=./f.html"];
    let error = place.fails(1, &over);
    let said = "error: ./f.html: report: the same file as features (f.html) found";
    assert!(error.contains(said), "{error}");
    assert_eq!(place.done(&run(&more)), alone);
}
