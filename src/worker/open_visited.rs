//! Rows that visitors meet on a worker, and what is asked of them.

use super::asked::{count, cover, expect, places};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::visited::{Digits, Visited};
use crate::progress::Pass;
use crate::remote::answer::ok;
use crate::remote::message::{Function, OfVisited};
use crate::remote::wire::Array;

/// Counts that are answered at most: 256 MiB.
const COUNTED: usize = 1 << 26;

/// Half the squared length of a row, at most: more than any is.
const FARTHEST: i32 = 1 << 30;

/// Rows, and how many visit them.
pub(super) struct OpenVisited<'p> {
    inner: Box<dyn Visited + 'p>,
    rows: usize,
    dim: usize,
    visitors: usize,
    is_linear: bool,
}

impl<'p> OpenVisited<'p> {
    /// Those of some rows of a pool.
    pub(super) fn new(
        pool: &'p dyn Pool,
        of: &[u32],
        function: Function<'_>,
    ) -> Result<Self, Error> {
        let (function, rows) = (function.function()?, places(of, pool.rows())?);
        expect(
            !rows.is_empty() && rows.is_sorted_by(|a, b| a < b),
            "rows that ascend",
        )?;
        Ok(Self {
            inner: pool.visited(&rows, &function)?,
            rows: rows.len(),
            dim: pool.dim(),
            visitors: 0,
            is_linear: function.is_linear(),
        })
    }

    pub(super) fn at_once(&self) -> u64 {
        self.inner.at_once() as u64
    }

    pub(super) fn answer(&mut self, ask: OfVisited<'_>) -> Result<Vec<u8>, Error> {
        match ask {
            OfVisited::Rows(some) => {
                let found = self.inner.rows(&places(&some, self.rows)?)?;
                ok(Array::from(found.into_values()))
            }
            OfVisited::Squares => ok(Array::from(self.inner.squares()?)),
            OfVisited::Visit(visitors) => {
                let visitors = visitors.rows(self.dim)?;
                self.inner.visit(&visitors)?;
                self.visitors = visitors.rows();
                ok(())
            }
            OfVisited::Columns(first, end) => {
                let some = first as usize..end as usize;
                expect(
                    some.start <= some.end && some.end <= self.visitors,
                    "visitors",
                )?;
                ok(Array::from(self.inner.columns(some)?))
            }
            OfVisited::CountDistances(halves, before, shift, bits) => {
                self.count_distances(&halves, &before, [shift, bits])
            }
            ask => self.of_sums(ask),
        }
    }

    fn of_sums(&mut self, ask: OfVisited<'_>) -> Result<Vec<u8>, Error> {
        expect(!self.is_linear, "a function that is not linear")?;
        let pass = Pass::unheard();
        match ask {
            OfVisited::Sums(others) => {
                let [own, theirs] = self.inner.sums(&others.rows(self.dim)?, &pass)?;
                ok((Array::from(own), Array::from(theirs), pass.count()))
            }
            OfVisited::SetCover(best, weights) => {
                let cover = cover(&best, weights.as_deref(), self.rows)?;
                ok(self.inner.set_cover(cover)?)
            }
            OfVisited::Covered => ok(Array::from(self.inner.covered()?)),
            OfVisited::Raise(chosen) => ok(self.inner.raise(&chosen.rows(self.dim)?)?),
            OfVisited::Gains => ok(Array::from(self.inner.gains()?)),
            _ => {
                let sums = self.inner.row_sums(&pass)?;
                ok((Array::from(sums), pass.count()))
            }
        }
    }

    fn count_distances(
        &self,
        halves: &[i32],
        before: &[u32],
        [shift, bits]: [u32; 2],
    ) -> Result<Vec<u8>, Error> {
        expect(self.is_linear, "a linear function")?;
        count(halves, self.visitors, "visitors")?;
        let are_halves = halves.iter().all(|half| (0..=FARTHEST).contains(half));
        expect(are_halves, "halves of squared lengths")?;
        count(before, self.visitors, "digits before")?;
        let are_digits = shift.saturating_add(bits) <= Digits::ALL;
        expect(
            are_digits && halves.len() <= COUNTED >> bits,
            "some digits of a distance",
        )?;
        let found = self.inner.count_distances(&Digits {
            halves,
            before,
            shift,
            bits,
        })?;
        ok(Array::from(found))
    }
}
