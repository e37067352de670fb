//! By how much a cluster's own vector leads the others.

use crate::common::{fractions, on_every_device, oracle, whole_numbers};
use crate::{features, pool_rows, shapes, shuffled};
use coresift::kernels::CandidateGroup;
use coresift::kernels::rounding::score_error;

/// Numbers that f32 holds exactly; groups of shuffled rows and vectors, and one without rows.
fn check_margins_exact(seed: u32, rows: usize, dim: usize, count: usize) {
    let x = whole_numbers(seed, rows * dim);
    let vectors = whole_numbers(seed + 1000, count * dim);
    let offsets = whole_numbers(seed + 2000, count);
    let lengths: Vec<f32> = (0..rows).map(|row| [1.0, 4.0, 0.5][row % 3]).collect();
    let (of_rows, of_vectors) = (shuffled(seed, rows), shuffled(seed + 1, count));
    let few = rows / 3;
    let group = |rows, vectors: &[usize]| CandidateGroup {
        rows,
        vectors: vectors.iter().map(|&vector| vector as u32).collect(),
    };
    let groups = [
        group(&of_rows[..few], &of_vectors),
        group(&of_rows[few..], &of_vectors[count / 2..]),
        group(&of_rows[..0], &of_vectors[..1]),
    ];
    on_every_device(features(&x, dim), |device, pool| {
        let scale = f64::from(pool.scale());
        let offsets: Vec<f64> = offsets.iter().map(|&v| scale * f64::from(v)).collect();
        let wide = oracle::wide(&vectors);
        let assigner = pool.assigner(lengths.clone()).unwrap();
        let Some(found) = assigner.margins(&groups, &wide, &offsets).unwrap() else {
            assert_ne!(device, "cpu");
            return;
        };
        assert_eq!(found.len(), groups.len());
        for (found, group) in found.iter().zip(&groups) {
            let place = format!("{device} {rows} x {dim}, {} vectors", group.vectors.len());
            let mut want = vec![f64::from(f32::MAX); group.vectors.len()];
            let mut own = f64::from(f32::MIN);
            assert_eq!(found.nearest.len(), group.rows.len(), "{place}");
            for (nearest, &row) in found.nearest.iter().zip(group.rows) {
                let (length, x) = (
                    f64::from(lengths[row]),
                    oracle::wide(&x[row * dim..][..dim]),
                );
                let score = |&vector: &u32| {
                    let vector = vector as usize;
                    let q = oracle::wide(&vectors[vector * dim..][..dim]);
                    offsets[vector] * length - scale * oracle::dot(&x, &q)
                };
                let scores: Vec<f64> = group.vectors.iter().map(score).collect();
                let margin = |score: f64| (score - scores[0]) as f32;
                let mut sorted = scores.clone();
                sorted.sort_by(f64::total_cmp);
                let second = sorted.get(1).map_or(f32::MAX, |&score| margin(score));
                let named = margin(score(&nearest.index));
                let got = (named, nearest.best, nearest.second);
                let best = margin(sorted[0]);
                assert_eq!(got, (best, best, second), "{place}, row {row}");
                own = own.max(scores[0] / length);
                for (want, score) in want.iter_mut().zip(&scores) {
                    *want = want.min((score - scores[0]) / length);
                }
            }
            let want: Vec<f32> = want.iter().map(|&margin| margin as f32).collect();
            assert_eq!((&found.least, found.own), (&want, own as f32), "{place}");
        }
    });
}

#[test]
fn margins_exact() {
    for (seed, rows, dim) in shapes(20_000) {
        let count = [1, 2, 8, 9, 16, 17, 33, 64, 65][seed as usize % 9];
        check_margins_exact(seed, rows, dim, count);
    }
    check_margins_exact(1, 3_001, 5, 40);
}

/// No score or margin is further off than said.
#[test]
fn margins_rounding() {
    let (rows, dim) = (130, 100);
    let all: Vec<usize> = (0..rows).collect();
    for (unit, count) in [(1e-30f32, 70), (1.0, 5), (1.0, 70), (1e15, 5)] {
        let x: Vec<f32> = fractions(45, rows * dim).iter().map(|v| v * unit).collect();
        // Whatever they have in common does not count.
        let vectors = fractions(46, count * dim).into_iter();
        let vectors: Vec<f64> = vectors.map(|v| 1e4 + f64::from(v)).collect();
        let offsets = fractions(47, count).into_iter();
        let offsets: Vec<f64> = offsets.map(|v| 1e6 + f64::from(v)).collect();
        let lengths: Vec<f32> = fractions(48, rows).iter().map(|v| v.abs() + 0.1).collect();
        let groups = [CandidateGroup {
            rows: &all,
            vectors: (0..count as u32).collect(),
        }];
        on_every_device(features(&x, dim), |device, pool| {
            let assigner = pool.assigner(lengths.clone()).unwrap();
            let Some(found) = assigner.margins(&groups, &vectors, &offsets).unwrap() else {
                return;
            };
            let bounds = |k: usize| {
                let mut least = (f64::MAX, f64::MAX);
                for (x, &over) in pool_rows(&x, dim, pool).iter().zip(&lengths) {
                    let q = vectors[k * dim..][..dim].iter().zip(&vectors[..dim]);
                    let q: Vec<f64> = q.map(|(v, own)| v - own).collect();
                    let offset = (offsets[k] - offsets[0]) * f64::from(over);
                    let length = |v: &[f64]| oracle::dot(v, v).sqrt();
                    let error = score_error(dim, length(x), length(&q), offset.abs());
                    let margin = (offset - oracle::dot(x, &q)) / f64::from(over);
                    let error = error / f64::from(over) + 2e-7 * margin.abs();
                    least = (least.0.min(margin - error), least.1.min(margin + error));
                }
                least
            };
            for (k, &least) in found[0].least.iter().enumerate() {
                let (low, high) = bounds(k);
                let within = low <= f64::from(least) && f64::from(least) <= high;
                assert!(
                    within,
                    "{device} unit {unit:e} vector {k}: {least} in {low}, {high}"
                );
            }
        });
    }
}
