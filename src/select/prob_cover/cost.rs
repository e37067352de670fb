//! What ProbCover takes.

use super::{Delta, KMeans, ProbCover};
use crate::plan::{Cost, Outline, Span, Work};
use crate::quantise::IntegerRows;

/// Rows that a row is marked against, for each pick, as a share of all.
const MARKED: Span = Span {
    least: 0.05,
    likely: 0.5,
    most: 16.0,
};

impl ProbCover {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        let (rows, dim) = (pool.rows, pool.dim);
        let mut cost = Cost::default();
        if budget == 0 {
            return cost;
        }
        cost.pass(2);
        cost.add(Work::Neighbours, 1, rows, dim);
        let pairs = rows as f64 * rows as f64;
        cost.add(Work::CountWithin, 1, Span::of(pairs), dim);
        let picks = budget as f64;
        let marks = MARKED * (picks * rows as f64);
        let calls = Span {
            least: 1.0,
            likely: picks / 2.0,
            most: 2.0 * picks,
        };
        cost.add(Work::MarkWithin, calls, marks, dim);
        cost.passes += calls;
        cost.reads += calls * 0.1; // of few rows, mostly
        let weighed = Span::within(picks, 3.0) * rows as f64;
        cost.add(Work::Weigh, 0, weighed * 0.05, 1);
        let row = 2 * IntegerRows::pitch_of(dim);
        if pool.is_host {
            cost.reads += Span::of(pool.reads_for_pairs(rows, row) - 1.0);
        } else {
            cost.device_bytes = pool.row_bytes() + (row * rows) as u64;
        }
        cost.host_bytes = 100 * rows as u64 + pool.bytes_for_pairs(rows, row);
        let Delta::Auto { clusters } = self.delta else {
            return cost;
        };
        let k_means = KMeans {
            convergence: self.convergence,
            ..KMeans::new(clusters.unwrap_or(budget.clamp(2, 100)), self.seed)
        };
        let mut radius = k_means.cost(pool);
        radius.passes += Span::of(1.0); // two more, and the rows are measured once for both
        radius.reads += Span::of(1.0);
        if pool.is_host {
            radius.reads += Span::of(pool.reads_for_pairs(rows, row) - 1.0);
        }
        radius.add(Work::NearestOtherLabel, 1, Span::of(pairs), dim);
        radius.add(Work::GatherRows, 1, rows, dim);
        radius.then(cost)
    }
}
