//! ProbCover on the command line.

use crate::place::{Place, f32s, indices, matrix, npy, stderr};
use coresift::{CpuPool, Delta, Details, Features, ProbCover, Selector as _};
use serde_json::{Value, json};

const SHAPE: (usize, usize) = (60, 5);

fn place() -> Place {
    let place = Place::new();
    let values = f32s(&matrix(SHAPE.0, SHAPE.1));
    place.put("wide.npy", &npy("<f4", false, "(60, 5)", &values));
    place
}

fn select<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let base = [
        "select",
        "wide.npy",
        "--method=probcover",
        "--device=cpu",
        "--budget=8",
    ];
    [&base[..], more].concat()
}

/// Every option reaches the selector, and the record and the summary say what came of it.
#[test]
fn options_reach_the_selector() {
    let place = place();
    place.put("l.txt", b"7\n50\n");
    let values = matrix(SHAPE.0, SHAPE.1);
    let pool = CpuPool::new(Features::new(&values, SHAPE.0, SHAPE.1).unwrap());
    let auto = |clusters| Delta::Auto { clusters };
    let cases: [(&[&str], Delta, u64, Vec<usize>); 6] = [
        (&["--delta=0.4"], Delta::Fixed(0.4), 0, vec![]),
        (
            &["--delta=0.4", "--labelled=l.txt"],
            Delta::Fixed(0.4),
            0,
            vec![7, 50],
        ),
        (&[], auto(None), 0, vec![]),
        (
            &["--delta=auto", "--clusters=3", "--seed=5"],
            auto(Some(3)),
            5,
            vec![],
        ),
        (&["--clusters=12", "--seed=5"], auto(Some(12)), 5, vec![]),
        (
            &["--clusters=12", "--max-sweeps=1"],
            auto(Some(12)),
            0,
            vec![],
        ),
    ];
    for (options, delta, seed, labelled) in cases {
        let mut selector = ProbCover {
            delta,
            seed,
            labelled,
            ..ProbCover::default()
        };
        if options.contains(&"--max-sweeps=1") {
            selector.convergence.max_sweeps = 1;
        }
        let want = selector.select(&pool, 8).unwrap();
        let output = place.run(&select(&[options, &["--json"]].concat()));
        let record: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
            panic!("{e}: {}", stderr(&output));
        });
        assert_eq!(record["picks"], json!(want.picks), "{options:?}");
        assert_eq!(record["scores"], json!(want.scores), "{options:?}");
        let Details::ProbCover(cover) = want.details else {
            panic!("no coverage: {options:?}");
        };
        assert_eq!(record["cover"]["delta"], cover.delta, "{options:?}");
        assert_eq!(record["cover"]["covered"], cover.covered, "{options:?}");
        let words = format!("{} rows covered (", cover.covered);
        assert!(stderr(&output).contains(&words), "{}", stderr(&output));
    }
    let output = place.run(&select(&["--delta=0.4", "--then=gram-schmidt"]));
    let picks = indices(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(picks.len(), 8, "{}", stderr(&output));
}

#[test]
fn bad_words_are_refused() {
    let place = place();
    for (options, words) in [
        (
            &["--delta=0"][..],
            "delta: 0 found, a distance above 0 and at most 2",
        ),
        (
            &["--delta=near"],
            "\"near\" found, a number or auto expected",
        ),
        (
            &["--delta=0.3", "--clusters=3"],
            "a distance for --delta found, auto expected",
        ),
        (&["--norm=l1"], "--norm: --method probcover found"),
        (&["--clusters=61"], "clusters: 61 found"),
        (&["--clusters=0"], "clusters: 0 found"),
        (
            &["--delta=0.3", "--max-sweeps=5"],
            "--max-sweeps: no k-means found",
        ),
        (&["--max-sweeps=0"], "max_sweeps: 0 found, at least 1"),
        (
            &["--tolerance=2"],
            "tolerance: 2 found, a share from 0 to 1",
        ),
    ] {
        let output = place.run(&select(options));
        let notes = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {notes}");
        assert!(notes.contains(words), "{options:?}: {notes}");
        assert!(output.stdout.is_empty(), "{options:?}");
    }
}
