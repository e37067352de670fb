//! What norm sampling takes.

use super::Norm;
use crate::lp::Lp;
use crate::plan::{Cost, Outline, Work};
use crate::select::classes::Classes;

/// Rows that are looked at for each pick: itself, and those whose order the kernel's norms leave open.
const LOOKED_AT: f64 = 1.5;

impl Norm {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        let (rows, dim) = (pool.rows, pool.dim);
        let (_, found) = Classes::cost(self.classes.as_ref(), pool);
        let mut own = Cost::default();
        own.pass(1);
        if self.norm == Lp::L2 {
            own.reads = 0.into(); // the check of the features comes by them
        } else {
            own.add(Work::RowNorms, 1, rows, dim);
        }
        own.add(Work::Weigh, 1, rows, 1);
        let looked_at = (LOOKED_AT * budget as f64).min(rows as f64) as usize;
        own.add(Work::GatherRows, 2, looked_at, dim);
        own.add(Work::Settle, 0, looked_at, dim);
        // Its place, its norm and its key as a pair of bounds; and its random number.
        let row = if self.greedy { 50 } else { 58 };
        own.host_bytes = row * rows as u64 + 48 * budget as u64;
        own.then(found)
    }
}
