//! Near-duplicates: pairs, groups and rows to keep, by index, by priority and beside labelled rows.

use crate::common::devices::shards;
use crate::{cases, features, indices, name, on_every_device};
use coresift::{Duplicates, Features, Pool, Progress};
use serde_json::Value;
use std::ops::ControlFlow;

fn unheard(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn check(pool: &dyn Pool, case: &Value, threshold: &str, want: &Value, at: &str) {
    let duplicates = Duplicates {
        threshold: threshold.parse().unwrap(),
    };
    let mut pairs = Vec::new();
    let found = duplicates.pairs(pool, &mut unheard, &mut |row, other| {
        pairs.push(vec![row, other]);
        ControlFlow::Continue(())
    });
    found.unwrap();
    let want_pairs: Vec<_> = want["pairs"]
        .as_array()
        .unwrap()
        .iter()
        .map(indices)
        .collect();
    assert_eq!(pairs, want_pairs, "{at}");
    let groups = duplicates.groups(pool, &mut unheard).unwrap();
    assert_eq!(groups, indices(&want["components"]), "{at}");
    let priority = case["priority"].as_array().unwrap().iter();
    let priority: Vec<f64> = priority.map(|value| value.as_f64().unwrap()).collect();
    let labelled = indices(&case["labelled"]);
    for (want, priority, labelled) in [
        (want, &[][..], &[][..]),
        (&want["priority"], &priority, &[]),
        (&want["labelled"], &[], &labelled),
    ] {
        let kept = duplicates.keep(pool, priority, labelled, &mut unheard);
        let kept = kept.unwrap();
        assert_eq!(kept.kept, indices(&want["kept"]), "{at}");
        assert_eq!(kept.of, indices(&want["of"]), "{at}");
    }
}

#[test]
fn near_duplicates() {
    let mut checked = 0;
    for case in cases("objectives_") {
        let (x, dim) = features(&case);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        for (threshold, want) in case["near"].as_object().unwrap() {
            let at = format!("{} {threshold}", name(&case));
            on_every_device(features.clone(), |device, pool| {
                check(pool, &case, threshold, want, &format!("{at} on {device}"));
            });
            for count in [1, 2] {
                let shards = shards(&features, count);
                check(
                    &shards,
                    &case,
                    threshold,
                    want,
                    &format!("{at}, {count} shards"),
                );
            }
            checked += 1;
        }
    }
    assert_eq!(checked, 44);
}
