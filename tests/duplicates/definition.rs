//! The definition: pools small enough for all pairs, and pools whose pairs none could keep.

use crate::common::devices::shards;
use crate::common::{fractions, on_every_device};
use crate::{Graph, check, pairs, unheard};
use coresift::{CpuPool, Duplicates, Error, Features, Kept};
use std::ops::ControlFlow;

/// Rows about a few directions, of many lengths, some of them copies to the bit, in direction, or nearly, and some
/// of zeros.
fn pool(seed: u32, rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(seed, rows * dim);
    let noise = fractions(seed + 100, rows * dim);
    for row in 0..rows {
        let own = row * dim..(row + 1) * dim;
        x[own.start + row % dim.min(5)] += 1.5;
        if row % 5 == 4 {
            x.copy_within(row / 2 * dim..(row / 2 + 1) * dim, own.start);
        }
        let (times, apart) = match row % 15 {
            4 => (1.0, 0.0),
            9 => (3.0, 0.0),
            14 => (0.25, [1e-7, 1e-3, 0.02][row % 3]),
            11 => (0.0, 0.0),
            _ => (((row % 7) as f32 - 3.0).exp2(), 0.0),
        };
        for at in own {
            x[at] = times * x[at] + apart * noise[at];
        }
    }
    x
}

#[test]
fn answers_are_those_of_all_pairs() {
    for (seed, rows, dim) in [
        (1, 1, 3),
        (2, 2, 3),
        (3, 40, 1),
        (4, 90, 2),
        (5, 150, 8),
        (6, 260, 40),
    ] {
        let x = pool(seed, rows, dim);
        let features = Features::new(&x, rows, dim).unwrap();
        for threshold in [1.0, 0.9999, 0.97, 0.5, 1e-3] {
            let graph = Graph::new(&x, dim, threshold);
            let at = format!("{rows} x {dim}");
            on_every_device(features.clone(), |device, pool| {
                check(pool, threshold, &graph, &format!("{at} on {device}"));
            });
            for count in [1, 2] {
                let shards = shards(&features, count);
                check(&shards, threshold, &graph, &format!("{at}, {count} shards"));
            }
        }
    }
}

/// Pools where all pairs lie so close to the threshold that kernels leave them open, where few rows differ, and
/// where all of a large group are connected.
#[test]
fn degenerate_pools_are_those_of_all_pairs() {
    let shape = coresift_cli::bench::Shape { rows: 300, dim: 12 };
    for odd in coresift_cli::bench::degenerate::pools(shape).unwrap() {
        let (rows, dim) = (odd.shape.rows, odd.shape.dim);
        let features = Features::new(&odd.values, rows, dim).unwrap();
        for threshold in [1.0, 1.0 - 1e-6, 0.999, 0.6] {
            let graph = Graph::new(&odd.values, dim, threshold);
            on_every_device(features.clone(), |device, pool| {
                check(
                    pool,
                    threshold,
                    &graph,
                    &format!("{} on {device}", odd.name),
                );
            });
        }
    }
}

/// More rows than are gone through before it is counted which have any other near to them.
#[test]
fn long_runs_are_those_of_all_pairs() {
    let (rows, dim) = (1500, 6);
    let x = pool(8, rows, dim);
    for threshold in [0.9999, 0.98, 0.6] {
        let graph = Graph::new(&x, dim, threshold);
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        check(&pool, threshold, &graph, "1500 rows");
    }
}

/// Rows at 0, 10 and 20 degrees, one far from them, and a copy of the first: both ends of the chain are kept, and the
/// group has all of it.
#[test]
fn chains_keep_their_ends() {
    let x: Vec<f32> = [0.0f64, 10.0, 20.0, 90.0, 0.0]
        .into_iter()
        .flat_map(|angle| {
            [
                angle.to_radians().cos() as f32,
                angle.to_radians().sin() as f32,
            ]
        })
        .collect();
    let threshold = 12f64.to_radians().cos();
    on_every_device(Features::new(&x, 5, 2).unwrap(), |device, pool| {
        let duplicates = Duplicates { threshold };
        let keep = |priority: &[f64], labelled: &[usize]| {
            let kept = duplicates.keep(pool, priority, labelled, &mut unheard);
            let Kept { kept, of } = kept.unwrap();
            (kept, of)
        };
        let connected = [(0, 1), (0, 4), (1, 2), (1, 4)];
        assert_eq!(pairs(pool, threshold), connected, "{device}");
        let groups = duplicates.groups(pool, &mut unheard).unwrap();
        assert_eq!(groups, [0, 0, 0, 3, 0], "{device}");
        assert_eq!(
            keep(&[], &[]),
            (vec![0, 2, 3], vec![0, 0, 2, 3, 0]),
            "{device}"
        );
        // The middle first, and zeros of either sign alike.
        let middle = keep(&[0.0, 1.0, -0.0, -0.0, 0.0], &[]);
        assert_eq!(middle, (vec![1, 3], vec![1, 1, 1, 3, 1]), "{device}");
        // Labelled rows stay, near to each other as they are; the first of them counts.
        let labelled = keep(&[], &[4, 0]);
        assert_eq!(labelled, (vec![2, 3], vec![0, 4, 2, 3, 4]), "{device}");
    });
}

/// Directions whose distances f64 holds exactly: rows at the threshold are near.
#[test]
fn a_cosine_of_the_threshold_is_near() {
    let x = [4.0, 3.0, 1.0, 0.0, 0.0, 2.0, -1.0, 0.0];
    on_every_device(Features::new(&x, 4, 2).unwrap(), |device, pool| {
        // 0.8 of the first two; in f64 their squared distance is 0.4 to the last bit.
        let squared = (1.0f64 - 0.8).powi(2) + 0.6f64.powi(2);
        let threshold = 1.0 - squared / 2.0;
        let least = if 2.0 - 2.0 * threshold < squared {
            threshold.next_down()
        } else {
            threshold
        };
        assert_eq!(pairs(pool, least), [(0, 1)], "{device}");
        assert!(
            pairs(pool, least + 4.0 * f64::EPSILON).is_empty(),
            "{device}"
        );
    });
}

/// All rows equal: one is kept, all are of one group, and pairs come one by one, more than could be kept.
#[test]
fn equal_rows_need_no_more_memory_than_others() {
    let (rows, dim) = (20_000, 3);
    let x = vec![0.5; rows * dim];
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for threshold in [1.0, 0.9] {
        let duplicates = Duplicates { threshold };
        let kept = duplicates.keep(&pool, &[], &[], &mut unheard).unwrap();
        assert_eq!((kept.kept, kept.of), (vec![0], vec![0; rows]));
        assert_eq!(
            duplicates.groups(&pool, &mut unheard).unwrap(),
            vec![0; rows]
        );
        let mut first = Vec::new();
        let ended = duplicates.pairs(&pool, &mut unheard, &mut |row, other| {
            first.push((row, other));
            match first.len() {
                25_000 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        });
        assert!(matches!(ended, Err(Error::Interrupted { .. })));
        let want = (0..2).flat_map(|row| (row + 1..rows).map(move |other| (row, other)));
        assert!(first.into_iter().eq(want.take(25_000)));
    }
}
