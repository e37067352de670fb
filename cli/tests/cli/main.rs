//! Runs the binary: every form of input and output, and every bad input by its message.

mod bad_input;
mod bench;
mod checkpoint;
mod compare;
mod cover;
mod devices;
mod duplicates;
mod encodings;
mod evaluate;
mod forms;
mod inputs;
mod k_center;
mod left_out;
mod lists;
mod log_det;
#[cfg(unix)]
mod outputs;
mod place;
mod plan;
mod probcover;
mod report;
mod report_examples;
mod sas;
mod sources;
#[cfg(unix)]
mod system;
mod then;
mod threads;
mod typiclust;
mod values;
mod weights;
mod workers;

use place::{Place, RANDOM, SHAPE, f32s, indices, matrix, npy, stderr};
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
