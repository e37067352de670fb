//! Weights of picks, by both metrics: rows, with labelled rows among them, and target weights.

use crate::common::on_every_device;
use crate::{cases, features, indices, name};
use coresift::evaluate::{Weigher, Weights};
use coresift::{Error, Features, Metric};
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|v| v.as_f64().unwrap()).collect()
}

fn counts(value: &Value) -> Weights {
    let counts = value.as_array().unwrap().iter();
    Weights::Rows(counts.map(|v| v.as_u64().unwrap()).collect())
}

#[test]
fn weights_of_picks() {
    let mut checked = 0;
    for case in cases("objectives_") {
        let (x, dim) = features(&case);
        let (labelled, target) = (indices(&case["labelled"]), numbers(&case["weights"]));
        let case_of = &case["weights_out"];
        let picks = indices(&case_of["picks"]);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        on_every_device(features, |device, pool| {
            for metric in [Metric::Euclidean, Metric::Cosine] {
                let want = &case_of[metric.to_string()];
                let at = format!("{} {metric} on {device}", name(&case));
                if let Some(row) = want.get("row") {
                    let zero = Weigher::new(pool, metric, None).err().unwrap();
                    let is_named = matches!(zero, Error::ZeroRow { row: found, .. } if found as u64 == row.as_u64().unwrap());
                    assert!(is_named, "{at}: {zero}");
                    continue;
                }
                let alike = Weigher::new(pool, metric, None).unwrap();
                assert_eq!(
                    alike.weigh(&[], &picks).unwrap(),
                    counts(&want["counts"]),
                    "{at}"
                );
                let got = alike.weigh(&labelled, &picks).unwrap();
                assert_eq!(got, counts(&want["labelled"]), "{at}");
                let weighed = Weigher::new(pool, metric, Some(&target)).unwrap();
                let want = Weights::Targets(numbers(&want["weighted"]));
                assert_eq!(weighed.weigh(&[], &picks).unwrap(), want, "{at}");
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 11);
}
