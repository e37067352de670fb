//! What herding takes.

use super::Herding;
use crate::plan::{Cost, Outline, Span, Work};
use crate::quantise::IntegerRows;
use crate::select::by_class::cost_by_class;
use crate::select::facility_location::SAMPLED;

/// Picks between two looks at all rows.
const PICKS_OF_LOOK: f64 = 8.0;
/// Rows that are held.
const HELD: usize = 256;

impl Herding {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        cost_by_class(
            pool,
            (self.classes.as_ref(), self.labelled.len()),
            (budget, self.min_per_class),
            |pool, budget, labelled| self.of_rows(pool, budget, labelled),
        )
    }

    /// Without classes.
    fn of_rows(&self, pool: &Outline, budget: usize, labelled: usize) -> Cost {
        let (rows, dim) = (pool.rows, pool.dim);
        let mut cost = Cost::default();
        cost.pass(1 + usize::from(self.finds_bandwidth()));
        if budget == 0 {
            return cost;
        }
        if self.finds_bandwidth() {
            cost.add(Work::Integers, 1, rows, dim);
            cost.add(Work::SumColumns, 32, rows * SAMPLED.min(rows), dim);
        }
        cost.add(Work::Integers, 1, rows, dim);
        cost.add(Work::RowSums, 1, rows * rows, dim);
        let chosen = budget + labelled;
        let looks = Span::within(1.0 + budget as f64 / PICKS_OF_LOOK, 4.0);
        cost.add(Work::SumColumns, looks, rows * chosen, dim);
        cost.add(Work::Block, looks, HELD.min(rows) * chosen, dim);
        cost.add(Work::Weigh, 0, rows * budget, 1);
        let integers = 2 * rows as u64 * IntegerRows::pitch_of(dim) as u64;
        let beside = 60 * rows as u64;
        if pool.is_host {
            cost.host_bytes = integers.min(pool.integer_bytes) + beside;
        } else {
            cost.device_bytes = pool.row_bytes() + integers;
            cost.host_bytes = beside;
        }
        cost
    }
}
