//! What each kind of work takes on a device.

use super::cost::Cost;
use super::span::Span;
use super::work::{Amount, Work};
use crate::names::Named as _;
use std::collections::BTreeMap;

/// What a kind of work takes, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ceiling {
    /// Of being asked for, whatever there is to do.
    pub call: f64,
    /// Of a row, a pair or a product, however long rows are.
    pub item: f64,
    /// Of a multiply-add, or of a value.
    pub multiply_add: f64,
}

impl Ceiling {
    /// Seconds for so much work.
    #[must_use]
    pub fn seconds(self, amount: &Amount) -> Span {
        amount.calls * self.call
            + amount.items * self.item
            + amount.multiply_adds * self.multiply_add
    }
}

/// What every kind of work takes on a device: [`calibrate`](crate::calibrate()) measures it.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(transparent))]
pub struct Rates(pub BTreeMap<Work, Ceiling>);

impl Rates {
    /// By how much they may be off on a machine that does nothing else: as a factor.
    pub const DOUBT: f64 = 1.5;

    /// Whether every kind of work is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        Work::ALL.iter().all(|work| self.0.contains_key(work))
    }

    /// Seconds of one kind of work.
    #[must_use]
    pub fn of(&self, work: Work, amount: &Amount) -> Span {
        let ceiling = self.0.get(&work).copied().unwrap_or_default();
        ceiling.seconds(amount)
    }

    /// Seconds of a selection, its pool being there: without what the rates themselves may be off.
    #[must_use]
    pub fn seconds(&self, cost: &Cost) -> Span {
        let all = (cost.work.iter()).map(|(&work, amount)| self.of(work, amount));
        all.fold(Span::default(), |sum, of_work| sum + of_work)
    }
}
