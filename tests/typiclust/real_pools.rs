//! Real pools: the released code's picks, and the same on every device.

use crate::common::{npy, with_features_lent};
use crate::on_every_pool;
use coresift::{CpuPool, Features, Selection, Selector, TypiClust};
use serde_json::Value;

fn fixture(stored: &npy::Stored) -> Value {
    let path = npy::repository(&stored.name);
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let path = npy::repository(&format!("tests/fixtures/typiclust_{stem}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn indices(value: &Value) -> Vec<usize> {
    let values = value.as_array().unwrap().iter();
    values.map(|v| v.as_u64().unwrap() as usize).collect()
}

#[test]
fn picks_are_those_of_the_released_code() {
    for stored in npy::small_pools() {
        let fixture = fixture(&stored);
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        for case in fixture["cases"].as_array().unwrap() {
            let options = TypiClust {
                clusters: Some(indices(&case["clusters"])),
                squared: case["squared"].as_bool().unwrap(),
                labelled: indices(&case["labelled"]),
                ..TypiClust::default()
            };
            let want = indices(&case["picks"]);
            on_every_pool(features.clone(), |device, pool| {
                let got = options.select(pool, want.len()).unwrap();
                assert_eq!(got.picks, want, "{} on {device}", stored.name);
            });
        }
    }
}

/// Clusters of k-means: as the CPU. Runs are of budget and neighbours.
fn check_real_pool(stored: &npy::Stored, runs: &[(usize, usize)]) {
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    for &(budget, neighbours) in runs {
        let options = TypiClust {
            neighbours,
            seed: 3,
            labelled: vec![7, 11],
            ..TypiClust::default()
        };
        let want = options.select(&cpu, budget).unwrap();
        assert_eq!(want.picks.len(), budget);
        with_features_lent(features.clone(), |device, pool| {
            if device != "cpu" {
                let got = options.select(pool, budget).unwrap();
                // How much a device leaves open is its own.
                let got = Selection {
                    settled: want.settled,
                    ..got
                };
                assert_eq!(got, want, "{} {budget} on {device}", stored.name);
            }
        });
    }
}

#[test]
fn real_pools_alike_on_every_device() {
    for stored in npy::small_pools() {
        check_real_pool(&stored, &[(20, 20), (150, 5)]);
    }
}

#[test]
fn large_pools_alike_on_every_device() {
    for stored in npy::large_pools() {
        check_real_pool(&stored, &[(30, 20)]);
    }
}
