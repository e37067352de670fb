//! What k-center takes.

use super::KCenter;
use crate::plan::{Cost, Outline, Span, Work};
use crate::select::classes::Classes;
use crate::select::metric::Metric;
use crate::select::selector::apportion;

/// Picks made between two passes.
const PICKS_OF_PASS: f64 = 64.0;
/// Rows brought up to date for each pick.
const UPDATED: f64 = 192.0;

impl KCenter {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        if self.classes.is_none() {
            return self.of_rows(pool, budget, self.labelled.len());
        }
        let (sizes, found) = Classes::cost(self.classes.as_ref(), pool);
        let mut cost = Cost::default();
        cost.pass(1 + usize::from(self.metric == Metric::Cosine));
        cost.add(Work::GatherRows, sizes.len(), pool.rows, pool.dim);
        cost.add(Work::Check, sizes.len(), pool.rows, pool.dim);
        let budgets = apportion(&sizes, budget, self.min_per_class);
        for (rows, budget) in sizes.into_iter().zip(budgets) {
            let labelled = self.labelled.len() * rows / pool.rows.max(1);
            let of_class = pool.of_rows(rows);
            let mut own = self.of_rows(&of_class, budget, labelled);
            own.passes = own.passes * (rows as f64 / pool.rows.max(1) as f64);
            own.host_bytes += 24 * pool.rows as u64;
            // The rows of a class are copied where there is room for them.
            let bytes = of_class.row_bytes();
            if bytes <= pool.memory / 2 {
                own.reads = Span::default();
                own.host_bytes += bytes;
            } else {
                own.reads = own.passes;
            }
            cost = cost.then(own);
        }
        cost.then(found)
    }

    /// Of so many rows, without classes.
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
