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
//! An old residual is too long, so a firing time computed from it is too early. Hence the race
//! is run lazily, twice over:
//!
//! - Of rows on the device only old bounds are known. Those that are due before a time *limit*
//!   by these are fetched and *held*; the others cannot fire before the limit, whatever is
//!   picked.
//! - Of the rows held, the one that would fire first by what is known of it is brought up to
//!   date; if it already is, it fires.
//!
//! So most rows are never looked at after their norms, and the device deflates its bounds only
//! when too many rows are fetched needlessly. No pick depends on limits, on lists, or on a kernel's
//! last bits.

use super::begin::Numbers;
use super::device_bounds::DeviceBounds;
use super::held::{Held, InTurn, advance};
use super::replay::replay;
use super::run::Run;
use crate::error::Error;
use std::collections::BinaryHeap;

/// Most rows asked for at a time.
const MOST: f64 = 256.0;
/// Rows brought up to date at a time: those that are next in turn, in the hope that the first
/// of them fires.
const AHEAD: usize = 8;
/// Of so many rows the host may settle one needlessly before the device deflates: about what costs it as
/// much as a pass over all. Held, they take a sixteenth of the features' memory.
const ROWS_OF_PASS: usize = 32;
/// One in so many for every row of a list (`block`), as long as that is fewer.
const ROWS_OF_SHORT_LISTS: usize = 1024;

/// Makes some picks `again`, then more until the budget is reached or no row is live.
pub(super) fn epoch(
    run: &mut Run<'_>,
    device_bounds: &mut DeviceBounds<'_>,
    numbers: &Numbers<'_>,
    again: &[usize],
) -> Result<(), Error> {
    replay(run, device_bounds, Some(numbers), again)?;
    let (power, now) = (run.options.power, device_bounds.basis.clock());
    let pace = Pace::new(run.options.block, numbers.len());
    let mut race = Race {
        device_bounds,
        numbers,
        power,
        held: BinaryHeap::new(),
        limit: now,
        began: now,
        pace,
    };
    loop {
        race.fire(run)?;
        if run.done() || race.device_bounds.basis.is_full() {
            return Ok(());
        }
        if race.pace.is_in_vain(left(run, race.device_bounds)) && race.device_bounds.is_ahead() {
            race.deflate(false)?;
        }
        if !race.hold_more()? {
            return Ok(());
        }
    }
}

/// Picks that the epoch may still have.
fn left(run: &Run<'_>, device_bounds: &DeviceBounds<'_>) -> usize {
    let missing = run.budget - run.selection.picks.len();
    missing.min(device_bounds.basis.room())
}

struct Race<'s, 'a> {
    device_bounds: &'s mut DeviceBounds<'a>,
    numbers: &'s Numbers<'s>,
    power: f64,
    /// Live rows; masked on the device.
    held: BinaryHeap<InTurn>,
    /// No other row fires before.
    limit: f64,
    /// When the device last deflated: its hazards are those of that time.
    began: f64,
    pace: Pace,
}

impl Race<'_, '_> {
    /// Picks the rows that fire before the limit.
    fn fire(&mut self, run: &mut Run<'_>) -> Result<(), Error> {
        while !run.done() && !self.device_bounds.basis.is_full() {
            if !self.is_due() {
                break;
            }
            let Some(InTurn(held)) = self.held.pop() else {
                break;
            };
            if held.residual.known() < self.device_bounds.basis.len() {
                self.bring_up(held)?;
                continue;
            }
            run.pick(held.row, held.residual.sq().sqrt())?;
            self.device_bounds
                .basis
                .push(held.residual.picked(), held.wait(self.power));
            self.pace.picked += 1;
        }
        Ok(())
    }

    /// Whether a row held would fire before the limit, by what is known of it.
    fn is_due(&self) -> bool {
        let first = self.held.peek();
        first.is_some_and(|InTurn(held)| held.fires < self.limit)
    }

    /// Brings a row and others that are next in turn up to date.
    fn bring_up(&mut self, first: Held) -> Result<(), Error> {
        let (mut stale, mut exact) = (vec![first], Vec::new());
        while stale.len().max(exact.len()) < AHEAD && self.is_due() {
            let Some(InTurn(held)) = self.held.pop() else {
                break;
            };
            if held.residual.known() < self.device_bounds.basis.len() {
                stale.push(held);
            } else {
                exact.push(held);
            }
        }
        self.advance(&mut stale)?;
        self.held.extend(stale.into_iter().chain(exact).map(InTurn));
        Ok(())
    }

    /// Brings rows up to date, and drops those whose residual is within the tolerance; gives their
    /// number.
    fn advance(&self, rows: &mut Vec<Held>) -> Result<usize, Error> {
        advance(
            rows,
            &self.device_bounds.basis,
            self.power,
            self.device_bounds.stop(),
        )?;
        let before = rows.len();
        rows.retain(|held| held.residual.is_live(self.device_bounds.tol));
        Ok(before - rows.len())
    }

    /// Moves the limit on, and holds the rows that are due before it. False when no row is left
    /// in play.
    fn hold_more(&mut self) -> Result<bool, Error> {
        let Some((limit, rows)) = self.due()? else {
            self.limit = f64::INFINITY;
            return Ok(!self.held.is_empty());
        };
        self.limit = limit;
        let x = self.device_bounds.hold(&rows)?;
        let new = rows.iter().zip(x.chunks_exact(x.len() / rows.len()));
        let mut new: Vec<Held> = new
            .map(|(&row, x)| Held::new(row, x, self.numbers.of(row)))
            .collect();
        let dead = self.advance(&mut new)?;
        self.held.extend(new.into_iter().map(InTurn));
        self.pace.settled += rows.len();
        // Rows die in numbers when the span nears all of them: then the device can tell which.
        if 2 * dead > rows.len() && self.device_bounds.has_grown() {
            self.deflate(true)?;
        }
        Ok(true)
    }

    /// A new limit and the rows due before it, or `None` when the device has no row in play.
    ///
    /// About τ·Σ rate rows are due before τ. Where a list would be too long however small τ is,
    /// the limit stays and a part of the list is given: what is held is not listed again.
    fn due(&self) -> Result<Option<(f64, Vec<usize>)>, Error> {
        let most = self.device_bounds.rows_at_once();
        let passed = self.limit.max(self.device_bounds.basis.clock()) - self.began;
        let mut step = self.pace.want() / self.device_bounds.totals.rate;
        let (mut grown, mut shrunk) = (0, 0);
        loop {
            let tau = if grown > 8 {
                f32::MAX
            } else {
                self.device_bounds.tau(passed + step)
            };
            let due = self.device_bounds.due_rows(tau, most)?;
            match due.count {
                0 if tau == f32::MAX => return Ok(None),
                0 => {
                    step *= 16.0;
                    grown += 1;
                }
                // Nothing is left out at the largest τ, so nothing bounds the race.
                count if count <= most && tau == f32::MAX => {
                    return Ok(Some((f64::INFINITY, due.rows)));
                }
                count if count <= most => {
                    return Ok(Some((self.began + f64::from(tau), due.rows)));
                }
                _ if tau == f32::MAX || shrunk > 8 => return Ok(Some((self.limit, due.rows))),
                count => {
                    step *= 0.5 * most as f64 / count as f64;
                    shrunk += 1;
                }
            }
        }
    }

    /// Has the device take in the picks, and gives the rows held back to it. Residuals are
    /// computed anew when that pays or when it `must` be.
    fn deflate(&mut self, must: bool) -> Result<(), Error> {
        self.device_bounds.deflate()?;
        let held = std::mem::take(&mut self.held).into_iter();
        let mut held: Vec<Held> = held.map(|InTurn(held)| held).collect();
        self.advance(&mut held)?;
        self.device_bounds.give_back(&held)?;
        (self.began, self.limit) = (
            self.device_bounds.basis.clock(),
            self.device_bounds.basis.clock(),
        );
        let in_vain = self.pace.settled > 8 * self.pace.picked;
        if must || self.device_bounds.is_stale(in_vain) {
            self.device_bounds.refresh()?;
        }
        self.pace.learn();
        Ok(())
    }
}

/// How many rows to ask for, and how many may be asked for needlessly.
struct Pace {
    target: f64,
    /// Picks per row settled, smoothed.
    acceptance: f64,
    /// Rows settled and picks made since the device deflated.
    settled: usize,
    picked: usize,
    /// Rows that may be settled needlessly before the device deflates.
    patience: usize,
}

impl Pace {
    fn new(target: usize, rows: usize) -> Self {
        let few = 4 * target;
        let patience =
            (rows / ROWS_OF_SHORT_LISTS * target).clamp(few, few.max(rows / ROWS_OF_PASS));
        Self {
            target: target as f64,
            acceptance: 1.0,
            settled: 0,
            picked: 0,
            patience,
        }
    }

    /// Rows to ask for.
    fn want(&self) -> f64 {
        (self.target / self.acceptance).min(MOST.max(self.target))
    }

    /// Whether rows have been settled needlessly by as many as a pass is worth, and, at the same rate, as
    /// many will be for the picks that are `left`: at the end of an epoch a pass saves few.
    fn is_in_vain(&self, left: usize) -> bool {
        let in_vain = self.settled.saturating_sub(self.picked);
        in_vain > self.patience && in_vain * left > self.patience * self.picked
    }

    fn learn(&mut self) {
        let seen = self.picked as f64 / self.settled.max(1) as f64;
        self.acceptance = (0.5 * (self.acceptance + seen)).max(1.0 / 64.0);
        (self.settled, self.picked) = (0, 0);
    }
}
