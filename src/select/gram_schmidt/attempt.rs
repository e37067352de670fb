//! A short epoch while it is tried.

use super::basis::Basis;
use super::enclosure::Enclosure;
use super::residual::Residual;

/// An epoch under way, nothing of which is final.
pub(super) struct Attempt<'e> {
    pub(super) enclosure: &'e Enclosure,
    pub(super) tol: f64,
    /// Picks that are missing from the budget.
    pub(super) missing: usize,
    pub(super) basis: Basis,
    /// Rows, and their residual norms when picked, in pool unit.
    pub(super) picks: Vec<(usize, f64)>,
}

/// How an attempt stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stand {
    /// More picks follow.
    Open,
    /// The budget is reached, or no row is left to pick.
    Over,
    /// There are more directions than thought, or they are too poor to be certain.
    Lost,
}

impl Attempt<'_> {
    /// Number of directions that hold all rows.
    pub(super) fn directions(&self) -> usize {
        self.enclosure.len()
    }

    /// These directions, a row each.
    pub(super) fn enclosed(&self) -> &[f64] {
        self.enclosure.directions()
    }

    /// How far from their span a row may be, over its length.
    pub(super) fn off(&self) -> f64 {
        self.enclosure.off
    }

    /// Takes a row with its residual; `dt` is the time since the pick before.
    pub(super) fn pick(&mut self, row: usize, residual: &Residual, dt: f64) -> Stand {
        self.picks.push((row, residual.sq().sqrt()));
        self.basis.push(residual.picked(), dt);
        if self.picks.len() == self.missing || self.enclosure.is_spanned_by(&self.basis, self.tol) {
            Stand::Over
        } else if self.basis.len() > self.enclosure.len() || self.basis.is_full() {
            Stand::Lost
        } else {
            Stand::Open
        }
    }
}
