//! What lies in the middle of some rows.

use crate::rank;

/// Rows by which the middle of some is found: one of so many, within these limits.
const SAMPLED: usize = 8;

const FEWEST: usize = 3;

const SAMPLE: usize = 32;

/// A few of some rows, evenly spread.
pub(in crate::select) fn sample(rows: &[usize]) -> Vec<usize> {
    let count = (rows.len() / SAMPLED).clamp(FEWEST, SAMPLE).min(rows.len());
    (0..count).map(|at| rows[at * rows.len() / count]).collect()
}

/// Of every column the value in the middle: what a few odd rows do not move.
pub(in crate::select) fn middle(values: &[f64], dim: usize) -> Vec<f64> {
    let column = |column: usize| values.iter().skip(column).step_by(dim).copied().collect();
    let count = values.len() / dim;
    (0..dim)
        .map(|at| rank::nth_smallest(column(at), count / 2))
        .collect()
}
