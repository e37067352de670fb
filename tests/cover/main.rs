//! Facility location, coverage and herding against their definitions, and on real pools.

mod classes;
#[path = "../common/mod.rs"]
mod common;
mod definition;
mod real;
mod refused;

use coresift::kernels::{Examples, KernelFunction, Length};
use coresift::{CpuPool, Features};

/// The similarities of all rows of a pool.
fn similarities(x: &[f32], dim: usize, function: &KernelFunction) -> Vec<Vec<i64>> {
    let rows = x.len() / dim;
    let pool = CpuPool::new(Features::new(x, rows, dim).unwrap());
    let all: Vec<usize> = (0..rows).collect();
    let examples = Examples {
        classes: &[&all],
        views: 1,
        length: Length::Own,
    };
    let made = coresift::Pool::similarities(&pool, examples, function).unwrap();
    let columns = made.columns(&all).unwrap();
    let row = |row: &[i32]| row.iter().map(|&v| i64::from(v)).collect();
    columns.chunks(rows).map(row).collect()
}
