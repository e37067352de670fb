//! Two stages on the command line.

use crate::place::{Place, f32s, indices, matrix, npy, stderr};
use coresift::{
    Classes, Coverage, CpuPool, Details, FacilityLocation, Features, GramSchmidt, Herding, KCenter,
    Kernel, LogDet, Norm, Selector, Then, Uniform,
};
use serde_json::{Value, json};

/// Rows and columns of `wide.npy`.
const SHAPE: (usize, usize) = (60, 5);

fn place() -> Place {
    let place = Place::new();
    let values = f32s(&matrix(SHAPE.0, SHAPE.1));
    place.put("wide.npy", &npy("<f4", false, "(60, 5)", &values));
    place
}

fn select<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let base = ["select", "wide.npy", "--device=cpu", "--budget=8"];
    [&base[..], more].concat()
}

#[test]
fn two_stages_read_like_the_library() {
    let place = place();
    place.put("l.txt", b"7\n50\n");
    let values = matrix(SHAPE.0, SHAPE.1);
    let pool = CpuPool::new(Features::new(&values, SHAPE.0, SHAPE.1).unwrap());
    let norm = Norm {
        power: 2.0,
        seed: 3,
        labelled: vec![7, 50],
        ..Norm::default()
    };
    let gram_schmidt = GramSchmidt {
        power: 2.0,
        seed: 3,
        labelled: vec![7, 50],
        ..GramSchmidt::default()
    };
    let want = Then {
        oversample: 3,
        ..Then::new(norm, gram_schmidt)
    };
    let want = want.select(&pool, 8).unwrap();
    let args = select(&[
        "--method=norm",
        "--then=gram-schmidt",
        "--oversample=3",
        "--power=2",
        "--seed=3",
        "--labelled=l.txt",
    ]);
    let output = place.run(&args);
    assert_eq!(
        indices(&String::from_utf8_lossy(&output.stdout)),
        want.picks
    );
    let notes = stderr(&output);
    assert!(
        notes.contains("norm then gram-schmidt: 8 picks of 60 rows x 5"),
        "{notes}"
    );
    assert!(!notes.contains("oversample"), "{notes}");
    let record: Value =
        serde_json::from_str(&place.done(&[&args[..], &["--json"]].concat())).unwrap();
    let options = json!({
        "norm": "l2", "power": 2.0, "anti": false, "labelled": 2, "oversample": 3,
        "then": {
            "method": "gram-schmidt", "norm": "l2", "power": 2.0, "greedy": false,
            "on_exhaustion": "restart", "rank_tol": null, "labelled": 2,
        },
    });
    assert_eq!(record["method"], "norm");
    assert_eq!(record["options"], options);
    assert_eq!(record["passes"], want.passes);
    assert_eq!(record["settled"], want.settled);
}

/// An option holds for the stages that know it, and for no other.
#[test]
fn options_hold_for_the_stages_that_know_them() {
    let place = place();
    let classes: String = (0..SHAPE.0).map(|row| format!("{}\n", row % 4)).collect();
    place.put("classes.txt", classes.as_bytes());
    let record = |more: &[&str]| -> Value {
        let printed = place.done(&select(&[more, &["--json"]].concat()));
        serde_json::from_str(&printed).unwrap()
    };
    let got = record(&[
        "--method=norm",
        "--then=max-norm",
        "--classes=classes.txt",
        "--power=5",
    ]);
    assert_eq!(got["options"]["classes"], "given");
    assert!(got["options"]["then"].get("classes").is_none() && got.get("classes").is_none());
    assert!(got["options"]["then"].get("power").is_none());
    let got = record(&["--method=sas", "--then=random", "--classes=classes.txt"]);
    assert_eq!(got["options"]["then"]["classes"], "given");
    assert_eq!(got["classes"].as_array().map(Vec::len), Some(4));
    let got = record(&["--method=random", "--then=gram-schmidt", "--greedy"]);
    assert!(got["options"].get("greedy").is_none());
    assert_eq!(got["options"]["then"]["greedy"], true);
}

/// Every method that can follow another, as the library has it by default.
fn followers() -> [(&'static str, Box<dyn Selector>); 9] {
    let largest = Norm {
        greedy: true,
        ..Norm::default()
    };
    [
        ("random", Box::new(Uniform::default())),
        ("norm", Box::new(Norm::default())),
        ("max-norm", Box::new(largest)),
        ("gram-schmidt", Box::new(GramSchmidt::default())),
        ("log-det", Box::new(LogDet::default())),
        ("coverage", Box::new(Coverage::default())),
        ("facility-location", Box::new(FacilityLocation::default())),
        ("herding", Box::new(Herding::default())),
        ("k-center", Box::new(KCenter::default())),
    ]
}

/// What follows has the library's defaults, and its own details are told.
#[test]
fn followers_are_the_librarys() {
    let place = place();
    let values = matrix(SHAPE.0, SHAPE.1);
    let pool = CpuPool::new(Features::new(&values, SHAPE.0, SHAPE.1).unwrap());
    for (name, second) in followers() {
        let want = Then {
            second,
            ..Then::new(Uniform::default(), Uniform::default())
        };
        let want = want.select(&pool, 8).unwrap();
        let then = format!("--then={name}");
        let printed = place.done(&select(&["--method=random", &then, "--json"]));
        let record: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(record["picks"], json!(want.picks), "{name}");
        assert_eq!(record["scores"], json!(want.scores), "{name}");
        assert_eq!(record["options"]["then"]["method"], name);
        let told = match want.details {
            Details::None => &record["picks"],
            Details::Determinant(_) => &record["log_det"],
            Details::Herding(_) => &record["herding"]["alpha"],
            Details::Cover(_) => &record["cover"][0]["sigma"],
            Details::KCenter(_) => &record["radii"],
            other => panic!("{other:?}"),
        };
        assert!(!told.is_null(), "{name}: {record}");
    }
}

/// Options reach what follows: weights and labelled rows of the chosen ones, a ridge, classes.
#[test]
fn options_reach_what_follows() {
    let place = place();
    let values = matrix(SHAPE.0, SHAPE.1);
    let pool = CpuPool::new(Features::new(&values, SHAPE.0, SHAPE.1).unwrap());
    let lines = |of: fn(usize) -> usize| -> String {
        (0..SHAPE.0).map(|row| format!("{}\n", of(row))).collect()
    };
    place.put("w.txt", lines(|row| 1 + row % 7).as_bytes());
    place.put("c.txt", lines(|row| row % 3).as_bytes());
    place.put("l.txt", b"7\n50\n");
    let labelled = || vec![7, 50];
    let weighed = FacilityLocation {
        kernel: Kernel::Cosine,
        target_weights: Some((0..SHAPE.0).map(|row| (1 + row % 7) as f64).collect()),
        labelled: labelled(),
        ..FacilityLocation::default()
    };
    let of_classes = LogDet {
        ridge: 0.01,
        labelled: labelled(),
        classes: Some(Classes::Given((0..SHAPE.0).map(|row| row % 3).collect())),
        ..LogDet::default()
    };
    let cases: [(&[&str], Box<dyn Selector>); 2] = [
        (
            &[
                "--then=facility-location",
                "--kernel=cosine",
                "--target-weights=w.txt",
            ],
            Box::new(weighed),
        ),
        (
            &["--then=log-det", "--ridge=0.01", "--classes=c.txt"],
            Box::new(of_classes),
        ),
    ];
    for (args, second) in cases {
        let first = Norm {
            greedy: true,
            labelled: labelled(),
            ..Norm::default()
        };
        let want = Then {
            second,
            ..Then::new(first, Uniform::default())
        };
        let want = want.select(&pool, 8).unwrap().picks;
        let args = [&["--method=max-norm", "--labelled=l.txt"], args].concat();
        assert_eq!(indices(&place.done(&select(&args))), want, "{args:?}");
    }
}

#[test]
fn every_method_can_follow_every_other() {
    let place = place();
    for first in ["random", "norm", "max-norm", "gram-schmidt", "sas"] {
        for (then, _) in followers() {
            let (method, then) = (format!("--method={first}"), format!("--then={then}"));
            let run = || indices(&place.done(&select(&[&method, &then])));
            assert_eq!(run().len(), 8, "{method} {then}");
            assert_eq!(run(), run(), "{method} {then}");
        }
    }
}

#[test]
fn too_few_rows_for_the_first_stage_are_all_chosen_aloud() {
    let place = place();
    place.put("l.txt", b"7\n50\n");
    let output = place.run(&select(&[
        "--method=max-norm",
        "--then=random",
        "--oversample=8",
        "--labelled=l.txt",
        "--seed=2",
    ]));
    let notes = stderr(&output);
    assert!(
        notes.contains("oversample: all 58 rows that may be picked are chosen\n"),
        "{notes}"
    );
    let values = matrix(SHAPE.0, SHAPE.1);
    let pool = CpuPool::new(Features::new(&values, SHAPE.0, SHAPE.1).unwrap());
    let uniform = || Uniform {
        seed: 2,
        labelled: vec![7, 50],
        ..Uniform::default()
    };
    let all = Then {
        oversample: 1000,
        ..Then::new(uniform(), uniform())
    };
    let want = all.select(&pool, 8).unwrap().picks;
    assert_eq!(indices(&String::from_utf8_lossy(&output.stdout)), want);
}

#[test]
fn bad_options() {
    let place = place();
    for (args, message) in [
        (
            &["--method=norm", "--oversample=2"][..],
            "--oversample: no --then found, one expected",
        ),
        (
            &["--method=norm", "--then=norm", "--oversample=0"],
            "oversample: 0 found, at least 1 expected",
        ),
        (
            &["--method=norm", "--then=sas"],
            "[possible values: random, norm, max-norm, gram-schmidt, log-det, coverage, facility-location, herding, k-center]",
        ),
        (
            &["--method=sas", "--then=norm", "--views=2"],
            "--views: --then found, none expected",
        ),
        (
            &["--method=random", "--then=norm", "--greedy"],
            "--greedy: --method random --then norm found, gram-schmidt expected",
        ),
        (
            &["--method=random", "--then=norm", "--power=65"],
            "power: 65 found, a number above 0",
        ),
    ] {
        let error = place.fails(2, &select(args));
        assert!(error.contains(message), "{message}\n{error}");
    }
}
