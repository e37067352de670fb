//! Real pools: devices agree, greedy picks are those of pivoted QR, and passes are few.

use crate::common::{npy, with_features_lent};
use crate::made_up;
use coresift::{CpuPool, Features, GramSchmidt, LogDet, Lp, Norm, Selection, Selector};
use serde_json::Value;

/// The same picks, epochs and scores from every device, up to three times the rank.
fn agree(stored: &npy::Stored, budget: usize, selectors: &[GramSchmidt]) {
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    let want: Vec<Selection> = selectors
        .iter()
        .map(|selector| selector.select(&cpu, budget).unwrap())
        .collect();
    with_features_lent(features, |device, pool| {
        for (selector, want) in selectors.iter().zip(&want) {
            let at = format!("{} on {device}: {selector:?}", stored.name);
            let got = selector.select(pool, budget).unwrap();
            assert_eq!(got.picks, want.picks, "{at}");
            assert_eq!(got.restarts, want.restarts, "{at}");
        }
        for seed in [0, 1] {
            let norm = Norm {
                seed,
                ..Norm::default()
            };
            for norm in [
                norm.clone(),
                Norm {
                    norm: Lp::L1,
                    ..norm.clone()
                },
            ] {
                let (got, want) = (norm.select(pool, budget), norm.select(&cpu, budget));
                assert_eq!(
                    got.unwrap().picks,
                    want.unwrap().picks,
                    "{} on {device}",
                    stored.name
                );
            }
        }
    });
}

#[test]
fn devices_agree_on_small_pools() {
    let random = |seed| GramSchmidt {
        seed,
        ..GramSchmidt::default()
    };
    let labelled = (0..20).map(|i| 7 * i).collect();
    let selectors = [
        random(0),
        random(1),
        GramSchmidt {
            power: 2.0,
            ..random(2)
        },
        GramSchmidt {
            labelled,
            ..random(3)
        },
        GramSchmidt {
            greedy: true,
            ..random(0)
        },
    ];
    for stored in npy::small_pools() {
        agree(&stored, stored.rows.min(3 * stored.dim), &selectors);
    }
}

/// The larger pools, where `CORESIFT_DATA` names their folder.
#[test]
fn devices_agree_on_large_pools() {
    for stored in npy::large_pools() {
        agree(
            &stored,
            stored.rows.min(300),
            &[GramSchmidt {
                seed: 1,
                ..GramSchmidt::default()
            }],
        );
    }
}

/// Greedy picks are the pivots of `scipy.linalg.qr(F.T, pivoting=True)`, up to the rank.
#[test]
fn greedy_is_pivoted_qr() {
    for (pool, fixture) in [
        ("examples/data/digits.npy", "tests/fixtures/qr_digits.json"),
        (
            "examples/data/fmnist_simclr_2000.npy",
            "tests/fixtures/qr_fmnist_simclr_2000.json",
        ),
        (
            "tests/fixtures/text_600.npy",
            "tests/fixtures/qr_text_600.json",
        ),
    ] {
        let stored = npy::read(&npy::repository(pool), usize::MAX);
        let fixture = std::fs::read(npy::repository(fixture)).unwrap();
        let fixture: Value = serde_json::from_slice(&fixture).unwrap();
        assert_eq!(
            (fixture["rows"].as_u64(), fixture["dim"].as_u64()),
            (Some(stored.rows as u64), Some(stored.dim as u64))
        );
        let want: Vec<usize> = fixture["picks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_u64().unwrap() as usize)
            .collect();
        let greedy = GramSchmidt {
            greedy: true,
            ..GramSchmidt::default()
        };
        let least = LogDet {
            ridge: 1e-6,
            ..LogDet::default()
        };
        with_features_lent(
            Features::new(&stored.values, stored.rows, stored.dim).unwrap(),
            |device, pool| {
                let got = greedy.select(pool, want.len()).unwrap();
                assert_eq!(got.picks, want, "{} on {device}", stored.name);
                let ridged = least.select(pool, want.len()).unwrap();
                assert_eq!(ridged.picks, want, "{} on {device}, ridge", stored.name);
            },
        );
    }
}

/// Gaussian clusters after a ReLU: the usual shape of a network's features.
fn relu_clusters(rows: usize, dim: usize) -> Vec<f32> {
    let noise = made_up(rows + 20, dim);
    let centres = made_up(20, dim);
    let value = |(at, v): (usize, &f32)| {
        let (row, column) = (at / dim, at % dim);
        (centres[row % 20 * dim + column] + v).max(0.0)
    };
    noise[..rows * dim].iter().enumerate().map(value).collect()
}

/// The blocked law: many picks share a pass over the features.
#[test]
fn passes_are_few() {
    let (rows, dim, budget) = (50_000, 512, 512);
    let x = relu_clusters(rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let got = GramSchmidt {
        seed: 1,
        ..GramSchmidt::default()
    }
    .select(&pool, budget)
    .unwrap();
    assert_eq!(got.picks.len(), budget);
    assert!(got.passes <= budget / 16, "{} passes", got.passes);
}
