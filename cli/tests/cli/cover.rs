//! Coverage, facility location and herding on the command line.

use crate::place::{Place, matrix, stderr};
use coresift::{
    Bandwidth, Classes, Coverage, CpuPool, Details, FacilityLocation, Features, Herding, Kernel,
    Refinement, Selector,
};
use serde_json::{Value, json};

const ROWS: usize = 12;

fn record(place: &Place, args: &[&str]) -> Value {
    let args = [&["select", "x.npy", "--device=cpu", "--json"], args].concat();
    let output = place.run(&args);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)))
}

fn picks(selector: &dyn Selector, budget: usize) -> Value {
    let values = matrix(ROWS, 3);
    let pool = CpuPool::new(Features::new(&values, ROWS, 3).unwrap());
    json!(selector.select(&pool, budget).unwrap().picks)
}

fn refused(place: &Place, args: &[&str]) -> String {
    let args = [&["select", "x.npy", "--device=cpu"], args].concat();
    let output = place.run(&args);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    stderr(&output)
}

#[test]
fn picks_are_the_librarys() {
    let place = Place::new();
    let weights: Vec<f64> = (0..ROWS).map(|row| (row % 3) as f64).collect();
    let lines: Vec<String> = weights.iter().map(f64::to_string).collect();
    place.put("w.txt", lines.join("\n").as_bytes());
    let swap = Coverage {
        refine: Refinement::Swap,
        ..Coverage::default()
    };
    let weighed = FacilityLocation {
        kernel: Kernel::Cosine,
        target_weights: Some(weights),
        ..FacilityLocation::default()
    };
    let near = FacilityLocation {
        sigma: Bandwidth::Neighbours(2),
        ..FacilityLocation::default()
    };
    let cases: [(&[&str], &dyn Selector); 5] = [
        (&["--method=coverage"], &Coverage::default()),
        (&["--method=coverage", "--refine=swap"], &swap),
        (
            &[
                "--method=facility-location",
                "--kernel=cosine",
                "--target-weights=w.txt",
            ],
            &weighed,
        ),
        (&["--method=facility-location", "--sigma=2nn"], &near),
        (&["--method=herding"], &Herding::default()),
    ];
    for (args, selector) in cases {
        let found = record(&place, &[args, &["--budget=5"]].concat());
        assert_eq!(found["picks"], picks(selector, 5), "{args:?}");
        let is_told = found["cover"][0]["gains"].is_f64() || found["herding"]["alpha"].is_f64();
        assert!(is_told, "{found}");
    }
}

/// Herding of each class by itself: bandwidths and alphas are told with the classes.
#[test]
fn classes_are_herded_by_themselves() {
    let place = Place::new();
    let classes: Vec<usize> = (0..ROWS).map(|row| row % 5 % 2).collect();
    let lines: String = classes.iter().map(|class| format!("{class}\n")).collect();
    place.put("c.txt", lines.as_bytes());
    let values = matrix(ROWS, 3);
    let pool = CpuPool::new(Features::new(&values, ROWS, 3).unwrap());
    let want = Herding {
        classes: Some(Classes::Given(classes)),
        ..Herding::default()
    };
    let want = want.select(&pool, 5).unwrap();
    let Details::Herding(told) = &want.details else {
        panic!("{want:?}");
    };
    let args = ["--method=herding", "--budget=5", "--classes=c.txt"];
    let found = record(&place, &args);
    assert_eq!(found["picks"], json!(want.picks));
    assert_eq!(told.len(), 2);
    for (class, told) in told.iter().enumerate() {
        let of_class = json!({ "sigma": told.sigma, "alpha": told.alpha });
        assert_eq!(found["classes"][class]["herding"], of_class);
    }
    assert!(found.get("herding").is_none());
}

/// The greedy picks that were refined have the numbers of all rows where some are left out.
#[test]
fn starts_are_numbered_as_all_rows() {
    let place = Place::new();
    place.put("out.txt", b"0\n4\n");
    let args = ["--method=coverage", "--budget=4", "--exclude=out.txt"];
    let found = record(&place, &args);
    let others: Vec<usize> = (0..ROWS).filter(|row| ![0, 4].contains(row)).collect();
    let x = matrix(ROWS, 3);
    let own: Vec<f32> = others
        .iter()
        .flat_map(|row| &x[row * 3..][..3])
        .copied()
        .collect();
    let pool = CpuPool::new(Features::new(&own, others.len(), 3).unwrap());
    let want = Coverage::default().select(&pool, 4).unwrap();
    let Details::Cover(covers) = &want.details else {
        panic!("{want:?}");
    };
    let start = covers[0].refined.as_ref().unwrap().start.iter();
    let start: Vec<usize> = start.map(|&place| others[place]).collect();
    assert_eq!(found["cover"][0]["start"], json!(start));
}

/// Without a method few rows are picked by coverage, and that is said; of many the user must say.
#[test]
fn coverage_is_the_default_of_few() {
    let place = Place::new();
    let found = record(&place, &["--budget=2"]);
    assert_eq!(found["method"], "coverage");
    assert_eq!(found["picks"], picks(&Coverage::default(), 2));
    let output = place.run(&["select", "x.npy", "--device=cpu", "--budget=2"]);
    let said = "method: coverage (the default up to 20 % of the rows)";
    assert!(stderr(&output).contains(said), "{}", stderr(&output));
    let many = refused(&place, &["--budget=3"]);
    let said = "--method: none found for a budget of 3 of 12 rows, one expected";
    assert!(many.contains(said), "{many}");
}

#[test]
fn options_that_cannot_be_are_refused() {
    let place = Place::new();
    for (args, said) in [
        (
            &["--method=coverage", "--refine=top-up"][..],
            "--refine: \"top-up\" found, lloyd, swap or none expected (--method coverage)",
        ),
        (
            &["--method=sas", "--refine=lloyd"],
            "--refine: \"lloyd\" found, top-up, none, double-greedy or random-double-greedy expected (--method sas)",
        ),
        (
            &["--method=herding", "--refine=none"],
            "--refine: --method herding found, sas or coverage expected",
        ),
        (
            &["--method=coverage", "--kernel=rbf"],
            "--kernel: --method coverage found, facility-location or herding expected",
        ),
        (
            &["--method=norm", "--target-weights=w.txt"],
            "--target-weights: no --weights-out found, one or --method facility-location expected",
        ),
    ] {
        let problem = refused(&place, &[args, &["--budget=2"]].concat());
        assert!(problem.contains(said), "{problem}");
    }
    for sigma in ["0", "-1", "nan", "inf", "0nn"] {
        let args = [
            "--method=coverage",
            "--budget=2",
            &format!("--sigma={sigma}"),
        ];
        let problem = place.run(&[&["select", "x.npy", "--device=cpu"], &args[..]].concat());
        assert!(stderr(&problem).contains("sigma: "), "{}", stderr(&problem));
        assert!(!problem.status.success());
    }
}
