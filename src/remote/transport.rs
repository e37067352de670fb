//! What carries messages to workers, and how much it has carried.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A worker gave no answer, and will not: why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Lost(pub String);

/// What carries messages to workers, by their numbers, and their answers back.
///
/// Several threads call at a time, each another worker.
pub trait Transport: Send + Sync {
    /// Has a worker answer a message.
    ///
    /// # Errors
    ///
    /// [`Lost`] where there will be no answer.
    fn call(&self, worker: usize, message: &[u8]) -> Result<Vec<u8>, Lost>;

    /// Puts another worker in the place of one that was lost, with the same rows and nothing open.
    ///
    /// # Errors
    ///
    /// [`Lost`] where there can be none.
    fn revive(&self, worker: usize) -> Result<(), Lost>;
}

/// What has gone to workers and come back. Clones are one count.
#[derive(Clone, Debug, Default)]
pub struct Traffic(Arc<[AtomicU64; 3]>);

impl Traffic {
    /// Calls, each a message and its answer.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0[0].load(Relaxed)
    }

    /// Bytes of messages.
    #[must_use]
    pub fn bytes_out(&self) -> u64 {
        self.0[1].load(Relaxed)
    }

    /// Bytes of answers.
    #[must_use]
    pub fn bytes_back(&self) -> u64 {
        self.0[2].load(Relaxed)
    }

    pub(super) fn count(&self, [out, back]: [usize; 2]) {
        let [calls, bytes_out, bytes_back] = &*self.0;
        calls.fetch_add(1, Relaxed);
        bytes_out.fetch_add(out as u64, Relaxed);
        bytes_back.fetch_add(back as u64, Relaxed);
    }
}
