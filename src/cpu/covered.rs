//! How well chosen rows cover the others: what `raise` and `cover_rounds` change.

use crate::kernels::cover::Cover;
use std::ops::Range;

/// A [`Cover`] that is ours; of nothing until it is set or [begun](Self::begin).
#[derive(Clone, Default)]
pub(super) struct Covered {
    pub(super) best: Vec<u16>,
    weights: Option<Vec<u16>>,
}

impl Covered {
    pub(super) fn of(cover: Cover<'_>) -> Self {
        Self {
            best: cover.best.to_vec(),
            weights: cover.weights.map(<[u16]>::to_vec),
        }
    }

    /// Has so many rows covered by nothing, if none are known.
    pub(super) fn begin(&mut self, rows: usize) {
        if self.best.is_empty() {
            self.best = vec![0; rows];
        }
    }

    pub(super) fn cover(&self) -> Cover<'_> {
        Cover {
            best: &self.best,
            weights: self.weights.as_deref(),
        }
    }

    /// The rows at some places, to be raised, and their weights.
    pub(super) fn part(&mut self, places: Range<usize>) -> (&mut [u16], Option<&[u16]>) {
        let weights = self.weights.as_ref().map(|all| &all[places.clone()]);
        (&mut self.best[places], weights)
    }
}
