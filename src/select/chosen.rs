//! Rows that a first stage has chosen, for a second to pick from.

use super::gather::gather;
use crate::error::Error;
use crate::features::ReadRows;
use crate::kernels::pool::Pool;

/// Some rows of a pool, as a reader.
pub(super) struct Chosen<'a> {
    pub(super) pool: &'a dyn Pool,
    pub(super) rows: &'a [usize],
}

impl ReadRows for Chosen<'_> {
    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.pool.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        let rows = &self.rows[first..first + out.len() / self.pool.dim()];
        let values = self.pool.given_rows(rows).map_err(|e| e.to_string())?;
        out.copy_from_slice(&values);
        Ok(())
    }
}

/// Some rows in the caller's unit, row-major.
pub(super) fn copy(pool: &dyn Pool, rows: &[usize]) -> Result<Vec<f32>, Error> {
    let mut values = Vec::with_capacity(rows.len() * pool.dim());
    for piece in gather(pool, rows) {
        values.extend(piece?.1);
    }
    Ok(values)
}
