//! One selector after another, against loops over the definition and against each alone.

mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod definition;
mod ends;
mod rows;

use common::oracle;
use coresift::{GramSchmidt, Norm, Uniform};

/// Added to the streams of a second stage.
const SECOND: u64 = 0x4000_0000;

/// Stream of uniform sampling.
const UNIFORM: u64 = 0x8000_0003;

fn uniform(seed: u64) -> Uniform {
    Uniform {
        seed,
        ..Uniform::default()
    }
}

fn norm(seed: u64) -> Norm {
    Norm {
        seed,
        ..Norm::default()
    }
}

fn gram_schmidt(seed: u64) -> GramSchmidt {
    GramSchmidt {
        seed,
        ..GramSchmidt::default()
    }
}

/// The `count` rows of the smallest keys, in order.
fn smallest(mut keys: Vec<(f64, usize)>, count: usize) -> Vec<usize> {
    keys.sort_by(|a, b| a.0.total_cmp(&b.0));
    keys[..count].iter().map(|&(_, row)| row).collect()
}

/// Uniform draws from some of `all` rows.
fn drawn(rows: &[usize], all: usize, seed: u64, stage: u64, count: usize) -> Vec<usize> {
    let numbers = oracle::exponentials(seed, stage + UNIFORM, all);
    smallest(rows.iter().map(|&row| (numbers[row], row)).collect(), count)
}

fn ascending(rows: &[usize]) -> Vec<usize> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}

fn gathered(x: &[f32], dim: usize, rows: &[usize]) -> Vec<f32> {
    let row = |&row: &usize| &x[row * dim..][..dim];
    rows.iter().flat_map(row).copied().collect()
}
