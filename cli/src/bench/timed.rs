//! What a selection spends in its pool: a watcher that times calls by the host's clock and adds up what
//! they ask for.

use coresift::Error;
use coresift::kernels::{Call, Watcher};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Calls and seconds by the name of a kernel, or of what else a pool was asked for.
#[derive(Debug, Default)]
pub(super) struct Clock {
    calls: Mutex<BTreeMap<&'static str, (u64, f64)>>,
    work: AtomicU64,
}

impl Clock {
    /// The table stays true when a thread that held it has panicked: an entry is written in one go.
    fn calls(&self) -> MutexGuard<'_, BTreeMap<&'static str, (u64, f64)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Work of all calls.
    pub(super) fn work(&self) -> u64 {
        self.work.load(Relaxed)
    }

    /// Name, calls and seconds.
    pub(super) fn parts(&self) -> Vec<(&'static str, u64, f64)> {
        let calls = self.calls();
        calls.iter().map(|(&name, &(n, s))| (name, n, s)).collect()
    }

    /// Seconds of all calls.
    pub(super) fn seconds(&self) -> f64 {
        self.calls().values().map(|call| call.1).sum()
    }
}

impl Watcher for &Clock {
    fn around<T>(&self, call: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.count(call.work);
        let began = Instant::now();
        let value = run();
        let seconds = began.elapsed().as_secs_f64();
        let mut calls = self.calls();
        let entry = calls.entry(call.name).or_default();
        entry.0 += 1;
        entry.1 += seconds;
        value
    }

    fn count(&self, work: usize) {
        self.work.fetch_add(work as u64, Relaxed);
    }
}
