//! The states of a Gram-Schmidt run that a worker keeps, and what is asked of them.

use super::asked::{self, count, distinct, expect};
use crate::error::Error;
use crate::kernels::residuals::{Residuals, RowState};
use crate::remote::answer::{ok, sums};
use crate::remote::message::{OfResiduals, TAKES_NO_PART};
use crate::remote::wire::Array;

/// States, and the squared lengths with which they begin.
pub(super) struct OpenResiduals<'p> {
    inner: Box<dyn Residuals + 'p>,
    lengths: Vec<f32>,
    rows: usize,
    dim: usize,
}

impl<'p> OpenResiduals<'p> {
    pub(super) fn new(inner: Box<dyn Residuals + 'p>, [rows, dim]: [usize; 2]) -> Self {
        Self {
            inner,
            lengths: Vec::new(),
            rows,
            dim,
        }
    }

    /// Answers what is asked of them.
    pub(super) fn answer(&mut self, ask: OfResiduals<'_>) -> Result<Vec<u8>, Error> {
        let Self {
            inner: open,
            rows,
            dim,
            ..
        } = self;
        let (rows, dim) = (*rows, *dim);
        match ask {
            OfResiduals::Load(states) => {
                count(&states, rows, "states")?;
                ok(open.load(&states)?)
            }
            OfResiduals::Lengths(lengths) => {
                count(&lengths, rows, "lengths")?;
                self.lengths = lengths.into_vec();
                ok(())
            }
            OfResiduals::Begin(left) => {
                count(&left, rows, "hazards")?;
                count(&self.lengths, rows, "lengths kept")?;
                let states = self.lengths.iter().zip(left.iter());
                let states: Vec<RowState> = states
                    .map(|(&norm_sq, &left)| state(norm_sq, left))
                    .collect();
                ok(open.load(&states)?)
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

/// As it begins, of a row of this squared length.
fn state(norm_sq: f32, left: f32) -> RowState {
    if left == TAKES_NO_PART {
        return RowState::MASKED;
    }
    RowState {
        residual_sq: norm_sq,
        left,
        guard: 0.0,
        norm_sq,
    }
}
