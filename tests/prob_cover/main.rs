//! What holds of ProbCover on every device: the definition, real pools, the released code, bad input.

#[path = "../common/mod.rs"]
mod common;
mod definition;
mod real_pools;
mod runs;

use common::fractions;
use coresift::{CoveredRows, Details, Selection};

/// The rows at length 1.
fn unit(x: &[f32], dim: usize) -> Vec<Vec<f64>> {
    let row = |x: &[f32]| {
        let length = x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        x.iter().map(|&v| f64::from(v) / length).collect()
    };
    x.chunks(dim).map(row).collect()
}

fn distance_sq(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    distance_sq(a, b).sqrt()
}

/// How much a selection says is covered.
fn coverage(selection: &Selection) -> CoveredRows {
    match &selection.details {
        Details::ProbCover(cover) => *cover,
        other => panic!("{other:?} instead of what is covered"),
    }
}

/// Rows about a few directions, of many lengths, every ninth a copy of an earlier one.
fn clusters(seed: u32, rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(seed, rows * dim);
    for row in 0..rows {
        let own = &mut x[row * dim..][..dim];
        own[row % dim.min(5)] += 1.5;
        own.iter_mut()
            .for_each(|v| *v *= (row as f32 % 7.0 - 3.0).exp2());
        if row % 9 == 8 {
            x.copy_within((row / 2) * dim..(row / 2 + 1) * dim, row * dim);
        }
    }
    x
}
