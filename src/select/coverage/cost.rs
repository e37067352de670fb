//! What coverage takes.

use super::{Bandwidth, Coverage, Refinement};
use crate::plan::{Cost, Outline, Span, Work};
use crate::select::classes::Classes;
use crate::select::facility_location::Greedily;
use crate::select::selector::apportion;

/// Sweeps of k-means that begins at greedy picks.
const SWEEPS: f64 = 12.0;
/// Times that every row is tried in the place of a pick.
const TRIED: f64 = 1.5;

impl Coverage {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        let (sizes, found) = Classes::cost(self.classes.as_ref(), pool);
        let budgets = apportion(&sizes, budget, self.min_per_class);
        let finds_bandwidth = !matches!(self.sigma, Bandwidth::Fixed(_));
        let mut cost = found;
        for (&rows, &budget) in sizes.iter().zip(&budgets) {
            let greedily = Greedily {
                pool,
                rows,
                budget,
                finds_bandwidth,
                is_weighted: false,
                storage: self.storage,
            };
            let own = greedily.cost();
            if budget == 0 {
                continue;
            }
            let labelled = self.labelled.len() * rows / pool.rows.max(1);
            let refined = match self.refine {
                Refinement::None => Cost::default(),
                Refinement::Lloyd => lloyd(pool, rows, budget + labelled),
                Refinement::Swap => swap(pool, rows, budget + labelled, own.host_bytes),
            };
            let mut copied = Cost::default();
            if sizes.len() > 1 {
                copied.add(Work::GatherRows, 1, rows, pool.dim);
                copied.add(Work::Check, 1, rows, pool.dim);
            }
            cost = cost.then(copied).then(own).then(refined);
        }
        let refine = match self.refine {
            Refinement::Lloyd => Span::within(SWEEPS, 2.5) + Span::of(2.0),
            _ => Span::default(),
        };
        cost.pass(Span::of(1.0) + Span::from(usize::from(finds_bandwidth)) + refine);
        cost
    }
}

/// Sweeps, all of which look at all rows and centres.
fn lloyd(pool: &Outline, rows: usize, clusters: usize) -> Cost {
    let mut cost = Cost::default();
    let sweeps = Span::within(SWEEPS, 2.5);
    cost.add(
        Work::Assign,
        sweeps,
        sweeps * (rows * clusters) as f64,
        pool.dim,
    );
    cost.add(Work::Sweep, 0, sweeps * rows as f64, 1);
    let moved = Span::within(2.0 * rows as f64, 2.0);
    cost.add(Work::Move, sweeps, moved, pool.dim);
    cost.add(Work::Settle, 0, rows, pool.dim);
    cost.device_bytes = if pool.is_host { 0 } else { pool.row_bytes() };
    cost.host_bytes = 52 * rows as u64 + 16 * (clusters * pool.dim) as u64;
    cost
}

/// Rows tried one after another, beside what greedy picks hold.
fn swap(pool: &Outline, rows: usize, chosen: usize, held: u64) -> Cost {
    let mut cost = Cost::default();
    let tried = Span::within(TRIED, 1.5) * (rows as f64).powi(2);
    cost.add(Work::SumColumns, rows / 32, tried, pool.dim);
    cost.add(Work::Weigh, 0, tried, 1);
    cost.host_bytes = held + (2 * rows * chosen) as u64 + 400 * rows as u64;
    cost
}
