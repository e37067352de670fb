//! Some rows of a pool, as a pool of their own: those that a first stage has chosen, or of one class.

use super::gather::gather;
use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::{Features, LeftOut, ReadRows, Rows};
use crate::kernels::pool::Pool;
use crate::random::RowIds;

/// Some rows of a pool, as a reader.
struct Chosen<'a> {
    pool: &'a dyn Pool,
    rows: &'a [usize],
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
fn copy(pool: &dyn Pool, rows: &[usize]) -> Result<Vec<f32>, Error> {
    let mut values = Vec::with_capacity(rows.len() * pool.dim());
    for piece in gather(pool, rows) {
        values.extend(piece?.1);
    }
    Ok(values)
}

/// Does `work` on a pool of some rows, which ascend, with random numbers of `stages` later; rows that its error
/// names are the pool's.
pub(super) fn on_rows<T>(
    pool: &dyn Pool,
    rows: &[usize],
    stages: u64,
    work: impl FnOnce(&dyn Pool) -> Result<T, Error>,
) -> Result<T, Error> {
    let bytes = (rows.len() * pool.dim() * size_of::<f32>()) as u64;
    let (values, chosen);
    // What memory cannot hold is fetched anew by every pass.
    let features = if bytes > pool.memory_limit() / 2 {
        chosen = Chosen { pool, rows };
        let shape = [rows.len(), pool.dim()];
        Features::without(Rows::Lent(&chosen), shape, &LeftOut::default())?
    } else {
        values = copy(pool, rows)?;
        Features::new(&values, rows.len(), pool.dim())?
    };
    let whole = pool.row_ids();
    let numbers: Vec<usize> = rows.iter().map(|&row| whole.number(row)).collect();
    let few = CpuPool::new(features).numbered(RowIds {
        rows: Some(&numbers),
        first: 0,
        stage: whole.stage + stages,
    });
    let few = few
        .rounded_to(pool.precision())
        .with_stop(pool.stop().clone());
    work(&few).map_err(|error| match error {
        // That is how a fetch of rows ends there.
        Error::Unreadable { partial, .. } if pool.stop().is_stopped() => {
            Error::Interrupted { partial }
        }
        Error::ZeroRow { row, need } => Error::ZeroRow {
            row: rows[row],
            need,
        },
        other => other,
    })
}
