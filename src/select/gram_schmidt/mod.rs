//! Gram-Schmidt selection: options, epochs (picks up to a restart), and what is common to its rules.

mod attempt;
mod basis;
pub(crate) mod begin;
mod candidates;
mod cost;
mod device_bounds;
mod enclosure;
mod held;
mod options;
mod pivot;
mod plain;
mod race;
mod replay;
mod residual;
pub(crate) mod ridge;
mod run;
mod short;
mod short_pivot;
mod short_race;
mod span;
mod twins;

use super::by_class::by_class;
use super::settled::Settled;
use super::strata::{Strata, Stratum, check_classes, classes_among};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::lp::Lp;
use crate::plan::{Cost, Outline};
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, check_power, end, places};
use crate::selection::{Details, Selection, ShortfallReason};
use device_bounds::DeviceBounds;
pub use options::{GramSchmidt, OnExhaustion};
use residual::LEAST_RANK_TOL;
use run::Run;
use short::Short;
pub(crate) use span::span;
use std::fmt;

impl Sealed for GramSchmidt {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (mut excluded, mut selection) = begin(self, pool, budget)?;
        if let Some(classes) = &self.classes {
            let least = self.min_per_class;
            let strata = Strata::new(pool, Some(classes), &excluded, budget, least, course)?;
            return self.of_classes(pool, (strata, budget), selection, course);
        }
        let (step, again) = course.picks(&mut excluded, budget, &mut selection)?;
        let mut run = Run {
            options: self,
            pool,
            budget,
            excluded,
            selection,
            settled: Settled::default(),
            lambda: None,
            log_det: 0.0,
            course: course.lend(),
            step,
        };
        let finished = run.finish(&again.rows);
        run.selection.settled = run.settled.total();
        run.selection.details = run.details();
        end(finished, run.selection, budget)
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        let Self { block, .. } = Self::default(); // no pick depends on it
        let terms = Self {
            block,
            ..self.clone()
        };
        write!(to, "{terms:?}")
    }
}

impl Selector for GramSchmidt {
    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        check_power(self.power, 8.0)?;
        ridge::check(self)?;
        check_classes(self.classes.as_ref(), rows, dim)?;
        if let Some(tol) = self.rank_tol
            && !(LEAST_RANK_TOL..1.0).contains(&tol)
        {
            let expected = format!("a number from {LEAST_RANK_TOL:e} to below 1");
            return Err(Error::Argument {
                argument: "rank_tol",
                found: tol.to_string(),
                expected,
            });
        }
        if self.block == 0 {
            let expected = "at least 1".to_owned();
            return Err(Error::Argument {
                argument: "block",
                found: "0".to_owned(),
                expected,
            });
        }
        Ok(())
    }

    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn nests(&self) -> bool {
        self.classes.is_none()
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: classes_among(self.classes.as_ref(), pool, rows)?,
            ..*self
        }))
    }
}

impl GramSchmidt {
    /// What is picked of each class, one after the other.
    fn of_classes(
        &self,
        pool: &dyn Pool,
        (strata, budget): (Strata, usize),
        mut selection: Selection,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let of = |stratum: &Stratum| Self {
            // In the order given: rounding goes by it.
            labelled: places(&self.labelled, &stratum.rows),
            classes: None,
            ..*self
        };
        let mut all = Vec::new();
        let join = |details| {
            if let Details::Determinant(own) = details {
                all.extend(own);
            }
        };
        let done = by_class(pool, (&strata, course), &mut selection, of, join);
        if self.ridge.is_some() {
            selection.details = Details::Determinant(all);
        }
        end(done, selection, budget)
    }
}

impl Run<'_> {
    /// Picks until the budget is reached or nothing is left; says what ran out if so.
    ///
    /// Picks of an earlier run, since its last restart, are made `again`.
    fn finish(&mut self, mut again: &[usize]) -> Result<ShortfallReason, Error> {
        if self.budget == 0 {
            return Ok(ShortfallReason::ZeroWeight);
        }
        if self.options.norm != Lp::L2 {
            return plain::run(self);
        }
        let norms = self.pool.row_norms(Lp::L2)?;
        self.selection.passes += 1;
        self.begin_ridge()?;
        let mut device_bounds =
            DeviceBounds::new(self.pool, self.options, self.lambda, &self.settled)?;
        let mut short: Option<Short> = None;
        loop {
            if self.selection.restarts.len() > 1 && self.options.on_exhaustion == OnExhaustion::Norm
            {
                self.by_norm(&norms)?;
                return Ok(ShortfallReason::ZeroWeight);
            }
            let is_made = match &mut short {
                Some(short) => short.epoch(self)?,
                None => false,
            };
            if !is_made {
                self.epoch(&mut device_bounds, &norms, std::mem::take(&mut again))?;
                let has_short = (short.as_ref()).is_some_and(|short| short.fits(&device_bounds));
                if !has_short && self.lambda.is_none() {
                    short = Short::after(self, &device_bounds, &norms)?;
                }
            }
            if let Some(reason) = self.next_epoch(|row| norms[row] > 0.0) {
                return Ok(reason);
            }
        }
    }

    /// Finds the λ of a ridge, where there is one.
    fn begin_ridge(&mut self) -> Result<(), Error> {
        if let Some(ridge) = self.options.ridge {
            let lambda = ridge::lambda(self.pool, ridge, &self.settled)?;
            self.selection.passes += 1;
            self.lambda = Some(lambda);
        }
        Ok(())
    }

    /// One epoch: from unprojected rows until the budget is reached or no row is live.
    fn epoch(
        &mut self,
        device_bounds: &mut DeviceBounds<'_>,
        norms: &[f32],
        again: &[usize],
    ) -> Result<(), Error> {
        let (options, mut numbers) = (self.options, self.epoch_numbers());
        let first = self.selection.restarts.len() == 1;
        let labelled: &[usize] = if first { &options.labelled } else { &[] };
        let result = device_bounds
            .begin(norms, &self.excluded, &mut numbers, labelled)
            .and_then(|()| match &numbers {
                Some(numbers) => race::epoch(self, device_bounds, numbers, again),
                None => pivot::epoch(self, device_bounds, again),
            });
        // Also of an epoch that was cut short.
        self.selection.passes += std::mem::take(&mut device_bounds.passes);
        result
    }
}
