//! What k-center takes.

use super::KCenter;
use crate::plan::{Cost, Outline, Span, Work};
use crate::select::by_class::cost_by_class;
use crate::select::metric::Metric;

/// Picks made between two passes.
const PICKS_OF_PASS: f64 = 64.0;
/// Rows brought up to date for each pick.
const UPDATED: f64 = 192.0;

impl KCenter {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        let mut cost = cost_by_class(
            pool,
            (self.classes.as_ref(), self.labelled.len()),
            (budget, self.min_per_class),
            |pool, budget, labelled| self.of_rows(pool, budget, labelled),
        );
        if self.classes.is_some() && self.metric == Metric::Cosine {
            cost.pass(1);
        }
        cost
    }

    /// Without classes.
    fn of_rows(&self, pool: &Outline, budget: usize, labelled: usize) -> Cost {
        let (rows, dim) = (pool.rows, pool.dim);
        let mut cost = Cost::default();
        if budget == 0 {
            return cost;
        }
        let centers = budget + labelled;
        let rounds = Span::within(1.0 + centers as f64 / PICKS_OF_PASS, 3.0);
        // The mean and the row nearest to it; then each round's hints, and distances in f64.
        let to_mean = if labelled == 0 { 2 } else { 0 };
        let lengths = usize::from(self.metric == Metric::Cosine);
        cost.pass(to_mean + lengths);
        cost.pass(rounds * 2.0);
        cost.add(Work::Assign, rounds, rows * centers, dim);
        let gathered = (rounds + Span::of(to_mean as f64)) * rows as f64;
        cost.add(Work::GatherRows, rounds, gathered, dim);
        let updated = Span::within(UPDATED * budget as f64, 3.0);
        cost.add(Work::Settle, 0, gathered + updated, dim);
        cost.add(Work::Weigh, budget, rounds * rows as f64, 1);
        cost.device_bytes = if pool.is_host { 0 } else { pool.row_bytes() };
        cost.host_bytes = 40 * rows as u64 + 8 * (centers * dim) as u64;
        cost
    }
}
