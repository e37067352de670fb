//! Drawn picks of a short epoch: the race among the few rows of the smallest numbers.

use super::attempt::{Attempt, Stand};
use super::held::{Held, InTurn, advance};
use super::run::Run;
use crate::error::Error;
use crate::kernels::rounding::norm_bounds;
use crate::lp::Lp;
use crate::random::{self, LESS};
use crate::select::norm::power;
use std::collections::BinaryHeap;

/// Rows held to begin with, for each direction and one more; then so many times as many, and so on.
const HELD: usize = 8;
const MORE: f64 = 4.0;
/// Rows that it pays to hold.
const MOST: usize = 1 << 12;

/// The race of the rows that are left.
pub(super) struct ShortRace {
    /// What each row's weight is at most; 0 where it cannot be picked.
    rates: Vec<f64>,
    total: f64,
}

impl ShortRace {
    /// The race among some rows.
    pub(super) fn new(run: &Run<'_>, rows: &[usize], norms_sq: &[f32]) -> Self {
        let mut rates = vec![0.0; norms_sq.len()];
        for &row in rows {
            let (_, norm) = norm_bounds(Lp::L2, norms_sq[row], run.pool.dim());
            rates[row] = power(norm, run.options.power);
        }
        let total = rates.iter().sum();
        Self { rates, total }
    }

    /// Leaves a row out from now on.
    pub(super) fn remove(&mut self, row: usize) {
        self.total -= std::mem::take(&mut self.rates[row]);
    }

    /// Picks rows as they fire.
    ///
    /// A row fires no sooner than its exponential number allows at its first weight, and that number
    /// is more than the uniform one it is made of: no logarithm is taken of rows that are not held.
    pub(super) fn epoch(&self, run: &Run<'_>, attempt: &mut Attempt<'_>) -> Result<Stand, Error> {
        let mut held = BinaryHeap::new();
        // No row that is not held fires before the limit.
        let mut limit = 0.0;
        let mut next = (HELD * (attempt.directions() + 1)) as f64 / self.total;
        while next.is_finite() && held.len() <= MOST {
            self.hold(run, attempt, limit..next, &mut held)?;
            (limit, next) = (next, next * MORE);
            let stand = fire(run, attempt, limit, &mut held);
            if stand != Stand::Open {
                return Ok(stand);
            }
        }
        Ok(Stand::Lost)
    }

    /// Holds the rows that may fire at these times at the soonest.
    fn hold(
        &self,
        run: &Run<'_>,
        attempt: &Attempt<'_>,
        times: std::ops::Range<f64>,
        held: &mut BinaryHeap<InTurn>,
    ) -> Result<(), Error> {
        let stream = random::RACE + run.selection.restarts.len() as u64 - 1;
        let is_due = |row: usize, number: f64| {
            let (least, rate) = (number * LESS, self.rates[row]);
            times.start * rate < least && least <= times.end * rate
        };
        run.settled.add(self.rates.len());
        let due = random::uniforms_that(
            (run.pool.row_ids(), run.pool.rows()),
            run.options.seed,
            stream,
            is_due,
            run.pool.stop(),
        )?;
        if due.is_empty() {
            return Ok(());
        }
        let rows: Vec<usize> = due.iter().map(|&(row, _)| row).collect();
        let x = run.pool.gather_rows(&rows)?;
        let new = due.iter().zip(x.chunks_exact(run.pool.dim()));
        let mut new: Vec<Held> = new
            .map(|(&(row, number), x)| Held::new(row, x, random::exponential_of(number)))
            .collect();
        let (power, stop) = (run.options.power, run.pool.stop());
        advance(&mut new, &attempt.basis, power, stop)?;
        new.retain(|row| row.residual.is_live(attempt.tol));
        held.extend(new.into_iter().map(InTurn));
        Ok(())
    }
}

/// Picks the rows held that fire before the limit.
fn fire(
    run: &Run<'_>,
    attempt: &mut Attempt<'_>,
    limit: f64,
    held: &mut BinaryHeap<InTurn>,
) -> Stand {
    let exponent = run.options.power;
    while held.peek().is_some_and(|InTurn(first)| first.fires < limit) {
        let Some(InTurn(mut first)) = held.pop() else {
            break;
        };
        if first.residual.known() < attempt.basis.len() {
            first.advance(&attempt.basis, exponent);
            if first.residual.is_live(attempt.tol) {
                held.push(InTurn(first));
            }
            continue;
        }
        let stand = attempt.pick(first.row, &first.residual, first.wait(exponent));
        if stand != Stand::Open {
            return stand;
        }
    }
    Stand::Open
}
