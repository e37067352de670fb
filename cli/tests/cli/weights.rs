//! `--weights-out`: what picks stand for, by the library, in every form.

use crate::place::{Place, f32s, f64s, indices, matrix, npy, stderr};
use coresift::evaluate::{Weigher, Weights};
use coresift::{CpuPool, Features, Metric};
use serde_json::{Value, json};
use std::fs;

const SELECT: [&str; 5] = [
    "select",
    "x.npy",
    "--device=cpu",
    "--method=gram-schmidt",
    "--budget=4",
];

fn with(options: &[&'static str]) -> Vec<&'static str> {
    [&SELECT[..], options].concat()
}

/// What the library says of rows of `x.npy`.
fn weigh(metric: Metric, target: Option<&[f64]>, labelled: &[usize], picks: &[usize]) -> Weights {
    let values = matrix(12, 3);
    let pool = CpuPool::new(Features::new(&values, 12, 3).unwrap());
    let weigher = Weigher::new(&pool, metric, target).unwrap();
    weigher.weigh(labelled, picks).unwrap()
}

fn counts(weights: Weights) -> Vec<u64> {
    match weights {
        Weights::Rows(counts) => counts,
        Weights::Targets(sums) => panic!("{sums:?}"),
    }
}

/// Labelled rows first; beside the picks their own.
#[test]
fn rows_are_counted_in_every_form() {
    let place = Place::new();
    place.put("seen.txt", b"7\n2\n");
    let seen = "--labelled=seen.txt";
    let picks = indices(&place.done(&with(&[seen, "--weights-out=w.txt"])));
    let want = counts(weigh(Metric::Cosine, None, &[7, 2], &picks));
    assert_eq!(want.iter().sum::<u64>(), 12);
    let lines = |numbers: &[u64]| numbers.iter().map(|n| format!("{n}\n")).collect::<String>();
    assert_eq!(place.text("w.txt"), lines(&want));
    let record = place.done(&with(&[seen, "--weights-out=w.json", "--json"]));
    let record: Value = serde_json::from_str(&record).unwrap();
    assert_eq!(record["weights"], json!(want[2..]));
    assert_eq!(record["labelled_weights"], json!(want[..2]));
    assert_eq!(record["weights_metric"], "cosine");
    assert_eq!(place.text("w.json"), format!("{}\n", json!(want)));
    place.done(&with(&[seen, "--weights-out=w.csv", "--out=s.csv"]));
    let rows = [&[7, 2], &picks[..]].concat();
    let of_row = |(row, weight): (&usize, &u64)| format!("{row},{weight}\n");
    let table: String = rows.iter().zip(&want).map(of_row).collect();
    assert_eq!(place.text("w.csv"), format!("index,weight\n{table}"));
    let chosen = place.text("s.csv");
    let mut chosen = chosen.lines();
    assert_eq!(chosen.next(), Some("index,score,weight"));
    let last = chosen.map(|line| line.rsplit(',').next().unwrap().parse().unwrap());
    assert_eq!(last.collect::<Vec<u64>>(), want[2..]);
    place.done(&with(&[seen, "--weights-out=w.npy", "--out=s.npy"]));
    let array = fs::read(place.path("w.npy")).unwrap();
    let array = npyz::NpyFile::new(&array[..]).unwrap();
    assert_eq!(array.into_vec::<u64>().unwrap(), want);
}

#[test]
fn k_center_weighs_by_its_own_distances() {
    let place = Place::new();
    let by = |options: &[&'static str]| {
        let base = [
            "select",
            "x.npy",
            "--device=cpu",
            "--budget=4",
            "--weights-out=w.json",
        ];
        let picks = indices(&place.done(&[&base[..], options].concat()));
        let weights: Vec<u64> = serde_json::from_str(&place.text("w.json")).unwrap();
        (picks, weights)
    };
    let (cosine, euclidean) = (Metric::Cosine, Metric::Euclidean);
    for (options, metric) in [
        (&["--method=k-center"][..], euclidean),
        (&["--method=k-center", "--metric=cosine"], cosine),
        (&["--method=norm"], cosine),
        (&["--method=norm", "--metric=euclidean"], euclidean),
        (&["--method=k-center", "--then=norm"], euclidean),
    ] {
        let (picks, weights) = by(options);
        assert_eq!(
            weights,
            counts(weigh(metric, None, &[], &picks)),
            "{options:?}"
        );
    }
    assert_ne!(
        weigh(cosine, None, &[], &[0, 1, 2, 3]),
        weigh(euclidean, None, &[], &[0, 1, 2, 3])
    );
}

#[test]
fn target_weights_are_read_as_other_lists_are() {
    let place = Place::new();
    let target: Vec<f64> = (0..12).map(|row| 0.1 * f64::from(row * 7 % 12)).collect();
    let picks = indices(&place.done(&SELECT));
    let Weights::Targets(want) = weigh(Metric::Cosine, Some(&target), &[], &picks) else {
        panic!("weights are added up");
    };
    let lines: Vec<String> = target
        .iter()
        .map(|weight| format!("{weight:?}\n"))
        .collect();
    let indexed = lines.iter().enumerate().rev();
    let indexed: String = indexed
        .map(|(row, line)| format!("{row},9,{line}"))
        .collect();
    place.put("t.txt", lines.concat().as_bytes());
    place.put("t.csv", format!("index,score,weight\n{indexed}").as_bytes());
    place.put("t.json", json!(target).to_string().as_bytes());
    place.put("t.npy", &npy("<f8", false, "(12,)", &f64s(&target)));
    for list in ["t.txt", "t.csv", "t.json", "t.npy"] {
        let option = format!("--target-weights={list}");
        let args = [&SELECT[..], &["--weights-out=w.npy", &option]].concat();
        assert_eq!(indices(&place.done(&args)), picks, "{list}");
        let array = fs::read(place.path("w.npy")).unwrap();
        let array = npyz::NpyFile::new(&array[..]).unwrap();
        assert_eq!(array.into_vec::<f64>().unwrap(), want, "{list}");
    }
    // Whole numbers and short floats are weights, too.
    place.put("t.npy", &npy("|u1", false, "(12,)", &[2; 12]));
    place.put("t.json", b"[2, 2.0, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2]");
    let twice: Vec<f64> = counts(weigh(Metric::Cosine, None, &[], &picks))
        .into_iter()
        .map(|count| 2.0 * count as f64)
        .collect();
    for list in ["--target-weights=t.npy", "--target-weights=t.json"] {
        place.done(&with(&["--weights-out=w.json", list]));
        let got: Vec<f64> = serde_json::from_str(&place.text("w.json")).unwrap();
        assert_eq!(got, twice, "{list}");
    }
}

/// By the numbers of all rows, with weights of the others alone; of rows in memory, or read anew.
#[test]
fn rows_that_are_left_out_weigh_nothing() {
    let place = Place::new();
    let mut values = matrix(60, 4);
    values[3 * 4 + 1] = f32::NAN;
    values[7 * 4..8 * 4].fill(0.0);
    place.put("x.npy", &npy("<f4", false, "(60, 4)", &f32s(&values)));
    let numbers: Vec<usize> = (0..60).filter(|row| ![3, 5, 6, 7].contains(row)).collect();
    let rows = numbers
        .iter()
        .flat_map(|row| values[row * 4..][..4].to_vec());
    let others: Vec<f32> = rows.collect();
    let target: Vec<f64> = (0..60).map(f64::from).collect();
    let lines: String = target.iter().map(|weight| format!("{weight}\n")).collect();
    place.put("out.txt", b"6\n5\n");
    place.put("seen.txt", b"59\n8\n");
    place.put("t.txt", lines.as_bytes());
    let pool = CpuPool::new(Features::new(&others, 56, 4).unwrap());
    let of_others: Vec<f64> = numbers.iter().map(|&row| target[row]).collect();
    let weigher = Weigher::new(&pool, Metric::Cosine, Some(&of_others)).unwrap();
    let options = [
        "--exclude=out.txt",
        "--skip-invalid",
        "--labelled=seen.txt",
        "--target-weights=t.txt",
        "--weights-out=w.csv",
    ];
    for more in [&[][..], &["--memory=1"]] {
        let args = with(&[&options[..], more].concat());
        let picks = indices(&place.done(&args));
        let at = |row: &usize| numbers.binary_search(row).unwrap();
        let places: Vec<usize> = picks.iter().map(at).collect();
        let weights = weigher.weigh(&[at(&59), at(&8)], &places).unwrap();
        let Weights::Targets(sums) = weights else {
            panic!("weights are added up");
        };
        assert_eq!(sums.iter().sum::<f64>(), 1749.0);
        let rows = [&[59, 8], &picks[..]].concat();
        let of_row = |(row, sum): (&usize, &f64)| format!("{row},{sum:?}\n");
        let table: String = rows.iter().zip(&sums).map(of_row).collect();
        assert_eq!(place.text("w.csv"), format!("index,weight\n{table}"));
    }
}

#[test]
fn wrong_target_weights_are_refused() {
    let place = Place::new();
    let line = |weight: &str| format!("{}{weight}\n", "1\n".repeat(11));
    for (name, text) in [
        ("short.txt", "1\n".repeat(11)),
        ("less.txt", line("-1e-3")),
        ("nan.txt", line("nan")),
        ("none.txt", "0\n".repeat(12)),
        ("word.txt", line("much")),
    ] {
        place.put(name, text.as_bytes());
    }
    let expected_each = "one for each of 12 rows expected";
    for (list, problem) in [
        ("short.txt", format!("11 weights found, {expected_each}")),
        (
            "less.txt",
            "-0.001 at row 11 found, a finite number from 0 up expected".to_owned(),
        ),
        (
            "nan.txt",
            "NaN at row 11 found, a finite number from 0 up expected".to_owned(),
        ),
        (
            "none.txt",
            "zeros alone found, at least one weight above 0 expected".to_owned(),
        ),
        (
            "word.txt",
            "\"much\" found on line 12, a weight expected".to_owned(),
        ),
    ] {
        let option = format!("--target-weights={list}");
        let args = [&SELECT[..], &["--weights-out=w.txt", &option]].concat();
        let error = place.fails(1, &args);
        let expected = format!("error: {list}: target-weights: {problem}\n");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let place = Place::new();
    place.put("none.txt", b"");
    for (options, expected) in [
        (
            &["--target-weights=none.txt"][..],
            "error: --target-weights: no --weights-out found, one or --method facility-location expected\n",
        ),
        (
            &["--metric=cosine"],
            "error: --metric: --method gram-schmidt found, k-center expected\n",
        ),
    ] {
        let error = place.fails(2, &with(options));
        assert!(error.contains(expected), "{error}");
    }
    let views = [
        "select",
        "x.npy",
        "--method=sas",
        "--budget=2",
        "--views=2",
        "--weights-out=w.txt",
    ];
    let error = place.fails(2, &views);
    assert!(
        error.contains("--weights-out: --views found, none expected"),
        "{error}"
    );
    let same = place.fails(1, &with(&["--out=w.txt", "--weights-out=w.txt"]));
    assert!(
        same.contains("w.txt: weights-out: the same file as out (w.txt) found"),
        "{same}"
    );
}

/// Before anything is chosen.
#[test]
fn a_row_without_a_direction_is_refused() {
    let place = Place::new();
    let mut values = matrix(12, 3);
    values[9..12].fill(0.0);
    place.put("x.npy", &npy("<f4", false, "(12, 3)", &f32s(&values)));
    let zero = place.fails(1, &with(&["--weights-out=w.txt"]));
    let expected = "x.npy: features: row 3 is all zeros, a row with a direction expected (weights of picks by cosine)";
    assert!(zero.contains(expected), "{zero}");
    place.done(&with(&["--weights-out=w.txt", "--skip-invalid"]));
    let done = place.run(&with(&["--weights-out=w.txt", "--metric=euclidean"]));
    assert!(done.status.success(), "{}", stderr(&done));
}

#[test]
fn a_plan_counts_the_passes_of_the_weights() {
    let place = Place::new();
    let bill = |options: &[&str]| {
        let args = [&["plan", "x.npy", "--device=cpu", "--json"][..], options].concat();
        let bill: Value = serde_json::from_str(&place.done(&args)).unwrap();
        bill["passes"]["likely"].as_f64().unwrap()
    };
    let norm = ["--method=norm", "--budget=2"];
    let weighed = [&norm[..], &["--weights-out=w.txt"]].concat();
    assert_eq!(bill(&weighed), bill(&norm) + 2.0);
}
