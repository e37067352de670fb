//! Rows fetched from a pool a piece at a time.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::units::in_pieces;

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
    work: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (dim, at_once) = (pool.dim(), at_once(pool, pool.dim()));
    in_pieces(rows, dim, at_once, |rows| pool.given_rows(rows), work)
}
