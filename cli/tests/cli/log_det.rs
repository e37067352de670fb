//! Picks with a ridge on the command line.

use crate::place::{Place, matrix, stderr};
use coresift::{Classes, CpuPool, Details, Features, GramSchmidt, LogDet, Selection, Selector};
use serde_json::{Value, json};

const SELECT: [&str; 5] = ["select", "x.npy", "--device=cpu", "--budget=5", "--json"];

/// What the command picks, and what it says.
fn picked(place: &Place, options: &[&str]) -> (Value, String) {
    let output = place.run(&[&SELECT, options].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let record = serde_json::from_slice(&output.stdout).unwrap();
    (record, stderr(&output))
}

fn assert_recorded((record, said): &(Value, String), want: &Selection) {
    let Details::Determinant(classes) = &want.details else {
        panic!("{want:?}");
    };
    let [determinant] = &classes[..] else {
        panic!("{want:?}");
    };
    assert_eq!(record["picks"], json!(want.picks));
    assert_eq!(record["scores"], json!(want.scores));
    assert_eq!(record["lambda"], determinant.lambda);
    assert_eq!(record["log_det"], determinant.log_det);
    let (lambda, log_det) = (determinant.lambda, determinant.log_det);
    let summary = format!("lambda {lambda:.6e}, log det {log_det:.6}");
    assert!(said.contains(&summary), "{said}");
}

/// The command picks as the library does, and its record has λ and the determinant.
#[test]
fn picks_and_determinants_are_the_librarys() {
    let place = Place::new();
    let values = matrix(12, 3);
    let pool = CpuPool::new(Features::new(&values, 12, 3).unwrap());
    place.put("seen.txt", b"4\n");
    let default = LogDet::default().select(&pool, 5).unwrap();
    let got = picked(&place, &["--method=log-det"]);
    assert_recorded(&got, &default);
    assert_eq!(got.0["options"], json!({ "ridge": 1.0, "labelled": 0 }));

    let labelled = LogDet {
        ridge: 0.01,
        labelled: vec![4],
        ..LogDet::default()
    };
    let options = ["--method=log-det", "--ridge=0.01", "--labelled=seen.txt"];
    let got = picked(&place, &options);
    assert_recorded(&got, &labelled.select(&pool, 5).unwrap());

    let drawn = GramSchmidt {
        ridge: Some(0.5),
        ..GramSchmidt::default()
    };
    let got = picked(&place, &["--method=gram-schmidt", "--ridge=0.5"]);
    assert_recorded(&got, &drawn.select(&pool, 5).unwrap());
    let options =
        json!({ "norm": "l2", "power": 1.0, "greedy": false, "ridge": 0.5, "labelled": 0 });
    assert_eq!(got.0["options"], options);
}

/// Each class by itself, also drawn and without a ridge: λ and the determinant are told with each, and in all.
#[test]
fn classes_share_the_budget() {
    let place = Place::new();
    let values = matrix(12, 3);
    let pool = CpuPool::new(Features::new(&values, 12, 3).unwrap());
    // Of a single row class 5, which has no share of the budget.
    let mut classes: Vec<usize> = (0..12).map(|row| [8, 2][row % 2]).collect();
    classes[7] = 5;
    let lines: String = classes.iter().map(|class| format!("{class}\n")).collect();
    place.put("c.txt", lines.as_bytes());
    let given = || Some(Classes::Given(classes.clone()));
    let want = LogDet {
        classes: given(),
        ..LogDet::default()
    };
    let want = want.select(&pool, 5).unwrap();
    let (record, said) = picked(&place, &["--method=log-det", "--classes=c.txt"]);
    assert_eq!(record["picks"], json!(want.picks));
    let Details::Determinant(told) = &want.details else {
        panic!("{want:?}");
    };
    let shares = record["classes"].as_array().unwrap();
    let with_budget = shares.iter().filter(|share| share["budget"] != 0);
    let recorded: Vec<_> = with_budget
        .map(|share| (&share["class"], &share["lambda"], &share["log_det"]))
        .map(|(class, lambda, log_det)| json!([class, lambda, log_det]))
        .collect();
    let told_of = told
        .iter()
        .map(|own| json!([own.class, own.lambda, own.log_det]));
    assert_eq!(recorded, told_of.collect::<Vec<_>>());
    assert_eq!((shares.len(), told.len()), (3, 2));
    let sum: f64 = told.iter().map(|own| own.log_det).sum();
    assert_eq!(record["log_det"], sum);
    assert!(record.get("lambda").is_none());
    assert!(
        said.contains(&format!("3 classes, log det {sum:.6}")),
        "{said}"
    );
    assert_eq!(record["options"]["classes"], "given");

    let drawn = GramSchmidt {
        classes: given(),
        min_per_class: 1,
        seed: 2,
        ..GramSchmidt::default()
    };
    let want = drawn.select(&pool, 5).unwrap();
    let options = [
        "--method=gram-schmidt",
        "--classes=c.txt",
        "--min-per-class=1",
        "--seed=2",
    ];
    let (record, _) = picked(&place, &options);
    assert_eq!(record["picks"], json!(want.picks));
    assert_eq!(record["restarts"], json!(want.restarts));
    assert_eq!(record["options"]["min_per_class"], 1);
    assert!(record.get("log_det").is_none());
}

#[test]
fn what_does_not_go_with_a_ridge_is_refused() {
    let place = Place::new();
    let no_rank = "--ridge found, none expected (a ridge leaves something of every row)";
    for (options, want) in [
        (
            &["--method=log-det", "--ridge=0"][..],
            "ridge: 0 found, a number from 1e-6 to 1e6 expected".to_owned(),
        ),
        (
            &["--method=norm", "--ridge=1"],
            "--ridge: --method norm found, gram-schmidt or log-det expected".to_owned(),
        ),
        (
            &["--method=log-det", "--greedy"],
            "--greedy: --method log-det found, gram-schmidt expected".to_owned(),
        ),
        (
            &["--method=gram-schmidt", "--ridge=1", "--rank-tol=0.1"],
            format!("--rank-tol: {no_rank}"),
        ),
        (
            &[
                "--method=gram-schmidt",
                "--ridge=1",
                "--on-exhaustion=restart",
            ],
            format!("--on-exhaustion: {no_rank}"),
        ),
        (
            &["--method=gram-schmidt", "--ridge=1", "--norm=l1"],
            "--norm: l1 with --ridge found, l2 expected (a ridge is of that)".to_owned(),
        ),
    ] {
        let output = place.run(&[&SELECT, options].concat());
        assert_eq!(output.status.code(), Some(2), "{options:?}");
        assert!(stderr(&output).contains(&want), "{}", stderr(&output));
    }
}
