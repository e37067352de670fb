//! Short epochs: of few picks each, made on the host by what is known of the rows from the epochs
//! before.
//!
//! An epoch has a look at every row for each of its picks, which is little among many and much among
//! few: a pool of a single column has an epoch for every pick. Once an epoch has shown that few
//! directions span all rows, the next ones are tried here. An epoch that cannot be brought to its end
//! is left to the device, and nothing of it is kept: its picks are the same either way.

use super::attempt::{Attempt, Stand};
use super::basis::Basis;
use super::device_bounds::DeviceBounds;
use super::enclosure::Enclosure;
use super::run::Run;
use super::short_pivot::ShortPivot;
use super::short_race::ShortRace;
use crate::error::Error;

/// The most directions of an epoch that counts as short. Greedy picks take memory for each.
const FEW_DRAWN: usize = 16;
const FEW_GREEDY: usize = 8;
/// Epochs that must be ahead for it to pay that all rows are looked at in f64 first.
const EPOCHS: usize = 4;

/// Epochs in a span of few directions.
pub(super) struct Short {
    enclosure: Enclosure,
    rule: Rule,
}

enum Rule {
    Drawn(ShortRace),
    Greedy(ShortPivot),
}

impl Short {
    /// What the epoch just ended by `device_bounds` allows for those to come; none where that does not pay.
    pub(super) fn after(
        run: &mut Run<'_>,
        device_bounds: &DeviceBounds<'_>,
        norms_sq: &[f32],
    ) -> Result<Option<Self>, Error> {
        let directions = device_bounds.basis.len();
        let missing = run.budget - run.selection.picks.len();
        let few = if run.options.greedy {
            FEW_GREEDY
        } else {
            FEW_DRAWN
        };
        if !(1..=few).contains(&directions) || missing < EPOCHS * directions {
            return Ok(None);
        }
        let left = |&row: &usize| !run.excluded[row] && norms_sq[row] > 0.0;
        let rows: Vec<usize> = (0..norms_sq.len()).filter(left).collect();
        let enclosure = Enclosure::of(run.pool, device_bounds.basis.clone(), &rows)?;
        run.selection.passes += 1;
        let rule = if run.options.greedy {
            Rule::Greedy(ShortPivot::new(run.pool, &enclosure, &rows)?)
        } else {
            Rule::Drawn(ShortRace::new(run, &rows, norms_sq))
        };
        Ok(Some(Self { enclosure, rule }))
    }

    /// Whether the epochs ahead have no more directions than the last by `device_bounds`: else what is known
    /// here serves no longer.
    pub(super) fn fits(&self, device_bounds: &DeviceBounds<'_>) -> bool {
        device_bounds.basis.len() >= self.enclosure.len()
    }

    /// Makes an epoch's picks; false where that did not succeed, and none was made.
    pub(super) fn epoch(&mut self, run: &mut Run<'_>) -> Result<bool, Error> {
        let mut attempt = Attempt {
            enclosure: &self.enclosure,
            tol: run.options.tolerance(run.pool),
            missing: run.budget - run.selection.picks.len(),
            basis: Basis::new(run.pool.dim(), None, &run.settled),
            picks: Vec::new(),
        };
        let stand = match &mut self.rule {
            Rule::Drawn(race) => race.epoch(run, &mut attempt)?,
            Rule::Greedy(pivot) => pivot.epoch(run, &mut attempt)?,
        };
        if stand != Stand::Over {
            return Ok(false);
        }
        for (row, score) in attempt.picks {
            run.pick(row, score)?;
            match &mut self.rule {
                Rule::Drawn(race) => race.remove(row),
                Rule::Greedy(pivot) => pivot.remove(row),
            }
        }
        Ok(true)
    }
}
