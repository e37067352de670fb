//! The bill of a selection.

use super::span::Span;
use super::work::{Amount, Work};
use crate::selection::Storage;
use std::collections::BTreeMap;

/// What a selection will take, from features that are checked to its picks.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cost {
    /// Passes over the matrix, as [`Selection::passes`](crate::Selection::passes) counts them.
    pub passes: Span,
    /// How often the bytes of all rows are read, where they are read anew by every pass.
    pub reads: Span,
    /// The work by its kind.
    pub work: BTreeMap<Work, Amount>,
    /// Bytes of the host's memory at most at a time, beside the rows and what features keep of them.
    pub host_bytes: u64,
    /// Bytes of a GPU's memory at most at a time, rows among them where they fit; 0 where there is none.
    pub device_bytes: u64,
    /// Latent classes by how their similarities are come by ([`Sas`](crate::Sas) only).
    pub storage: Vec<(Storage, usize)>,
    /// Why that is so, in a sentence.
    pub storage_reason: Option<String>,
}

impl Cost {
    /// Work that goes by `items` of so many multiply-adds or values each.
    pub(crate) fn add(
        &mut self,
        work: Work,
        calls: impl Into<Span>,
        items: impl Into<Span>,
        each: usize,
    ) {
        let (calls, items) = (calls.into(), items.into());
        let amount = self.work.entry(work).or_default();
        amount.calls += calls;
        amount.items += items;
        amount.multiply_adds += items * each as f64;
    }

    /// Rows read once more: a pass.
    pub(crate) fn pass(&mut self, passes: impl Into<Span>) {
        let passes = passes.into();
        self.passes += passes;
        self.reads += passes;
    }

    /// What comes before or after: work adds up, and memory is that of the larger.
    #[must_use]
    pub fn then(mut self, other: Self) -> Self {
        self.passes += other.passes;
        self.reads += other.reads;
        for (work, amount) in other.work {
            let own = self.work.entry(work).or_default();
            own.calls += amount.calls;
            own.items += amount.items;
            own.multiply_adds += amount.multiply_adds;
        }
        self.host_bytes = self.host_bytes.max(other.host_bytes);
        self.device_bytes = self.device_bytes.max(other.device_bytes);
        self.storage.extend(other.storage);
        self.storage_reason = self.storage_reason.or(other.storage_reason);
        self
    }

    /// Whether it is the same whatever the rows are.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        let is_certain = |amount: &Amount| amount.items.is_certain() && amount.calls.is_certain();
        self.work.values().all(is_certain)
    }

    /// Multiply-adds of all kernels and of the host.
    #[must_use]
    pub fn multiply_adds(&self) -> Span {
        let all = self.work.values().map(|amount| amount.multiply_adds);
        all.fold(Span::default(), |sum, of_work| sum + of_work)
    }
}
