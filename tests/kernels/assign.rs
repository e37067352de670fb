//! The nearest of some vectors to every row.

use crate::common::{fractions, on_every_device, oracle, whole_numbers};
use crate::{features, pool_rows, shapes};
use coresift::Pool;
use coresift::kernels::Assignment;
use coresift::kernels::rounding::score_error;

/// Every row's nearest vector, by the kernel.
fn assign(pool: &dyn Pool, vectors: &[f32], offsets: &[f32], lengths: &[f32]) -> Vec<Assignment> {
    let rows = pool.assigner(lengths.to_vec()).unwrap();
    rows.assign(vectors, offsets).unwrap()
}

/// Scores that f32 holds exactly: the same answer everywhere, ties to the lower index.
fn check_assign_exact(seed: u32, rows: usize, dim: usize, count: usize) {
    let x = whole_numbers(seed, rows * dim);
    let vectors = whole_numbers(seed + 1000, count * dim);
    let offsets = whole_numbers(seed + 2000, count);
    let lengths = whole_numbers(seed + 3000, rows);
    on_every_device(features(&x, dim), |device, pool| {
        let scale = f64::from(pool.scale());
        // Offsets of the products' own unit.
        let offsets: Vec<f32> = offsets.iter().map(|v| v * pool.scale()).collect();
        let got = assign(pool, &vectors, &offsets, &lengths);
        for (i, (got, x)) in got.iter().zip(x.chunks(dim)).enumerate() {
            let score = |(q, offset): (&[f32], &f32)| {
                let product = oracle::dot(&oracle::wide(x), &oracle::wide(q));
                (f64::from(*offset) * f64::from(lengths[i]) - scale * product) as f32
            };
            let scores: Vec<f32> = vectors.chunks(dim).zip(&offsets).map(score).collect();
            let best = scores.iter().copied().fold(f32::MAX, f32::min);
            let index = scores.iter().position(|&s| s == best).unwrap_or(0);
            let others = scores.iter().enumerate().filter(|(k, _)| *k != index);
            let want = Assignment {
                index: index as u32,
                best,
                second: others.map(|(_, &s)| s).fold(f32::MAX, f32::min),
            };
            assert_eq!(
                *got, want,
                "{device} {rows} x {dim}, {count} vectors, row {i}"
            );
        }
    });
}

#[test]
fn assign_exact() {
    for (seed, rows, dim) in shapes(20_000) {
        let count = [1, 2, 31, 32, 33, 64, 65][seed as usize % 7];
        check_assign_exact(seed, rows, dim, count);
    }
}

/// Panels are crossed and grids folded on the device of tiny bindings; the vectors take several of
/// its bindings.
#[test]
fn assign_of_many_rows_and_of_many_vectors() {
    check_assign_exact(1, 70_001, 1, 3);
    check_assign_exact(2, 140, 1000, 290);
}

/// No score is further off than `score_error` says, in whatever unit the caller's numbers are.
#[test]
fn assign_rounding() {
    let (rows, dim, count) = (130, 100, 70);
    for unit in [1e-30f32, 1.0, 1e15] {
        let x: Vec<f32> = fractions(41, rows * dim).iter().map(|v| v * unit).collect();
        let vectors = fractions(42, count * dim);
        let offsets = fractions(43, count);
        let lengths = fractions(44, rows);
        on_every_device(features(&x, dim), |device, pool| {
            let got = assign(pool, &vectors, &offsets, &lengths);
            for (i, (got, x)) in got.iter().zip(pool_rows(&x, dim, pool)).enumerate() {
                let score = |k: usize| {
                    let q = oracle::wide(&vectors[k * dim..][..dim]);
                    let offset = f64::from(offsets[k]) * f64::from(lengths[i]);
                    let length = |v: &[f64]| oracle::dot(v, v).sqrt();
                    let error = score_error(dim, length(&x), length(&q), offset.abs());
                    (offset - oracle::dot(&x, &q), error)
                };
                let smallest = |skip: Option<usize>| {
                    let scores = (0..count).filter(|&k| Some(k) != skip).map(score);
                    let near = |(low, high): (f64, f64), (score, error): (f64, f64)| {
                        (low.min(score - error), high.min(score + error))
                    };
                    scores.fold((f64::MAX, f64::MAX), near)
                };
                let within = |value: f32, (low, high): (f64, f64)| {
                    low <= f64::from(value) && f64::from(value) <= high
                };
                let index = got.index as usize;
                let place = format!("{device} unit {unit:e} row {i}: {got:?}");
                assert!(within(got.best, smallest(None)), "{place}");
                assert!(within(got.second, smallest(Some(index))), "{place}");
                let (own, error) = score(index);
                assert!((f64::from(got.best) - own).abs() <= error, "{place}");
            }
        });
    }
}
