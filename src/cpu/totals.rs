//! What the rows of a Gram-Schmidt run come to.

use crate::kernels::residuals::{Rate, RowState, Totals};

/// What the unmasked rows of a block add to the totals.
pub(super) fn totals_of(states: &[RowState], rate: Rate) -> Totals {
    let mut totals = Totals::default();
    for state in states.iter().filter(|s| !s.is_masked()) {
        totals.rate += f64::from(rate.of(state.bound_sq()));
        totals.residual_sq += f64::from(state.residual_sq);
    }
    totals
}

/// The blocks' totals, added in order so that a run repeats to the bit.
pub(super) fn sum_in_order(blocks: &[Totals]) -> Totals {
    blocks.iter().fold(Totals::default(), |a, b| Totals {
        rate: a.rate + b.rate,
        residual_sq: a.residual_sq + b.residual_sq,
    })
}
