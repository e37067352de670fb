//! Real pools: the released code's picks, the same on every device, and the radius of purity.

use crate::common::{npy, on_every_device, with_features_lent};
use crate::{coverage, distance, unit};
use coresift::{CpuPool, Delta, Features, KMeans, ProbCover, Selector};
use serde_json::Value;

fn indices(value: &Value) -> Vec<usize> {
    let index = |v: &Value| v.as_u64().unwrap() as usize;
    value.as_array().unwrap().iter().map(index).collect()
}

#[test]
fn picks_are_those_of_the_released_code() {
    for stored in npy::small_pools() {
        let path = npy::repository(&stored.name);
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let path = npy::repository(&format!("tests/fixtures/probcover_{stem}.json"));
        let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let rows = fixture["rows"].as_u64().unwrap() as usize;
        let x = &stored.values[..rows * stored.dim];
        let cases = fixture["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 4);
        for case in cases {
            let cover = ProbCover {
                delta: Delta::Fixed(case["delta"].as_f64().unwrap()),
                labelled: indices(&case["labelled"]),
                ..ProbCover::default()
            };
            on_every_device(
                Features::new(x, rows, stored.dim).unwrap(),
                |device, pool| {
                    let picks = indices(&case["picks"]);
                    let got = cover.select(pool, picks.len()).unwrap();
                    let at = format!("{stem} {:?} on {device}", cover.delta);
                    assert_eq!(got.picks, picks, "{at}");
                    let degrees: Vec<usize> =
                        got.scores.iter().map(|&score| score as usize).collect();
                    assert_eq!(degrees, indices(&case["degrees"]), "{at}");
                    let covered = case["covered"].as_u64().unwrap() as usize;
                    assert_eq!(coverage(&got).covered, covered, "{at}");
                },
            );
        }
    }
}

/// Every pair of rows is much for a software adapter: the first rows have to do, the fewer the longer
/// they are.
fn check_real_pool(stored: &npy::Stored) {
    const PRODUCTS: usize = 1 << 27;
    let (dim, some) = (stored.dim, (PRODUCTS / stored.dim).isqrt());
    let rows = stored.rows.min(800).min(some);
    let features = Features::new(&stored.values[..rows * dim], rows, dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    for delta in [Delta::Fixed(0.6), Delta::default()] {
        let cover = ProbCover {
            delta,
            ..ProbCover::default()
        };
        let want = cover.select(&cpu, 40).unwrap();
        with_features_lent(features.clone(), |device, pool| {
            let got = cover.select(pool, 40).unwrap();
            assert_eq!(
                got.picks, want.picks,
                "{} {delta:?} on {device}",
                stored.name
            );
            assert_eq!(
                got.details, want.details,
                "{} {delta:?} on {device}",
                stored.name
            );
        });
    }
}

#[test]
fn real_pools_alike_on_every_device() {
    npy::small_pools().iter().for_each(check_real_pool);
}

#[test]
fn large_pools_alike_on_every_device() {
    npy::large_pools().iter().for_each(check_real_pool);
}

/// The distance is one that there is, and purity at it is 95 % but for the rounding of distances.
#[test]
fn auto_is_the_radius_of_purity() {
    for stored in npy::small_pools() {
        let (rows, dim) = (stored.rows.min(1000), stored.dim);
        let x = &stored.values[..rows * dim];
        let pool = CpuPool::new(Features::new(x, rows, dim).unwrap());
        let z = unit(x, dim);
        for clusters in [2, 7, 30] {
            let cover = ProbCover {
                delta: Delta::Auto {
                    clusters: Some(clusters),
                },
                seed: 3,
                ..ProbCover::default()
            };
            let delta = coverage(&cover.select(&pool, 5).unwrap()).delta;
            let labels = KMeans::new(clusters, 3).fit(&pool).unwrap().labels;
            let nearest = |i: usize| {
                let others = (0..rows).filter(|&j| labels[j] != labels[i]);
                others
                    .map(|j| distance(&z[i], &z[j]))
                    .fold(f64::INFINITY, f64::min)
            };
            let nearest: Vec<f64> = (0..rows).map(nearest).collect();
            let below = |delta: f64| nearest.iter().filter(|&&d| d < delta).count();
            let closest = nearest
                .iter()
                .map(|d| (d - delta).abs())
                .fold(1.0, f64::min);
            assert!(closest < 1e-12, "{} {clusters}: {delta}", stored.name);
            let band = 4e-4 / delta;
            let (least, most) = (below(delta - band), below(delta + band));
            assert!(
                least <= rows / 20 && rows / 20 <= most,
                "{} {clusters}",
                stored.name
            );
        }
    }
}
