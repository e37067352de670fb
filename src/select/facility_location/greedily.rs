//! What greedy picks of one class take.

use super::bandwidth::SAMPLED;
use crate::kernels::similarities::stored_bytes;
use crate::plan::{Cost, Outline, Span, Work};
use crate::quantise::IntegerRows;
use crate::selection::Storage;

/// Bytes of a row that hold the similarities of those that come next.
const STRIP: u64 = 512;

/// What greedy picks of one class are made of.
pub(in crate::select) struct Greedily<'a> {
    pub(in crate::select) pool: &'a Outline,
    pub(in crate::select) rows: usize,
    pub(in crate::select) budget: usize,
    pub(in crate::select) finds_bandwidth: bool,
    pub(in crate::select) is_weighted: bool,
    pub(in crate::select) storage: Storage,
}

impl Greedily<'_> {
    /// How often, for each row, a gain is computed anew.
    fn again(&self) -> Span {
        let picks = self.budget as f64;
        Span::within(1.0 + picks.ln_1p(), 3.0) * (picks / (picks + 8.0))
    }

    pub(in crate::select) fn cost(&self) -> Cost {
        let (rows, dim, pool) = (self.rows, self.pool.dim, self.pool);
        let mut cost = Cost::default();
        if self.budget == 0 {
            return cost;
        }
        if self.finds_bandwidth {
            cost.add(Work::Integers, 1, rows, dim);
            cost.add(Work::SumColumns, 32, rows * SAMPLED.min(rows), dim);
        }
        cost.add(Work::Integers, 1, rows, dim);
        let again = self.again() * (rows as f64).powi(2);
        let needed = stored_bytes(rows);
        let is_stored = match self.storage {
            Storage::Auto => needed <= pool.room,
            storage => storage == Storage::Dense,
        };
        if is_stored {
            cost.add(Work::StoreSimilarities, 1, rows * rows, dim);
            cost.add(
                Work::SumStored,
                self.budget,
                again + Span::from(rows * rows),
                1,
            );
        } else {
            let first = match self.is_weighted {
                true => Work::SumColumns,
                false => Work::RowSums,
            };
            cost.add(first, 1, rows * rows, dim);
            cost.add(Work::SumColumns, self.budget, again, dim);
        }
        cost.add(Work::Weigh, 0, again * (1.0 / rows as f64), 1);
        self.add_memory(&mut cost, is_stored, needed);
        cost
    }

    fn add_memory(&self, cost: &mut Cost, is_stored: bool, needed: u64) {
        let rows = self.rows as u64;
        let integers = 2 * rows * IntegerRows::pitch_of(self.pool.dim) as u64;
        let kept = match is_stored {
            true => needed,
            false => STRIP * rows,
        };
        let beside = 64 * rows;
        if self.pool.is_host {
            cost.host_bytes = integers.min(self.pool.integer_bytes) + kept + beside;
        } else {
            cost.device_bytes = self.pool.row_bytes() + integers + kept;
            cost.host_bytes = beside;
        }
        let storage = if is_stored {
            Storage::Dense
        } else {
            Storage::OnTheFly
        };
        cost.storage.push((storage, 1));
    }
}
