//! How much the host has settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What becomes [`Selection::settled`](crate::Selection::settled): multiply-adds. Clones add to the same
/// sum, so that each part of a selection can have one.
#[derive(Clone, Default)]
pub(super) struct Settled(Arc<AtomicU64>);

impl Settled {
    pub(super) fn add(&self, multiply_adds: usize) {
        self.0.fetch_add(multiply_adds as u64, Relaxed);
    }

    pub(super) fn total(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
