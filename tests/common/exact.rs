//! Textbook definitions in `f64`. Slow, obvious, shares no code with `src`.

use coresift::Metric;
use coresift::kernels::{KernelFunction, Rbf};

/// Σ|x|, Σx² and max|x| of a row.
pub fn norms(x: &[f32]) -> [f64; 3] {
    let x = x.iter().map(|&v| f64::from(v).abs());
    [
        x.clone().sum(),
        x.clone().map(|v| v * v).sum(),
        x.fold(0.0, f64::max),
    ]
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}

/// `count` orthonormal vectors in `dim` dimensions, by Gram-Schmidt, done twice, on the rows of
/// `x`; rounded to `f32`.
pub fn orthonormal(x: &[f32], dim: usize, count: usize) -> Vec<f32> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for row in x.chunks(dim).take(count) {
        let mut v = wide(row);
        for _ in 0..2 {
            v = residual(&v, &basis);
        }
        let length = dot(&v, &v).sqrt();
        basis.push(v.iter().map(|v| v / length).collect());
    }
    basis.iter().flatten().map(|&v| v as f32).collect()
}

/// x − Σ⟨x, qₘ⟩qₘ, one vector after the other.
pub fn residual(x: &[f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut x = x.to_vec();
    for q in basis {
        let c = dot(&x, q);
        x.iter_mut().zip(q).for_each(|(x, q)| *x -= c * q);
    }
    x
}

/// The similarities of integer rows, 0 between classes; `ends` is a class's last row and one, class after class.
pub fn similarities(rows: &[Vec<i64>], ends: &[usize], function: &KernelFunction) -> Vec<Vec<i64>> {
    let class = |row: usize| ends.iter().position(|&end| row < end);
    let product = |i: usize, j: usize| -> i64 {
        let pairs = rows[i].iter().zip(&rows[j]);
        pairs.map(|(a, b)| a * b).sum()
    };
    let similarity = |i: usize, j: usize| {
        if class(i) != class(j) {
            return 0;
        }
        match function {
            KernelFunction::Rbf(rbf) => {
                let halves = product(i, i).div_euclid(2) + product(j, j).div_euclid(2);
                between_entries(rbf, halves - product(i, j))
            }
            KernelFunction::Thresholded(least) => thresholded(product(i, j), i64::from(*least)),
            _ => product(i, j),
        }
    };
    (0..rows.len())
        .map(|i| (0..rows.len()).map(|j| similarity(i, j)).collect())
        .collect()
}

/// What is above a threshold, over 2^14 and rounded half up, at most 65 535.
fn thresholded(product: i64, least: i64) -> i64 {
    if product <= least {
        return 0;
    }
    ((product as f64 / 16384.0 + 0.5).floor() as i64).min(65_535)
}

/// The radial basis function at half a squared distance, by its table: a value in quarters, and what it falls by
/// in whole numbers of 2^15 at most to an entry; 0 past it.
fn between_entries(rbf: &Rbf, q: i64) -> i64 {
    let q = q.clamp(0, (1 << 31) - 1);
    let (shift, table) = rbf.table();
    let (entry, rest) = (q >> shift, q & ((1 << shift) - 1));
    let Some(&word) = table.get(entry as usize) else {
        return 0;
    };
    let (value, falls_by) = (i64::from(word >> 14), i64::from(word % (1 << 14)));
    let (rest, unit) = match shift {
        16.. => (rest >> (shift - 15), 15),
        _ => (rest, shift),
    };
    (value - ((falls_by * rest) >> unit) + 2) / 4
}

/// Picks, with their gains, of `count` greedy rounds among some rows; `gains` are of all rows.
pub fn greedy_rounds(
    similarities: &[Vec<i64>],
    rows: std::ops::Range<usize>,
    gains: &mut [i64],
    count: usize,
    step: i64,
) -> Vec<(usize, i64)> {
    let mut rounds = Vec::new();
    for _ in 0..count {
        let mut pick = rows.start;
        for row in rows.clone() {
            if gains[row] > gains[pick] {
                pick = row;
            }
        }
        rounds.push((pick, gains[pick]));
        for row in rows.clone() {
            gains[row] += step * similarities[pick][row];
        }
        gains[pick] -= 1 << 62;
    }
    rounds
}

/// Picks, with their gains, of `count` greedy rounds of the cover among some rows that are open, and `best` after
/// them: of all rows, as are `weights`.
pub fn cover_rounds(
    similarities: &[Vec<i64>],
    open: &[usize],
    (best, weights): (&mut [u16], &[u16]),
    count: usize,
) -> Vec<(usize, i64)> {
    let mut open = open.to_vec();
    let mut rounds = Vec::new();
    for _ in 0..count {
        let gain = |&row: &usize| cover_gain(&similarities[row], best, weights);
        let largest = open.iter().map(gain).max().unwrap();
        let at = open.iter().position(|row| gain(row) == largest).unwrap();
        let pick = open.remove(at);
        rounds.push((pick, largest));
        raise(best, &similarities[pick]);
    }
    rounds
}

/// What a row of these similarities adds to a cover.
pub fn cover_gain(similarities: &[i64], best: &[u16], weights: &[u16]) -> i64 {
    let rises = similarities.iter().zip(best).zip(weights);
    rises
        .map(|((&similarity, &best), &weight)| {
            (similarity - i64::from(best)).max(0) * i64::from(weight)
        })
        .sum()
}

/// Raises a cover by a row of these similarities.
pub fn raise(best: &mut [u16], similarities: &[i64]) {
    for (best, &similarity) in best.iter_mut().zip(similarities) {
        *best = (*best).max(similarity as u16);
    }
}

/// The points of a pool: as they are, or at length 1.
pub fn points(x: &[f32], dim: usize, metric: Metric) -> Vec<Vec<f64>> {
    let point = |x: &[f32]| -> Vec<f64> {
        let x = x.iter().map(|&v| f64::from(v));
        let length = x.clone().map(|v| v * v).sum::<f64>().sqrt();
        match metric {
            Metric::Cosine => x.map(|v| v / length).collect(),
            _ => x.collect(),
        }
    };
    x.chunks(dim).map(point).collect()
}

/// Squared distance of two points.
pub fn distance_sq(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}
