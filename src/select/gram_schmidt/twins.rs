//! Rows that are alike to the bit, of which greedy picks with a ridge look at one at a time.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::alike::first_alike;
use crate::select::gather::gather;

/// Rows that wait until one that is like them is picked: what is left of either is the same, and ties go to the
/// lower row.
#[derive(Default)]
pub(super) struct Twins {
    waits: Vec<bool>,
    /// For each row the next that is like it; itself where there is none.
    next: Vec<u32>,
}

impl Twins {
    /// Whether they have been looked for.
    pub(super) fn are_known(&self) -> bool {
        !self.next.is_empty()
    }

    /// Those of a pool, rows that take part alone: a pass over the features.
    pub(super) fn find(pool: &dyn Pool, takes_part: impl Fn(usize) -> bool) -> Result<Self, Error> {
        let rows = pool.rows();
        let first = first_alike(rows, pool.dim(), |rows, take| {
            for piece in gather(pool, rows) {
                take(&piece?.1);
            }
            Ok(())
        })?;
        let mut next: Vec<u32> = (0..rows as u32).collect();
        let (mut waits, mut last) = (vec![false; rows], vec![None; rows]);
        for row in (0..rows).filter(|&row| takes_part(row)) {
            if let Some(before) = last[first[row] as usize].replace(row) {
                waits[row] = true;
                next[before] = row as u32;
            }
        }
        Ok(Self { waits, next })
    }

    /// The rows that wait.
    pub(super) fn waiting(&self) -> Vec<usize> {
        (0..self.waits.len())
            .filter(|&row| self.waits[row])
            .collect()
    }

    /// The row that waits for this one to be picked.
    pub(super) fn next(&self, row: usize) -> Option<usize> {
        let next = *self.next.get(row)? as usize;
        (next != row && self.waits[next]).then_some(next)
    }

    /// Ends the wait of the row that is like the last pick; gives the two.
    pub(super) fn release(&mut self, last: Option<&usize>) -> Option<(usize, usize)> {
        let picked = *last?;
        let next = self.next(picked)?;
        self.waits[next] = false;
        Some((picked, next))
    }
}
