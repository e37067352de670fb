//! k-center on the command line.

use crate::place::{Place, stderr};
use coresift::{Classes, CpuPool, Details, Features, KCenter, Metric, Selector as _};
use serde_json::Value;

/// Each class by itself; the radius that is told is the largest that any ends with.
#[test]
fn classes_share_the_budget() {
    let place = Place::new();
    let values = crate::place::matrix(12, 3);
    let pool = CpuPool::new(Features::new(&values, 12, 3).unwrap());
    let classes: Vec<usize> = (0..12).map(|row| row % 5 % 2).collect();
    let lines: String = classes.iter().map(|class| format!("{class}\n")).collect();
    place.put("c.txt", lines.as_bytes());
    let want = KCenter {
        classes: Some(Classes::Given(classes)),
        min_per_class: 2,
        ..KCenter::default()
    };
    let want = want.select(&pool, 5).unwrap();
    let args = [
        "select",
        "x.npy",
        "--device=cpu",
        "--method=k-center",
        "--budget=5",
        "--classes=c.txt",
        "--min-per-class=2",
        "--json",
    ];
    let output = place.run(&args);
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(record["picks"], serde_json::json!(want.picks));
    let Details::KCenter(centers) = want.details else {
        panic!("radii");
    };
    assert_eq!(record["radii"], serde_json::json!(centers.radii));
    assert_eq!(record["options"]["min_per_class"], 2);
    assert_eq!(record["classes"].as_array().unwrap().len(), 2);
    let first = want.classes[0].picks;
    let largest = centers.radii[first - 1].max(centers.radii[4]);
    let said = format!("2 classes, radius {largest:.6e}");
    assert!(stderr(&output).contains(&said), "{}", stderr(&output));
}

/// The command picks as the library does, and its record has the radii.
#[test]
fn picks_and_radii_are_the_librarys() {
    let place = Place::new();
    let values = crate::place::matrix(12, 3);
    let pool = CpuPool::new(Features::new(&values, 12, 3).unwrap());
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let want = KCenter {
            metric,
            labelled: vec![4],
            ..KCenter::default()
        };
        let want = want.select(&pool, 5).unwrap();
        let Details::KCenter(centers) = want.details else {
            panic!("radii");
        };
        place.put("seen.txt", b"4\n");
        let option = format!("--metric={metric}");
        let args = [
            "select",
            "x.npy",
            "--device=cpu",
            "--method=k-center",
            "--budget=5",
            "--labelled=seen.txt",
            "--json",
            &option,
        ];
        let output = place.run(&args);
        let record: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(record["picks"], serde_json::json!(want.picks));
        assert_eq!(record["radii"], serde_json::json!(centers.radii));
        assert_eq!(record["idle"], 0);
        assert_eq!(record["options"]["metric"], metric.to_string());
        let radius = format!("radius {:.6e}", centers.radii[4]);
        assert!(stderr(&output).contains(&radius), "{}", stderr(&output));
    }
}
