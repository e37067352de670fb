//! Similarities of rows that come to a worker a piece at a time.

use super::asked::expect;
use super::open_similarities::OpenSimilarities;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::remote::message::{Function, Integers};

/// Similarities whose rows are still to come.
pub(super) struct Coming<'p> {
    pool: &'p dyn Pool,
    ranges: ClassRanges,
    function: KernelFunction,
    /// The values of those that have come.
    values: Vec<i16>,
}

impl<'p> Coming<'p> {
    /// Of rows in classes of these sizes.
    pub(super) fn new(
        pool: &'p dyn Pool,
        sizes: &[u32],
        function: Function<'_>,
    ) -> Result<Self, Error> {
        Ok(Self {
            pool,
            ranges: ClassRanges::new(sizes.iter().map(|&size| size as usize)),
            function: function.function()?,
            values: Vec::new(),
        })
    }

    /// Takes some rows; the similarities, once all are there.
    pub(super) fn take(
        &mut self,
        rows: Integers<'_>,
    ) -> Result<Option<OpenSimilarities<'p>>, Error> {
        let pitch = IntegerRows::pitch_of(self.pool.dim());
        let (rows, all) = (rows.rows(self.pool.dim())?, self.ranges.places());
        let here = self.values.len() / pitch + rows.rows();
        expect(here <= all, "no more rows than places")?;
        match here == all && self.values.is_empty() {
            true => self.values = rows.into_values(),
            false => self.keep(&rows, all)?,
        }
        if here < all {
            return Ok(None);
        }
        let rows = IntegerRows::of(std::mem::take(&mut self.values), pitch);
        let (ranges, function) = (self.ranges.clone(), self.function.clone());
        OpenSimilarities::of_integers(self.pool, rows, ranges, function).map(Some)
    }

    /// Keeps rows beside those that have come, in room for all.
    fn keep(&mut self, rows: &IntegerRows, all: usize) -> Result<(), Error> {
        let needed = all.saturating_mul(rows.pitch());
        let more = needed.saturating_sub(self.values.len());
        let made = self.values.try_reserve_exact(more);
        made.map_err(|_| Error::OutOfMemory {
            what: "integer rows",
            needed: 2 * needed as u64,
            available: None,
        })?;
        self.values.extend(rows.values());
        Ok(())
    }
}
