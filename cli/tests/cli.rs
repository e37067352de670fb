//! Runs the binary: every form of input and output, and every bad input by its message.

#[path = "cli/bad_input.rs"]
mod bad_input;
#[path = "cli/bench.rs"]
mod bench;
#[path = "cli/devices.rs"]
mod devices;
#[path = "cli/inputs.rs"]
mod inputs;
#[path = "cli/lists.rs"]
mod lists;
#[cfg(unix)]
#[path = "cli/outputs.rs"]
mod outputs;
#[path = "cli/place.rs"]
mod place;
#[path = "cli/probcover.rs"]
mod probcover;
#[path = "cli/sas.rs"]
mod sas;
#[cfg(unix)]
#[path = "cli/system.rs"]
mod system;
#[path = "cli/then.rs"]
mod then;
#[path = "cli/threads.rs"]
mod threads;
#[path = "cli/typiclust.rs"]
mod typiclust;
#[path = "cli/values.rs"]
mod values;

use place::{Place, RANDOM, SHAPE, f32s, indices, matrix, npy, stderr, transposed};
use serde_json::Value;
use std::fs;

#[test]
fn help_and_version() {
    let place = Place::new();
    assert!(place.done(&["--version"]).starts_with("coresift 0."));
    let help = place.done(&["select", "--help"]);
    for option in [
        "--method",
        "--budget",
        "--labelled",
        "--on-exhaustion",
        "--device",
        "--out",
    ] {
        assert!(help.contains(option), "{help}");
    }
    assert_eq!(place.run(&[]).status.code(), Some(2));
}

#[test]
fn the_examples_of_the_help_run() {
    let place = Place::new();
    let (rows, dim) = (400, 5);
    let values = f32s(&matrix(rows, dim));
    place.put("features.npy", &npy("<f4", false, "(400, 5)", &values));
    let labels: Vec<u8> = (0..rows).map(|row| (row % 4) as u8).collect();
    place.put("labels.npy", &npy("|u1", false, "(400,)", &labels));
    let help = place.done(&["select", "--help"]).replace("\\\n", "");
    let examples: Vec<&str> = help
        .lines()
        .filter_map(|line| line.strip_prefix("    coresift "))
        .collect();
    let printed: Vec<usize> = examples
        .iter()
        .map(|example| {
            let args: Vec<&str> = example.split_whitespace().collect();
            place.done(&args).lines().count()
        })
        .collect();
    assert_eq!(printed, [10, 0, 0], "{examples:?}");
    assert_eq!(place.text("keep.csv").lines().count(), 1 + rows / 5);
    let more = fs::read(place.path("more.npy")).unwrap();
    assert_eq!(npyz::NpyFile::new(&more[..]).unwrap().shape(), [50]);
}

#[test]
fn picks_are_printed_and_the_summary_is_not_among_them() {
    let place = Place::new();
    let output = place.run(&RANDOM);
    let picks = indices(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(picks.len(), 5);
    assert!(picks.iter().all(|&row| row < SHAPE.0));
    let notes = stderr(&output);
    assert!(notes.contains("device: cpu\n"), "{notes}");
    assert!(
        notes.contains("random: 5 picks of 12 rows x 3, 0 passes, "),
        "{notes}"
    );
    let quiet = place.run(&[&RANDOM[..], &["--quiet"]].concat());
    assert_eq!(stderr(&quiet), "");
    assert_eq!(quiet.stdout, output.stdout);
}

#[test]
fn same_seed_same_picks() {
    let place = Place::new();
    for method in ["random", "norm", "max-norm", "gram-schmidt", "typiclust"] {
        let method = format!("--method={method}");
        let run = |seed: &str| {
            let seed = format!("--seed={seed}");
            let args = [
                "select",
                "x.npy",
                "--device=cpu",
                &method,
                "--budget=50%",
                &seed,
            ];
            place.done(&args)
        };
        assert_eq!(run("3"), run("3"), "{method}");
        assert_eq!(indices(&run("4")).len(), 6, "{method}");
    }
}

#[test]
fn budgets() {
    let place = Place::new();
    let picks = |budget: &str| {
        let budget = format!("--budget={budget}");
        let args = [
            "select",
            "x.npy",
            "--device=cpu",
            "--method=random",
            &budget,
        ];
        indices(&place.done(&args)).len()
    };
    assert_eq!(
        ["0", "12", "25%", "1%", "99.9%", "100%"].map(picks),
        [0, 12, 3, 1, 11, 12]
    );
}

#[test]
fn one_row_of_one_value() {
    let place = Place::new();
    place.put("one.npy", &npy("<f4", false, "(1, 1)", &f32s(&[2.0])));
    for method in ["random", "norm", "max-norm", "gram-schmidt", "typiclust"] {
        let args = [
            "select",
            "one.npy",
            "--device=cpu",
            "--budget=1",
            &format!("--method={method}"),
        ];
        assert_eq!(place.done(&args), "0\n", "{method}");
    }
}

#[test]
fn rows_of_zeros_fall_short_of_the_budget() {
    let place = Place::new();
    place.put(
        "zero.npy",
        &npy("<f4", false, "(3, 1)", &f32s(&[0.0, 2.0, 0.0])),
    );
    let args = [
        "select",
        "zero.npy",
        "--device=cpu",
        "--method=norm",
        "--budget=3",
    ];
    let output = place.run(&args);
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n");
    let expected = "2 short of the budget: no row of positive weight is left";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
}

/// Every type, byte order and memory order of one matrix leads to the same picks and scores.
#[test]
fn every_encoding_reads_alike() {
    let place = Place::new();
    // More rows and values than are converted at a time, and no multiple of the block sizes.
    let (rows, dim) = (9001, 37);
    let c = matrix(rows, dim);
    let shape = format!("({rows}, {dim})");
    let args = [
        "--device=cpu",
        "--method=max-norm",
        "--norm=l1",
        "--budget=100%",
        "--out=y.csv",
    ];
    let read = |descr: &str, fortran: bool| {
        let values = if fortran {
            transposed(&c, dim)
        } else {
            c.clone()
        };
        place.put(
            "y.npy",
            &npy(descr, fortran, &shape, &encode(descr, &values)),
        );
        let output = place.run(&[&["select", "y.npy"], &args[..]].concat());
        assert!(output.status.success(), "{descr}: {}", stderr(&output));
        (place.text("y.csv"), stderr(&output))
    };
    let (want, notes) = read("<f4", false);
    assert!(!notes.contains("converted"), "{notes}");
    for (descr, fortran, note) in [
        (">f4", false, "converted: byte order\n"),
        ("<f4", true, "converted: Fortran to C order\n"),
        (">f4", true, "converted: byte order, Fortran to C order\n"),
        ("<f2", false, "converted: float16 to float32\n"),
        (
            ">f2",
            true,
            "converted: float16 to float32, Fortran to C order\n",
        ),
        ("<f8", false, "converted: float64 to float32\n"),
        (">f8", false, "converted: float64 to float32\n"),
        (
            "<f8",
            true,
            "converted: float64 to float32, Fortran to C order\n",
        ),
    ] {
        let (got, notes) = read(descr, fortran);
        assert!(got == want, "{descr} fortran {fortran}");
        assert!(notes.contains(note), "{notes}");
    }
}

fn encode(descr: &str, values: &[f32]) -> Vec<u8> {
    let encode = |&v: &f32| match descr {
        "<f2" => half::f16::from_f32(v).to_le_bytes().to_vec(),
        ">f2" => half::f16::from_f32(v).to_be_bytes().to_vec(),
        "<f4" => v.to_le_bytes().to_vec(),
        ">f4" => v.to_be_bytes().to_vec(),
        "<f8" => f64::from(v).to_le_bytes().to_vec(),
        ">f8" => f64::from(v).to_be_bytes().to_vec(),
        _ => unreachable!("no such type in these tests"),
    };
    values.iter().flat_map(encode).collect()
}

#[test]
fn features_of_float16_raise_the_rank_tolerance() {
    let place = Place::new();
    let values = encode("<f2", &matrix(12, 3));
    place.put("half.npy", &npy("<f2", false, "(12, 3)", &values));
    let tolerance = |more: &[&str]| {
        let args = [
            "select",
            "half.npy",
            "--device=cpu",
            "--method=gram-schmidt",
            "--budget=2",
        ];
        let record = place.done(&[&args[..], &["--json"], more].concat());
        let record: Value = serde_json::from_str(&record).unwrap();
        record["options"]["rank_tol"].clone()
    };
    assert_eq!(tolerance(&[]), 0.0078125);
    assert_eq!(tolerance(&["--rank-tol=0.5"]), 0.5);
}

#[test]
fn a_small_budget_reads_like_the_library() {
    use coresift::{CpuPool, Features, Selector as _, Uniform};
    let place = Place::new();
    let values = matrix(12, 3);
    let pool = CpuPool::new(Features::new(&values, 12, 3).unwrap());
    let want = Uniform {
        seed: 7,
        ..Uniform::default()
    }
    .select(&pool, 5)
    .unwrap();
    let got = place.done(&[&RANDOM[..], &["--seed=7"]].concat());
    assert_eq!(indices(&got), want.picks);
}

#[test]
fn every_output_holds_the_same_picks() {
    let place = Place::new();
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=norm",
        "--budget=5",
        "--seed=1",
    ];
    let want = indices(&place.done(&args));
    for name in ["s.txt", "s.csv", "s.json", "s.npy"] {
        let out = format!("--out={name}");
        assert_eq!(place.done(&[&args[..], &[&out]].concat()), "", "{name}");
    }
    assert_eq!(indices(&place.text("s.txt")), want);

    let table = place.text("s.csv");
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("index,score"));
    let rows: Vec<_> = lines.map(|line| line.split_once(',').unwrap()).collect();
    assert_eq!(
        rows.iter()
            .map(|(index, _)| index.parse().unwrap())
            .collect::<Vec<usize>>(),
        want
    );
    let scores: Vec<f64> = rows
        .iter()
        .map(|(_, score)| score.parse().unwrap())
        .collect();

    let record: Value = serde_json::from_str(&place.text("s.json")).unwrap();
    assert_eq!(record["picks"], Value::from(want.clone()));
    assert_eq!(record["scores"], Value::from(scores));
    assert_eq!(record["restarts"][0], 0);
    assert_eq!(record["shortfall"], Value::Null);
    assert!(record["passes"].is_u64());
    assert_eq!(record["method"], "norm");
    assert_eq!(record["budget"], 5);
    assert_eq!(record["seed"], 1);
    assert_eq!(record["device"], "cpu");
    assert_eq!(record["options"]["norm"], "l2");
    assert_eq!(record["options"]["power"], 1.0);
    assert_eq!(record["versions"]["coresift"], env!("CARGO_PKG_VERSION"));
    assert_eq!(
        place.done(&[&args[..], &["--json"]].concat()),
        place.text("s.json")
    );

    let bytes = fs::read(place.path("s.npy")).unwrap();
    let array = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(array.dtype().descr(), "'<i8'");
    assert_eq!(array.shape(), [5]);
    let picks: Vec<i64> = array.into_vec().unwrap();
    assert_eq!(picks.iter().map(|&p| p as usize).collect::<Vec<_>>(), want);
}

#[test]
fn an_empty_selection_is_written_too() {
    let place = Place::new();
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--budget=0",
        "--quiet",
    ];
    place.done(&[&args[..], &["--out=s.npy"]].concat());
    let bytes = fs::read(place.path("s.npy")).unwrap();
    assert_eq!(npyz::NpyFile::new(&bytes[..]).unwrap().shape(), [0]);
    place.done(&[&args[..], &["--out=s.csv"]].concat());
    assert_eq!(place.text("s.csv"), "index,score\n");
}

#[test]
fn outputs_replace_older_ones_and_leave_nothing_beside_them() {
    let place = Place::new();
    place.put("s.txt", b"old");
    place.done(&[&RANDOM[..], &["--out=s.txt"]].concat());
    assert_eq!(indices(&place.text("s.txt")).len(), 5);
    assert_eq!(place.files(), [place.path("s.txt"), place.path("x.npy")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |name| fs::metadata(place.path(name)).unwrap().permissions().mode();
        assert_eq!(mode("s.txt"), mode("x.npy"), "the rights of any new file");
    }
}

#[test]
fn what_was_written_is_read_as_labelled() {
    let place = Place::new();
    let select = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--budget=6",
    ];
    let first = indices(&place.done(&select));
    for name in ["s.txt", "s.csv", "s.json", "s.npy"] {
        place.done(&[&select[..], &[&format!("--out={name}")]].concat());
        let labelled = format!("--labelled={name}");
        let mut rows = indices(&place.done(&[&select[..], &[&labelled]].concat()));
        rows.extend(&first);
        rows.sort_unstable();
        assert_eq!(rows, (0..SHAPE.0).collect::<Vec<_>>(), "{name}");
    }
}

#[test]
fn labelled_arrays_of_any_whole_number_type() {
    let place = Place::new();
    let select = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=random",
        "--budget=11",
    ];
    for (descr, bytes) in [
        ("|u1", vec![7]),
        ("|i1", vec![7]),
        ("<i2", vec![7, 0]),
        (">u2", vec![0, 7]),
        ("<i4", vec![7, 0, 0, 0]),
        (">i8", vec![0, 0, 0, 0, 0, 0, 0, 7]),
    ] {
        place.put("l.npy", &npy(descr, false, "(1,)", &bytes));
        let rows = indices(&place.done(&[&select[..], &["--labelled=l.npy"]].concat()));
        assert!(!rows.contains(&7), "{descr}");
    }
}
