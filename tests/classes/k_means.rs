//! k-means: scikit-learn's, a fixed point, the same on every device.

use crate::{POOLS, fixture, indices, on_every_pool, rows_of_all_lengths, stored, unit};
use coresift::{Clustering, Convergence, CpuPool, Features, KMeans, Pool, Progress};
use std::ops::ControlFlow;

#[test]
fn k_means_is_that_of_scikit_learn() {
    for name in POOLS {
        let stored = stored(name);
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        for fit in fixture(&format!("kmeans_{name}"))["fits"]
            .as_array()
            .unwrap()
        {
            let clusters = fit["clusters"].as_u64().unwrap() as usize;
            let seed = fit["seed"].as_u64().unwrap();
            on_every_pool(features.clone(), |device, pool| {
                let found = KMeans::new(clusters, seed).fit(pool).unwrap();
                let at = format!("{name} {clusters} on {device}");
                assert_eq!(found.starts, indices(&fit["starts"]), "{at}");
                assert_eq!(found.labels, indices(&fit["labels"]), "{at}");
                assert_eq!(found.sweeps as u64, fit["sweeps"].as_u64().unwrap(), "{at}");
                let inertia = fit["inertia"].as_f64().unwrap();
                let off = (found.inertia / inertia - 1.0).abs();
                assert!(off < 1e-8, "{at}: {off:e}");
            });
        }
    }
}

/// To the bit, whatever the number of threads and the unit of the features.
#[test]
fn k_means_depends_on_rows_and_seed_alone() {
    let (rows, dim) = (500, 17);
    let x = rows_of_all_lengths(rows, dim);
    let k_means = KMeans::new(23, 5);
    let with_threads = |threads: usize, x: &[f32]| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = CpuPool::new(Features::new(x, rows, dim).unwrap());
        let work = || k_means.fit(&pool).unwrap();
        threads.build().unwrap().install(work)
    };
    let want = with_threads(1, &x);
    assert_eq!(with_threads(3, &x), want);
    for scale in [-60, 60] {
        let x: Vec<f32> = x.iter().map(|v| v * 2f32.powi(scale)).collect();
        assert_eq!(with_threads(2, &x), want, "2^{scale}");
    }
    on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        assert_eq!(k_means.fit(pool).unwrap(), want, "{device}");
    });
}

/// Labels are the nearest centres, centres the means of their rows, inertia what it says.
fn check_fixed_point(x: &[f32], dim: usize, found: &Clustering) {
    let z: Vec<Vec<f64>> = x.chunks(dim).map(unit).collect();
    let centres: Vec<&[f64]> = found.centres.chunks(dim).collect();
    let distance_sq =
        |z: &[f64], c: &[f64]| -> f64 { z.iter().zip(c).map(|(z, c)| (z - c) * (z - c)).sum() };
    let mut inertia = 0.0;
    for (z, &label) in z.iter().zip(&found.labels) {
        let own = distance_sq(z, centres[label]);
        let least = centres.iter().map(|c| distance_sq(z, c));
        assert!(own <= least.fold(f64::INFINITY, f64::min) + 1e-9);
        inertia += own;
    }
    assert!((inertia - found.inertia).abs() <= 1e-9 * z.len() as f64);
    for (k, centre) in centres.iter().enumerate() {
        let own: Vec<_> = z
            .iter()
            .zip(&found.labels)
            .filter(|(_, l)| **l == k)
            .collect();
        assert!(!own.is_empty(), "cluster {k}");
        for (j, mean) in centre.iter().enumerate() {
            let want = own.iter().map(|(z, _)| z[j]).sum::<f64>() / own.len() as f64;
            assert!((mean - want).abs() < 1e-9, "cluster {k} value {j}");
        }
    }
}

#[test]
fn k_means_ends_in_a_fixed_point() {
    for (rows, dim, clusters) in [(300, 5, 1), (300, 5, 40), (64, 1, 3), (97, 40, 88)] {
        let x = rows_of_all_lengths(rows, dim);
        let features = Features::new(&x, rows, dim).unwrap();
        let found = KMeans::new(clusters, 9)
            .fit(&CpuPool::new(features))
            .unwrap();
        assert!(found.sweeps < 300);
        check_fixed_point(&x, dim, &found);
    }
}

/// As many clusters as there are directions: each is a cluster. One more is one too many.
#[test]
fn clusters_up_to_the_different_rows() {
    // Multiples of eight directions, whose lengths round in different ways, and zeros.
    let (rows, dim) = (72, 3);
    let mut x = Vec::new();
    for row in 0..rows {
        let (direction, times) = (row % 9, (row / 9 * 2 + 1) as f32);
        let direction = [direction as f32, (direction * direction % 7) as f32, 1.0];
        let times = if row % 9 == 8 { 0.0 } else { times };
        x.extend(direction.map(|v| v * times));
    }
    on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for seed in 0..5 {
            let found = KMeans::new(9, seed).fit(pool).unwrap();
            let first = &found.labels[..9];
            assert!(
                found.labels.chunks(9).all(|labels| labels == first),
                "{device}"
            );
            let mut labels = first.to_vec();
            labels.sort_unstable();
            assert_eq!(labels, [0, 1, 2, 3, 4, 5, 6, 7, 8], "{device}");
            assert!(found.inertia < 1e-15, "{device}: {}", found.inertia);
            let more = KMeans::new(10, seed).fit(pool).unwrap_err();
            assert_eq!(
                more.to_string(),
                "clusters: 10 found, a number from 1 to 9 (different rows at length 1) expected",
                "{device}"
            );
        }
    });
    for x in [[0.0; 12], [0.3; 12]] {
        on_every_pool(Features::new(&x, 4, 3).unwrap(), |device, pool| {
            let found = KMeans::new(1, 0).fit(pool).unwrap();
            assert_eq!(found.labels, [0; 4], "{device}");
            assert!(found.inertia < 1e-15, "{device}");
            assert!(KMeans::new(2, 0).fit(pool).is_err(), "{device}");
        });
    }
}

/// A number of sweeps, or a share of the inertia, ends them: on every device after the same sweep, which is
/// one of those that are made without. What is told of the inertia on the way is that of the labels.
#[test]
fn sweeps_end_when_they_are_told_to() {
    let (rows, dim) = (800, 9);
    let x = rows_of_all_lengths(rows, dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let fit = |pool: &dyn Pool, convergence: Convergence| {
        let k_means = KMeans {
            convergence,
            ..KMeans::new(12, 3)
        };
        let mut told = Vec::new();
        let mut listen = |progress: Progress<'_>| {
            if let Progress::Sweep { sweep, inertia } = progress {
                assert_eq!(sweep, told.len() + 1);
                told.push(inertia);
            }
            ControlFlow::Continue(())
        };
        let found = k_means.fit_with(pool, &mut listen).unwrap();
        (found, told)
    };
    let default = Convergence::default();
    let (whole, falls) = fit(&CpuPool::new(features.clone()), default);
    assert!(whole.sweeps > 8 && falls.len() >= whole.sweeps - 1);
    on_every_pool(features, |device, pool| {
        for max_sweeps in [1, 2, 5, 300] {
            let (found, told) = fit(
                pool,
                Convergence {
                    max_sweeps,
                    ..default
                },
            );
            assert_eq!(found.sweeps, max_sweeps.min(whole.sweeps), "{device}");
            assert_eq!(told, falls[..told.len()], "{device}");
            let off = (told.last().unwrap() / found.inertia - 1.0).abs();
            assert!(off < 1e-9, "{device} {max_sweeps}: {off:e}");
        }
        for tolerance in [1e-3, 0.02, 1.0] {
            let is_last = |pair: &[f64]| pair[0] - pair[1] <= tolerance * pair[0];
            let want = 2 + falls.windows(2).position(is_last).unwrap();
            let convergence = Convergence {
                tolerance,
                ..default
            };
            assert_eq!(
                fit(pool, convergence).0.sweeps,
                want,
                "{device} {tolerance}"
            );
        }
    });
}
