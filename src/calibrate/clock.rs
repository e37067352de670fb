//! A watcher that times calls.

use crate::error::Error;
use crate::kernels::call::{Call, Watcher};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Seconds and work of calls, by their names.
#[derive(Default)]
pub(super) struct Clock(Mutex<BTreeMap<&'static str, (f64, usize)>>);

impl Clock {
    /// Seconds of all calls.
    pub(super) fn seconds(&self) -> f64 {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.values().map(|call| call.0).sum()
    }

    /// Seconds and work of those of one name.
    pub(super) fn of(&self, name: &str) -> (f64, usize) {
        let calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calls.get(name).copied().unwrap_or_default()
    }
}

impl Watcher for &Clock {
    fn around<T>(&self, call: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        let began = Instant::now();
        let value = run();
        let seconds = began.elapsed().as_secs_f64();
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = calls.entry(call.name).or_default();
        entry.0 += seconds;
        entry.1 += call.work;
        value
    }
}
