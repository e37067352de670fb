//! The states of a Gram-Schmidt run that a worker keeps, and what is asked of them.

use super::asked::{self, FAR, count, distinct, expect, places};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::residuals::{Rate, Residuals, Totals};
use crate::lp::Lp;
use crate::random::{self, RowIds};
use crate::remote::answer::{ok, sums};
use crate::remote::message::{Ids, OfResiduals};
use crate::remote::wire::Array;
use crate::select::gram_schmidt::begin::{states, totals};

/// States, and what they begin with.
pub(super) struct OpenResiduals<'p> {
    inner: Box<dyn Residuals + 'p>,
    pool: &'p dyn Pool,
    /// The rows' squared lengths, once they are asked for.
    squared: Vec<f32>,
}

impl<'p> OpenResiduals<'p> {
    pub(super) fn new(pool: &'p dyn Pool) -> Result<Self, Error> {
        Ok(Self {
            inner: pool.residuals()?,
            pool,
            squared: Vec::new(),
        })
    }

    /// Begins an epoch of all rows but some.
    fn begin(
        &mut self,
        excluded: &[u32],
        draws: Option<(Ids<'_>, u64)>,
        rate: Rate,
    ) -> Result<Totals, Error> {
        let (rows, stop) = (self.pool.rows(), self.pool.stop());
        let mut is_excluded = vec![false; rows];
        for row in places(excluded, rows)? {
            is_excluded[row] = true;
        }
        let numbers = draws.map(|(ids, stream)| {
            expect(stream <= FAR, "a stream")?;
            let seed = ids.seed;
            let (row_ids, own) = asked::row_ids(ids, rows)?;
            let of = RowIds {
                rows: own.as_deref(),
                ..row_ids
            };
            random::of_rows((of, rows), seed, stream, stop)
        });
        let numbers = numbers.transpose()?;
        if self.squared.is_empty() {
            self.squared = self.pool.row_norms(Lp::L2)?;
        }
        let is_excluded = |row: usize| is_excluded[row];
        let states = states(
            &self.squared,
            self.pool.dim(),
            is_excluded,
            numbers.as_deref(),
        );
        self.inner.load(&states)?;
        Ok(totals(&states, rate))
    }

    /// Answers what is asked of them.
    pub(super) fn answer(&mut self, ask: OfResiduals<'_>) -> Result<Vec<u8>, Error> {
        let (rows, dim) = (self.pool.rows(), self.pool.dim());
        let open = &mut self.inner;
        match ask {
            OfResiduals::Load(states) => {
                count(&states, rows, "states")?;
                ok(open.load(&states)?)
            }
            OfResiduals::Begin(excluded, draws, rate) => {
                ok(sums(self.begin(&excluded, draws, asked::rate(rate)?)?))
            }
            OfResiduals::Read => ok(Array::from(open.read()?)),
            OfResiduals::Write(written, states) => {
                count(&states, written.len(), "states")?;
                ok(open.write(&distinct(&written, rows)?, &states)?)
            }
            OfResiduals::DueRows(tau, rate, limit) => {
                let due = open.due_rows(tau, asked::rate(rate)?, (limit as usize).min(rows))?;
                let listed: Vec<u32> = due.rows.iter().map(|&row| row as u32).collect();
                ok((due.count as u64, Array::from(listed)))
            }
            OfResiduals::Deflate(directions, dt, rate) => {
                count(&directions, dt.len() * dim, "values of directions")?;
                ok(sums(open.deflate(&directions, &dt, asked::rate(rate)?)?))
            }
            OfResiduals::DeflateLargest(directions, number, most, rate) => {
                let (number, most) = (number as usize, most as usize);
                count(&directions, number * dim, "values of directions")?;
                let rate = asked::rate(rate)?;
                ok(sums(open.deflate_largest(
                    &directions,
                    number,
                    most,
                    rate,
                )?))
            }
            OfResiduals::Refresh(basis, dead, rate) => {
                expect(basis.len().is_multiple_of(dim), "directions")?;
                ok(sums(open.refresh(&basis, dead, asked::rate(rate)?)?))
            }
        }
    }
}
