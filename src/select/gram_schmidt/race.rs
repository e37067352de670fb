//! The race: rows fire when their hazard reaches their exponential number.
//!
//! Row i's hazard is Λ_i(t) = ∫ r_i(S_u)^power du. Given the picks so far, the E_i − Λ_i of the
//! others are independent exponential numbers, so the next to fire is row i with probability
//! r_i^power / Σ r^power: Algorithm 1. Between picks residuals stand still:
//!
//! ```text
//! next = argmin_i (E_i − Λ_i) / r_i^power =: dt;    Λ += dt·r^power for all rows
//! ```
//!
//! An old residual is too long, so a firing time computed from it is too early. Rows whose early
//! bound is past τ cannot fire before τ, whatever is picked: settling the others is enough to
//! make every pick up to τ. Hence no pick depends on τ, on blocks, or on a kernel's last bits.

use super::candidates::Candidates;
use super::span::Span;
use super::{super::norm::power, Run};
use crate::{Error, order};

/// Rows aimed at in the first block of an epoch, when nothing is known of how fast residuals
/// shrink.
const FIRST: usize = 4;
/// Most rows aimed at.
const MOST: f64 = 256.0;
/// Most picks made in one block: one deflation takes in as many directions.
const MOST_PICKS: usize = 256;

/// Picks until the budget is reached or no row is live.
pub(super) fn epoch(run: &mut Run<'_>, span: &mut Span<'_>, numbers: &[f64]) -> Result<(), Error> {
    let mut pace = Pace::new(run.options.block, span.rows_at_once());
    while !run.done() {
        let missing = run.budget - run.selection.picks.len();
        let Some((tau, rows)) = due(span, &pace, missing)? else {
            return Ok(());
        };
        let mut block = Block::new(span.settle(rows)?, span, numbers, run.options.power);
        let dead = block.candidates.rows.len() - block.candidates.alive().count();
        let picks = block.race(run, span, f64::from(tau));
        (run.progress)(run.selection.picks.len());
        if run.done() {
            return Ok(());
        }
        span.deflate()?;
        span.write_back(&block.candidates, |i| block.left[i])?;
        pace.learn(picks, block.candidates.rows.len());
        let stuck = picks == 0 && dead > 0;
        if span.is_stale(span.settled_per_pick() > 4.0) || stuck && span.has_grown() {
            span.refresh()?;
        } else if picks == 0 && dead == 0 && tau == 0.0 {
            pace.limit *= 4;
        }
    }
    Ok(())
}

/// How many rows to ask for, learnt from the blocks before.
struct Pace {
    target: f64,
    /// Picks per row settled, smoothed.
    acceptance: f64,
    first: bool,
    /// Blocks in a row without a pick: τ grows until one is made.
    idle: i32,
    /// Most rows settled at once.
    limit: usize,
}

impl Pace {
    fn new(target: usize, limit: usize) -> Self {
        Self {
            target: target as f64,
            acceptance: 1.0,
            first: true,
            idle: 0,
            limit,
        }
    }

    /// Firings to aim at before τ.
    fn want(&self, missing: usize) -> f64 {
        let target = self.target.min(missing as f64);
        if self.first {
            return target.min(FIRST as f64);
        }
        let want = (target / self.acceptance).min(MOST.max(2.0 * self.target));
        want * 4f64.powi(self.idle)
    }

    fn learn(&mut self, picks: usize, settled: usize) {
        let seen = picks as f64 / settled as f64;
        self.acceptance = (0.5 * (self.acceptance + seen)).max(1.0 / 64.0);
        self.first = false;
        self.idle = if picks > 0 { 0 } else { self.idle + 1 };
    }
}

/// A time, and every row that may fire before it; `None` when no row is left in play.
///
/// About τ·Σ rate rows may fire before τ. Where a list would be longer than the limit however
/// small τ is, the answer is τ = 0 and part of the list: settling those sharpens their bounds.
fn due(span: &Span<'_>, pace: &Pace, missing: usize) -> Result<Option<(f32, Vec<usize>)>, Error> {
    let mut tau = (pace.want(missing) / span.totals.rate) as f32;
    let (mut grown, mut shrunk) = (0, 0);
    loop {
        if !(tau > 0.0 && tau < f32::MAX) || grown > 3 {
            tau = f32::MAX;
        }
        let due = span.due_rows(tau, pace.limit)?;
        if due.count == 0 && tau == f32::MAX {
            return Ok(None);
        }
        if due.count == 0 {
            tau *= 16.0;
            grown += 1;
        } else if due.count <= pace.limit {
            return Ok(Some((tau, due.rows)));
        } else if tau == f32::MAX || shrunk > 6 {
            return Ok(Some((0.0, due.rows)));
        } else {
            tau *= 0.5 * pace.limit as f32 / due.count as f32;
            shrunk += 1;
        }
    }
}

/// The rows that may fire in a block, with the exact hazard each has left.
struct Block {
    candidates: Candidates,
    left: Vec<f64>,
    power: f64,
}

impl Block {
    /// Hazards from the inner products alone: with c_m = ⟨F_i, q_m⟩, the squared residual before
    /// direction k was r_i² + Σ_{m≥k} c_m², so nothing has to be remembered of rows that were
    /// never looked at.
    fn new(candidates: Candidates, span: &Span<'_>, numbers: &[f64], exponent: f64) -> Self {
        let left = |i: usize| {
            let mut residual_sq = candidates.residual_sq[i];
            let mut hazard = 0.0;
            for (c, dt) in candidates.products[i].iter().zip(span.dt()).rev() {
                residual_sq += c * c;
                hazard += dt * power(residual_sq.sqrt(), exponent);
            }
            numbers[candidates.rows[i]] - hazard
        };
        let left = (0..candidates.rows.len()).map(left).collect();
        Self {
            candidates,
            left,
            power: exponent,
        }
    }

    /// Picks rows as they fire, up to time `tau` from now; gives the number of picks.
    fn race(&mut self, run: &mut Run<'_>, span: &mut Span<'_>, tau: f64) -> usize {
        let (mut clock, mut picks) = (0.0, 0);
        while picks < MOST_PICKS && !run.done() {
            let Some((dt, i)) = self.next() else { break };
            clock += dt;
            if clock >= tau {
                break;
            }
            for j in self.candidates.alive() {
                self.left[j] -= dt * self.rate(j);
            }
            run.pick(
                self.candidates.rows[i],
                self.candidates.residual_sq[i].sqrt(),
            );
            span.take(&mut self.candidates, i, dt);
            picks += 1;
        }
        picks
    }

    /// The next candidate to fire, and when.
    fn next(&self) -> Option<(f64, usize)> {
        let wait = |i: usize| ((self.left[i] / self.rate(i)).max(0.0), i);
        order::argmin(self.candidates.alive().map(wait))
    }

    fn rate(&self, i: usize) -> f64 {
        power(self.candidates.residual_sq[i].sqrt(), self.power)
    }
}
