//! Near-duplicates on the command line.

use crate::place::{Place, f32s, f64s, indices, matrix, npy, stderr};
use coresift::{CpuPool, Duplicates, Features, Kept, Progress};
use serde_json::{Value, json};
use std::fs;
use std::ops::ControlFlow;

const THRESHOLD: f64 = 0.95;

/// Sixty rows about a few directions, two of them of zeros.
fn rows() -> Vec<f32> {
    let value = |at: usize| {
        let (row, column) = (at / 3, at % 3);
        let about = f32::from(u8::from(row % 4 == column));
        about + 0.3 * ((row * row * 7 + column * 13) % 17) as f32 / 17.0
    };
    let mut x: Vec<f32> = (0..60 * 3).map(value).collect();
    x[9 * 3..10 * 3].fill(0.0);
    x[31 * 3..32 * 3].fill(0.0);
    x
}

fn place() -> Place {
    let place = Place::new();
    place.put("y.npy", &npy("<f4", false, "(60, 3)", &f32s(&rows())));
    place.put("l.txt", b"50\n41\n");
    let priority: String = (0..60)
        .map(|row| format!("{row},{}\n", priority(row)))
        .collect();
    let titled = format!("index,priority\n{priority}");
    place.put("p.csv", titled.as_bytes());
    place
}

fn priority(row: usize) -> f64 {
    (row * 7 % 5) as f64 - 1.5
}

fn unheard(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn run<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let common = ["duplicates", "y.npy", "--threshold=0.95", "--device=cpu"];
    [&common[..], more].concat()
}

/// The rows and what is found of them by the library.
struct Found {
    kept: Kept,
    groups: Vec<usize>,
    pairs: Vec<[usize; 2]>,
}

fn found(x: &[f32], priority: &[f64], labelled: &[usize]) -> Found {
    let pool = CpuPool::new(Features::new(x, x.len() / 3, 3).unwrap());
    let duplicates = Duplicates {
        threshold: THRESHOLD,
    };
    let mut pairs = Vec::new();
    let mut take = |row, other| {
        pairs.push([row, other]);
        ControlFlow::Continue(())
    };
    duplicates.pairs(&pool, &mut unheard, &mut take).unwrap();
    let kept = duplicates.keep(&pool, priority, labelled, &mut unheard);
    Found {
        kept: kept.unwrap(),
        groups: duplicates.groups(&pool, &mut unheard).unwrap(),
        pairs,
    }
}

fn dropped(of: &[usize]) -> Vec<[usize; 2]> {
    let all = of.iter().enumerate().map(|(row, &of)| [row, of]);
    all.filter(|[row, of]| row != of).collect()
}

/// A table of two columns.
fn table<'a>(titles: &str, rows: impl IntoIterator<Item = &'a [usize; 2]>) -> String {
    let lines = rows.into_iter().map(|[a, b]| format!("{a},{b}\n"));
    format!("{titles}\n{}", lines.collect::<String>())
}

#[test]
fn every_form_has_what_the_library_finds() {
    let place = place();
    let Found {
        kept,
        groups,
        pairs,
    } = found(&rows(), &[], &[]);
    assert!(kept.kept.len() < 50 && groups[31] == 9 && pairs.contains(&[9, 31]));
    let lost = dropped(&kept.of);
    assert_eq!(indices(&place.done(&run(&[]))), kept.kept);
    let text = place.done(&run(&["--give=dropped"]));
    assert_eq!(
        indices(&text),
        lost.iter().map(|[row, _]| *row).collect::<Vec<_>>()
    );
    assert_eq!(indices(&place.done(&run(&["--give=groups"]))), groups);
    let text = place.done(&run(&["--give=pairs"]));
    assert_eq!(text.replace('\t', ","), table("index,other", &pairs));

    let of_row: Vec<_> = groups
        .iter()
        .enumerate()
        .map(|(row, &of)| [row, of])
        .collect();
    for (give, want) in [
        ("dropped", table("index,of", &lost)),
        ("groups", table("index,group", &of_row)),
        ("pairs", table("index,other", &pairs)),
    ] {
        let give = format!("--give={give}");
        assert_eq!(place.done(&run(&[&give, "--out=f.csv"])), "");
        assert_eq!(place.text("f.csv"), want);
    }
    place.done(&run(&["--out=f.csv"]));
    let text = place.text("f.csv");
    assert_eq!(indices(text.strip_prefix("index\n").unwrap()), kept.kept);
    for (give, shape, first) in [
        ("kept", vec![kept.kept.len() as u64], kept.kept[0]),
        ("dropped", vec![lost.len() as u64], lost[0][0]),
        ("groups", vec![60], 0),
        ("pairs", vec![pairs.len() as u64, 2], pairs[0][0]),
    ] {
        place.done(&run(&["--give", give, "--out=f.npy"]));
        let bytes = fs::read(place.path("f.npy")).unwrap();
        let array = npyz::NpyFile::new(&bytes[..]).unwrap();
        assert_eq!(array.shape(), shape, "{give}");
        let numbers: Vec<i64> = array.into_vec().unwrap();
        assert_eq!(numbers[0], first as i64, "{give}");
    }
}

#[test]
fn records_say_what_was_asked_and_found() {
    let place = place();
    let Found {
        kept,
        groups,
        pairs,
    } = found(&rows(), &[], &[]);
    let record = |give: &str| -> Value {
        let text = place.done(&run(&["--json", "--give", give]));
        serde_json::from_str(&text).unwrap()
    };
    let lost = dropped(&kept.of);
    let (rows, of): (Vec<_>, Vec<_>) = lost.iter().map(|&[row, of]| (row, of)).unzip();
    for give in ["kept", "dropped"] {
        let record = record(give);
        assert_eq!(record["kept"], json!(kept.kept));
        assert_eq!(
            (&record["dropped"], &record["of"]),
            (&json!(rows), &json!(of))
        );
        assert_eq!(
            (&record["give"], &record["threshold"]),
            (&json!(give), &json!(0.95))
        );
        assert_eq!((&record["rows"], &record["dim"]), (&json!(60), &json!(3)));
        assert_eq!(record["device"], "cpu");
    }
    assert_eq!(record("groups")["groups"], json!(groups));
    let of_pairs = record("pairs");
    assert_eq!(
        (&of_pairs["pairs"], &of_pairs["rows"]),
        (&json!(pairs), &json!(60))
    );
    let said = stderr(&place.run(&run(&[])));
    let words = format!(
        "duplicates: {} kept of 60 rows x 3 at a cosine of 0.95, ",
        kept.kept.len()
    );
    assert!(said.contains(&words), "{said}");
}

#[test]
fn priorities_and_labelled_rows_say_what_is_kept() {
    let place = place();
    let priorities: Vec<f64> = (0..60).map(priority).collect();
    let bytes = npy("<f8", false, "(60,)", &f64s(&priorities));
    place.put("p.npy", &bytes);
    place.put("p.json", json!(priorities).to_string().as_bytes());
    let want = found(&rows(), &priorities, &[50, 41]).kept;
    for list in ["p.csv", "p.npy", "p.json"] {
        let priority = format!("--priority={list}");
        let more = [&*priority, "--labelled=l.txt", "--json"];
        let record: Value = serde_json::from_str(&place.done(&run(&more))).unwrap();
        assert_eq!(record["kept"], json!(want.kept), "{list}");
        let lost = dropped(&want.of);
        let of: Vec<usize> = lost.iter().map(|[_, of]| *of).collect();
        assert_eq!(record["of"], json!(of), "{list}");
    }
    assert_ne!(want, found(&rows(), &[], &[50, 41]).kept);
}

/// Rows that are left out keep their numbers, and stand alone; what is dropped can be left out in turn.
#[test]
fn rows_left_out_count_for_nothing() {
    let place = place();
    let mut x = rows();
    x[20 * 3] = f32::NAN;
    place.put("y.npy", &npy("<f4", false, "(60, 3)", &f32s(&x)));
    place.put("e.txt", b"0\n9\n");
    let out = [0, 9, 20];
    let numbers: Vec<usize> = (0..60).filter(|row| !out.contains(row)).collect();
    let left: Vec<f32> = numbers
        .iter()
        .flat_map(|row| x[row * 3..][..3].to_vec())
        .collect();
    let priorities: Vec<f64> = numbers.iter().map(|&row| priority(row)).collect();
    let labelled = [50, 41].map(|row| numbers.binary_search(&row).unwrap());
    let left_out = ["--exclude=e.txt", "--skip-invalid"];
    let want = found(&left, &priorities, &labelled).kept;
    let named = |row: &usize| numbers[*row];
    let more = [&left_out[..], &["--priority=p.csv", "--labelled=l.txt"]].concat();
    let kept: Vec<usize> = want.kept.iter().map(named).collect();
    assert_eq!(indices(&place.done(&run(&more))), kept);
    let Found { groups, pairs, .. } = found(&left, &[], &[]);
    let mut all: Vec<usize> = (0..60).collect();
    for (row, group) in groups.iter().enumerate() {
        all[numbers[row]] = numbers[*group];
    }
    let got = place.done(&run(&[&left_out[..], &["--give=groups"]].concat()));
    assert_eq!(indices(&got), all);
    let pairs: Vec<[usize; 2]> = pairs
        .iter()
        .map(|pair| pair.map(|row| numbers[row]))
        .collect();
    let got = place.done(&run(&[&left_out[..], &["--give=pairs"]].concat()));
    assert_eq!(got.replace('\t', ","), table("index,other", &pairs));

    place.done(&run(&["--skip-invalid", "--give=dropped", "--out=d.csv"]));
    let again = run(&["--skip-invalid", "--exclude=d.csv", "--give=dropped"]);
    assert_eq!(place.done(&again), "");
}

/// In memory that holds neither all rows nor all pairs.
#[test]
fn a_bound_on_memory_changes_no_answer() {
    let place = place();
    for give in ["kept", "groups"] {
        let want = place.done(&run(&["--give", give]));
        let bounded = place.done(&run(&["--give", give, "--memory=100B"]));
        assert_eq!(bounded, want, "{give}");
    }
    let error = place.fails(1, &run(&["--give=pairs", "--memory=100B"]));
    let expected = "pairs: more than 1 found, at most as many expected, which --memory holds";
    assert!(error.contains(expected), "{error}");
}

#[test]
fn bad_lists_are_named() {
    let place = place();
    place.put("short.txt", b"1\n2\n");
    place.put("nan.txt", "nan\n".repeat(60).as_bytes());
    place.put("far.txt", b"60\n");
    place.put("twice.txt", b"7\n7\n");
    place.put("e.txt", b"3\n");
    for (more, expected) in [
        (
            vec!["--priority=short.txt"],
            "short.txt: priority: 2 numbers found, one for each of 60 rows expected",
        ),
        (
            vec!["--priority=nan.txt"],
            "nan.txt: priority: NaN for row 0 found, finite numbers expected",
        ),
        (
            vec!["--labelled=far.txt"],
            "far.txt: labelled: row 60 found, indices below 60 expected",
        ),
        (vec!["--labelled=twice.txt"], "labelled: row 7 found twice"),
        (
            vec!["--labelled=twice.txt", "--exclude=e.txt"],
            "labelled: row 7 found twice",
        ),
        (
            vec!["--labelled=e.txt", "--exclude=e.txt"],
            "e.txt: labelled: row 3, which is left out, found",
        ),
        (
            vec!["--exclude=far.txt"],
            "far.txt: exclude: row 60 found, indices below 60 expected",
        ),
    ] {
        let error = place.fails(1, &run(&more));
        assert!(error.contains(expected), "{expected}\n{error}");
    }
}

#[test]
fn bad_options_are_named() {
    let place = place();
    for (code, more, expected) in [
        (
            2,
            vec!["--give=groups", "--priority=p.csv"],
            "--priority: --give groups found, kept or dropped expected",
        ),
        (
            2,
            vec!["--give=pairs", "--labelled=l.txt"],
            "--labelled: --give pairs found, kept or dropped expected",
        ),
        (
            2,
            vec!["--device-memory=1GiB"],
            "--device-memory: --device cpu found, a GPU expected",
        ),
        (
            1,
            vec!["--out=y.npy"],
            "y.npy: out: the same file as features (y.npy) found, one of its own expected",
        ),
        (
            1,
            vec!["--out=p.csv", "--priority=p.csv"],
            "p.csv: out: the same file as priority (p.csv) found",
        ),
    ] {
        let error = place.fails(code, &run(&more));
        assert!(error.contains(expected), "{expected}\n{error}");
    }
    for threshold in ["0", "-0.5", "1.01", "nan", "much"] {
        let option = format!("--threshold={threshold}");
        let error = place.fails(2, &["duplicates", "y.npy", &option]);
        let expected = format!("{threshold:?} found, a cosine above 0 and at most 1 expected");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn the_examples_of_the_help_run() {
    let place = place();
    let values = f32s(&matrix(400, 5));
    place.put("features.npy", &npy("<f4", false, "(400, 5)", &values));
    let help = place.done(&["duplicates", "--help"]).replace("\\\n", "");
    let examples = help
        .lines()
        .filter_map(|line| line.strip_prefix("    coresift "));
    let printed: Vec<usize> = examples
        .map(|example| {
            let args: Vec<&str> = example.split_whitespace().collect();
            place.done(&args).lines().count()
        })
        .collect();
    assert_eq!(printed, [0, 0, 10]);
}
