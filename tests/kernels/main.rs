//! Every kernel on every device against the oracle: exact where integers allow it, within
//! a derived bound where they do not.

mod assign;
#[path = "../common/mod.rs"]
mod common;
mod deflate;
mod deflate_largest;
mod due_rows;
mod gather_rows;
mod integers;
mod k_nearest;
mod margins;
mod neighbours;
mod pairs;
mod quantise;
mod refresh;
mod row_norms;
mod similarities;
mod states;
mod visited;

use common::fractions;
use coresift::{Features, Pool};

/// Around the lane count, the tile, a workgroup's threads and rows; one; far from any multiple.
const DIMS: [usize; 12] = [1, 2, 15, 16, 17, 31, 63, 64, 65, 127, 128, 1000];

const ROWS: [usize; 8] = [1, 2, 7, 63, 65, 127, 129, 1000];

/// Every shape whose matrix is small enough for a software adapter, with a seed.
fn shapes(most: usize) -> impl Iterator<Item = (u32, usize, usize)> {
    let all = DIMS.iter().flat_map(|&dim| ROWS.map(|rows| (rows, dim)));
    (1..)
        .zip(all.filter(move |(rows, dim)| rows * dim <= most))
        .map(|(s, (r, d))| (s, r, d))
}

fn features(x: &[f32], dim: usize) -> Features<'_> {
    Features::new(x, x.len() / dim, dim).expect("features")
}

/// The rows in the pool's unit, in `f64`.
fn pool_rows(x: &[f32], dim: usize, pool: &dyn Pool) -> Vec<Vec<f64>> {
    let scale = f64::from(pool.scale());
    x.chunks(dim)
        .map(|row| row.iter().map(|&v| f64::from(v) * scale).collect())
        .collect()
}

/// The rows in an order of no pattern.
fn shuffled(seed: u32, rows: usize) -> Vec<usize> {
    let keys = fractions(seed, rows);
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]).then(a.cmp(&b)));
    order
}
