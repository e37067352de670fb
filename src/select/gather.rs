//! Rows fetched from a pool a piece at a time, as they are or at length 1.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::reduce;
use rayon::prelude::*;

/// Rows that one thread brings to length 1, at least: fewer are not worth waking another for.
pub(super) const ROWS: usize = 64;

/// Some rows in order, in pieces: which rows, and their values, row-major, in the caller's unit.
pub(crate) fn gather<'a>(
    pool: &'a dyn Pool,
    rows: &'a [usize],
) -> impl Iterator<Item = Result<(&'a [usize], Vec<f32>), Error>> {
    rows.chunks(at_once(pool, pool.dim()))
        .map(|rows| Ok((rows, pool.given_rows(rows)?)))
}

/// The same in pool unit, as kernels have them.
pub(super) fn gather_scaled<'a>(
    pool: &'a dyn Pool,
    rows: &'a [usize],
) -> impl Iterator<Item = Result<(&'a [usize], Vec<f32>), Error>> {
    rows.chunks(at_once(pool, pool.dim()))
        .map(|rows| Ok((rows, pool.gather_rows(rows)?)))
}

/// How many runs of `values` f32 to fetch at a time.
pub(super) fn at_once(pool: &dyn Pool, values: usize) -> usize {
    (pool.values_at_once() / values).max(1)
}

/// Gives `work` some rows of a pool in order, at length 1, in pieces.
pub(super) fn gather_units(
    pool: &dyn Pool,
    rows: &[usize],
    mut work: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (dim, mut z) = (pool.dim(), Vec::new());
    for piece in gather(pool, rows) {
        let (rows, x) = piece?;
        z.resize(x.len(), 0.0);
        z.par_chunks_exact_mut(dim)
            .zip(x.par_chunks_exact(dim))
            .with_min_len(ROWS)
            .for_each(|(z, x)| normalise(x, z));
        work(rows, &z)?;
    }
    Ok(())
}

/// x over its length; zeros where that is 0.
pub(crate) fn normalise(x: &[f32], z: &mut [f64]) {
    reduce::vectorised!({
        let length = reduce::squares(x).sqrt();
        if length == 0.0 {
            z.fill(0.0);
            return;
        }
        for (z, &v) in z.iter_mut().zip(x) {
            *z = f64::from(v) / length;
        }
    });
}
