//! Rows fetched from a pool a piece at a time.

use crate::{Error, Pool};

/// Bytes of rows fetched at a time.
const BYTES: usize = 4 << 20;

/// Some rows in order, in pieces: which rows, and their values, row-major, in pool unit.
pub(super) fn gather<'a>(
    pool: &'a dyn Pool,
    rows: &'a [usize],
) -> impl Iterator<Item = Result<(&'a [usize], Vec<f32>), Error>> {
    rows.chunks(at_once(pool.dim()))
        .map(|rows| Ok((rows, pool.gather_rows(rows)?)))
}

/// How many runs of `values` f32 to fetch at a time.
pub(super) fn at_once(values: usize) -> usize {
    (BYTES / (4 * values)).max(1)
}
