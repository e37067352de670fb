//! Features to measure with.

use super::sizes::Shape;
use coresift::{Error, Features};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Clusters after a ReLU, the usual shape of a network's features; a twentieth of the rows each.
pub(crate) fn features(shape: Shape) -> Result<Vec<f32>, Error> {
    let number = |at: u64| {
        let z = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((z ^ (z >> 29)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let dim = shape.dim;
    let value = |i: usize| {
        let (row, column) = (i / dim, i % dim);
        let centre = number((row % 20 * dim + column) as u64);
        (centre + number((i + 20 * dim) as u64)).max(0.0)
    };
    let mut values = Vec::new();
    let count = shape.rows * dim;
    (values.try_reserve_exact(count)).map_err(|_| Error::OutOfMemory {
        what: "features",
        needed: 4 * count as u64,
        available: None,
    })?;
    (0..count)
        .into_par_iter()
        .map(value)
        .collect_into_vec(&mut values);
    Ok(values)
}

/// Features of this shape, kept where they are made when first asked for.
pub(super) fn made(kept: &OnceLock<Vec<f32>>, shape: Shape) -> Result<Features<'_>, Error> {
    if kept.get().is_none() {
        let _ = kept.set(features(shape)?); // unless another thread has: they are the same
    }
    let values = kept.get().expect("set just now");
    Features::new(values, shape.rows, shape.dim)
}
