//! Threads that share the work: as many as asked for, of this process.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Threads by process and number.
type Made = HashMap<(u32, usize), Arc<ThreadPool>>;

/// A process that was forked has none of its parent's threads, so it makes its own.
static MADE: Mutex<Option<Made>> = Mutex::new(None);

/// So many threads, or as many as there are cores; kept for the next who asks.
pub(crate) fn of(asked: Option<usize>) -> PyResult<Arc<ThreadPool>> {
    let threads = asked.unwrap_or(0);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    let made = made.get_or_insert_default();
    let key = (std::process::id(), threads);
    if let Some(pool) = made.get(&key) {
        return Ok(Arc::clone(pool));
    }
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = Arc::new(pool.map_err(|error| PyRuntimeError::new_err(error.to_string()))?);
    made.insert(key, Arc::clone(&pool));
    Ok(pool)
}
