//! Rows that are read when they are asked for.

use coresift::ReadRows;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// Rows that can be read so many times.
pub(crate) struct Table {
    values: Arc<Vec<f32>>,
    dim: usize,
    times: AtomicUsize,
}

impl ReadRows for Table {
    fn rows(&self) -> usize {
        self.values.len() / self.dim
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        let still = |times: usize| times.checked_sub(1);
        if self.times.fetch_update(Relaxed, Relaxed, still).is_err() {
            return Err("rows.bin: gone".to_owned());
        }
        assert!(!out.is_empty() && out.len().is_multiple_of(self.dim));
        out.copy_from_slice(&self.values[first * self.dim..][..out.len()]);
        Ok(())
    }
}

/// Rows that can be read so many times from now on.
pub(crate) fn reader(values: &Arc<Vec<f32>>, dim: usize, times: usize) -> Table {
    Table {
        values: values.clone(),
        dim,
        times: times.into(),
    }
}
