//! Some rows of a pool, as a pool of their own: those that a first stage has chosen, or of one class.

use super::gather::gather;
use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::{Features, LeftOut, ReadRows, Rows};
use crate::kernels::pool::Pool;
use crate::random::RowIds;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Some rows of a pool, as a reader.
struct Chosen<'a> {
    pool: &'a dyn Pool,
    rows: &'a [usize],
    /// Why rows could not be had: a reader has words alone.
    failed: Mutex<Option<Error>>,
}

impl Chosen<'_> {
    fn failed(&self) -> MutexGuard<'_, Option<Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The error that an unread row really is.
    fn as_it_was(&self, error: Error) -> Error {
        match error {
            Error::Unreadable { reason, partial } => match self.failed().take() {
                Some(failed) => failed.with_partial(*partial),
                None => Error::Unreadable { reason, partial },
            },
            other => other,
        }
    }
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
        let values = self.pool.given_rows(rows).map_err(|error| {
            let said = error.to_string();
            *self.failed() = Some(error);
            said
        })?;
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
    // What memory cannot hold is fetched anew by every pass.
    let done = if bytes > pool.memory_limit() / 2 {
        let chosen = Chosen {
            pool,
            rows,
            failed: Mutex::default(),
        };
        let shape = [rows.len(), pool.dim()];
        Features::without(Rows::Lent(&chosen), shape, &LeftOut::default())
            .and_then(|features| on_features(pool, rows, stages, features, work))
            .map_err(|error| chosen.as_it_was(error))
    } else {
        let values = copy(pool, rows)?;
        Features::new(&values, rows.len(), pool.dim())
            .and_then(|features| on_features(pool, rows, stages, features, work))
    };
    done.map_err(|error| match error {
        Error::ZeroRow { row, need } => Error::ZeroRow {
            row: rows[row],
            need,
        },
        other => other,
    })
}

/// As [`on_rows`], of the rows' features.
fn on_features<T>(
    pool: &dyn Pool,
    rows: &[usize],
    stages: u64,
    features: Features<'_>,
    work: impl FnOnce(&dyn Pool) -> Result<T, Error>,
) -> Result<T, Error> {
    let whole = pool.row_ids();
    let numbers: Vec<usize> = rows.iter().map(|&row| whole.number(row)).collect();
    let few = CpuPool::new(features).numbered(RowIds {
        rows: Some(&numbers),
        first: 0,
        stage: whole.stage + stages,
    });
    work(
        &few.rounded_to(pool.precision())
            .with_stop(pool.stop().clone()),
    )
}
