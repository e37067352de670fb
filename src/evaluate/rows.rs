//! Rows in f64, a block at a time: what is added up block after block is the same on every machine.

use crate::error::Error;
use crate::kernels::units::normalise;
use crate::select::metric::Metric;
use crate::select::points::Points;
use rayon::prelude::*;

/// Rows of a block.
const BLOCK: usize = 256;
/// Values that are gathered at a time.
const AT_ONCE: usize = 1 << 20;

/// Goes through some rows, in pool unit or at length 1. `of_block` is given the place of a block's first row
/// among them and the block's values, and `take` what it makes of them, block after block.
pub(super) fn by_blocks<T: Send>(
    points: Points<'_>,
    rows: &[usize],
    of_block: impl Fn(usize, &[f64]) -> T + Sync,
    mut take: impl FnMut(T),
) -> Result<(), Error> {
    let (pool, dim) = (points.pool, points.dim());
    let at_once = (AT_ONCE / dim / BLOCK).max(1) * BLOCK;
    for (piece, rows) in rows.chunks(at_once).enumerate() {
        let x = pool.given_rows(rows)?;
        let blocks = x.par_chunks(BLOCK * dim).enumerate();
        let of_block = |block: Result<(usize, &[f32]), Error>| {
            let (block, x) = block?;
            Ok(of_block(piece * at_once + block * BLOCK, &made(points, x)))
        };
        let found = pool.stop().over(blocks).map(of_block);
        let found: Vec<T> = found.collect::<Result<_, Error>>()?;
        found.into_iter().for_each(&mut take);
    }
    Ok(())
}

/// Rows as points in f64.
fn made(points: Points<'_>, x: &[f32]) -> Vec<f64> {
    let mut z = vec![0.0; x.len()];
    match points.metric {
        Metric::Cosine => {
            let rows = z.chunks_exact_mut(points.dim());
            rows.zip(x.chunks_exact(points.dim()))
                .for_each(|(z, x)| normalise(x, z));
        }
        Metric::Euclidean => {
            let scale = f64::from(points.pool.scale());
            z.iter_mut()
                .zip(x)
                .for_each(|(z, &x)| *z = f64::from(x) * scale);
        }
    }
    z
}

/// Adds values to sums.
pub(super) fn add(sums: &mut [f64], values: &[f64]) {
    sums.iter_mut()
        .zip(values)
        .for_each(|(sum, value)| *sum += value);
}
