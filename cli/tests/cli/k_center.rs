//! k-center on the command line.

use crate::place::{Place, stderr};
use coresift::{CpuPool, Details, Features, KCenter, Metric, Selector as _};
use serde_json::Value;

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
