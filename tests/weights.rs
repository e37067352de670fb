//! Weights of picks against their definition: every distance in f64.

mod common;

use common::oracle::{distance_sq, points};
use common::{fractions, npy, on_every_device, whole_numbers};
use coresift::evaluate::{Weigher, Weights};
use coresift::{CpuPool, Error, Features, Metric, Stop};

/// For every row the place of the nearest of some rows, ties to the earlier.
fn nearest(points: &[Vec<f64>], chosen: &[usize]) -> Vec<usize> {
    let of_row = |x: &Vec<f64>| {
        let mut best = (0, f64::MAX);
        for (place, &row) in chosen.iter().enumerate() {
            let distance_sq = distance_sq(x, &points[row]);
            if distance_sq < best.1 {
                best = (place, distance_sq);
            }
        }
        best.0
    };
    points.iter().map(of_row).collect()
}

/// How many rows, and how much of the weights, belong to each of some rows.
fn weights(nearest: &[usize], count: usize, target: &[f64]) -> (Weights, Weights) {
    let (mut rows, mut sums) = (vec![0; count], vec![0.0; count]);
    for (&place, weight) in nearest.iter().zip(target) {
        rows[place] += 1;
        sums[place] += weight;
    }
    (Weights::Rows(rows), Weights::Targets(sums))
}

const METRICS: [Metric; 2] = [Metric::Euclidean, Metric::Cosine];

/// Asserts what the labelled rows and the picks weigh on every device.
fn assert_weights(
    at: &str,
    (x, dim): (&[f32], usize),
    (labelled, picks): (&[usize], &[usize]),
    metric: Metric,
) {
    let rows = x.len() / dim;
    let target: Vec<f64> = (0..rows).map(|row| 0.1 * (row % 7) as f64).collect();
    let chosen = [labelled, picks].concat();
    let nearest = nearest(&points(x, dim, metric), &chosen);
    let (counts, sums) = weights(&nearest, chosen.len(), &target);
    on_every_device(Features::new(x, rows, dim).unwrap(), |device, pool| {
        let alike = Weigher::new(pool, metric, None).unwrap();
        let at = format!("{at} {metric} on {device}");
        assert_eq!(alike.weigh(labelled, picks).unwrap(), counts, "{at}");
        let weighed = Weigher::new(pool, metric, Some(&target)).unwrap();
        assert_eq!(weighed.weigh(labelled, picks).unwrap(), sums, "{at}");
    });
}

/// So many different rows, spread over a pool.
fn spread(rows: usize, count: usize) -> Vec<usize> {
    (0..count).map(|at| at * 7919 % rows).collect()
}

#[test]
fn real_pools_by_all_distances() {
    for stored in npy::small_pools() {
        let chosen = spread(stored.rows, 100);
        let (labelled, picks) = chosen.split_at(20);
        for metric in METRICS {
            let values = (&stored.values[..], stored.dim);
            assert_weights(&stored.name, values, (labelled, picks), metric);
        }
    }
}

/// Whole numbers, so that distances are exact: equal rows and equal distances without end.
#[test]
fn ties_go_to_the_earlier() {
    let (rows, dim) = (600, 2);
    let x = whole_numbers(5, rows * dim);
    let chosen = spread(rows, 300);
    let picks = (&chosen[..7], &chosen[7..]);
    assert_weights("whole", (&x, dim), picks, Metric::Euclidean);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let weigher = Weigher::new(&pool, Metric::Euclidean, None).unwrap();
    let Weights::Rows(counts) = weigher.weigh(&[], &chosen).unwrap() else {
        panic!("rows are counted");
    };
    let is_first = |place: usize| {
        let of = |place: usize| &x[chosen[place] * dim..][..dim];
        (0..place).all(|before| of(before) != of(place))
    };
    for (place, &count) in counts.iter().enumerate() {
        assert_eq!(count > 0, is_first(place), "{place}");
    }
    assert_eq!(counts.iter().sum::<u64>(), rows as u64);
    assert!(counts.contains(&0), "17 x 17 different rows at most");
}

/// Where all rows lie close together far from 0, where one lies far off, and where lengths differ by more than
/// an f32 spans.
#[test]
fn rows_that_are_nearly_alike() {
    let (rows, dim) = (500, 6);
    let noise = fractions(7, rows * dim);
    let ball: Vec<f32> = noise.iter().map(|v| 1000.0 + v).collect();
    let mut far = ball.clone();
    far[77 * dim] = 1e9;
    let spans = noise.iter().enumerate();
    let spans = spans.map(|(i, v)| v * (-((i / dim % 100) as f32)).exp2());
    for x in [ball, far, spans.collect()] {
        for metric in METRICS {
            let picks = spread(rows, 60);
            assert_weights("alike", (&x, dim), (&[], &picks), metric);
        }
    }
}

/// All rows point the same way, some of them just so: by cosines the first has them all, but for roundings.
#[test]
fn rows_of_one_direction() {
    let x: Vec<f32> = (1..=40)
        .flat_map(|row| [row as f32, 2.0 * row as f32])
        .collect();
    on_every_device(Features::new(&x, 40, 2).unwrap(), |device, pool| {
        let weigher = Weigher::new(pool, Metric::Cosine, None).unwrap();
        let Weights::Rows(counts) = weigher.weigh(&[], &[3, 1, 7]).unwrap() else {
            panic!("rows are counted");
        };
        assert_eq!(counts, [40, 0, 0], "{device}");
    });
}

#[test]
fn a_stopped_pool_weighs_nothing() {
    let (x, stop) = (fractions(3, 4000), Stop::new());
    let pool = CpuPool::new(Features::new(&x, 1000, 4).unwrap()).with_stop(stop.clone());
    let weigher = Weigher::new(&pool, Metric::Cosine, None).unwrap();
    stop.stop();
    let error = weigher.weigh(&[], &[1, 2]).unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error}");
}

#[test]
fn what_cannot_be_is_refused() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let new = |metric, target: Option<&[f64]>| match Weigher::new(&pool, metric, target) {
        Ok(_) => panic!("{target:?}"),
        Err(error) => error.to_string(),
    };
    let zero = new(Metric::Cosine, None);
    assert_eq!(
        zero,
        "features: row 1 is all zeros, a row with a direction expected (weights of picks by cosine)"
    );
    for (target, problem) in [
        (
            &[1.0, 2.0][..],
            "2 weights found, one for each of 3 rows expected",
        ),
        (
            &[1.0, -0.5, 1.0],
            "-0.5 at row 1 found, a finite number from 0 up expected",
        ),
        (
            &[1.0, 1.0, f64::NAN],
            "NaN at row 2 found, a finite number from 0 up expected",
        ),
        (
            &[f64::INFINITY, 1.0, 1.0],
            "inf at row 0 found, a finite number from 0 up expected",
        ),
        (
            &[0.0; 3],
            "zeros alone found, at least one weight above 0 expected",
        ),
    ] {
        let said = new(Metric::Euclidean, Some(target));
        assert_eq!(said, format!("target_weights: {problem}"));
    }
    let weigher = Weigher::new(&pool, Metric::Euclidean, None).unwrap();
    let said = |labelled: &[usize], picks: &[usize]| {
        weigher.weigh(labelled, picks).unwrap_err().to_string()
    };
    let twice = "rows that are neither labelled nor picked before expected";
    assert_eq!(
        said(&[], &[3]),
        "picks: row 3 found, indices below 3 expected"
    );
    assert_eq!(said(&[], &[0, 0]), format!("picks: row 0 found, {twice}"));
    assert_eq!(said(&[2], &[2]), format!("picks: row 2 found, {twice}"));
    assert_eq!(
        said(&[3], &[]),
        "labelled: row 3 found, indices below 3 expected"
    );
    assert_eq!(weigher.weigh(&[], &[]).unwrap(), Weights::Rows(vec![]));
}
