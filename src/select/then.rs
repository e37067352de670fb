//! One rule after another: the second picks from what the first has chosen.

use super::chosen::on_rows;
use crate::checkpoint::{Entry, Stage, check_rows};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline, Work};
use crate::progress::Progress;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, labelled_mask};
use crate::selection::{Selection, Shortfall, ShortfallReason};
use std::fmt;

/// "A then B": one selector chooses more rows than are wanted, and another picks from those.
///
/// `first` chooses `oversample` · budget rows, or all that are not labelled where there are fewer;
/// `second` picks the budget from them by its own rule, as if no others were there (N. Bar and
/// R. Giryes, *Diverse Subset Selection via Norm-Based Sampling and Orthogonality*,
/// arXiv:2406.01086, which has norm sampling and Gram-Schmidt follow other methods so).
///
/// Labelled rows must be the same in both stages. They are never picked, and the second stage has
/// them beside the chosen rows, to take into account. Classes hold of the same rows in both; only
/// those of [`Classes::KMeans`](crate::Classes::KMeans) are found anew among the chosen.
///
/// Random numbers still belong to rows of the whole pool, and each stage has streams of its own, so
/// that one seed serves both. The second stage runs on the CPU, on a copy of the chosen rows
/// (`oversample` · budget · dim values) or, where that takes more than half of what the pool may
/// ([`CpuPool::with_memory_limit`](crate::CpuPool::with_memory_limit)), on the rows as every pass fetches them anew.
///
/// | | |
/// | --- | --- |
/// | `picks`, `scores`, `restarts`, `classes`, `details` | of the second stage, with rows numbered as in the pool |
/// | `warnings` | of both |
/// | `passes` | of both, and 1 for the copy; the second stage's are over the chosen rows alone |
/// | `shortfall` | of the second stage, or of a first that chose fewer rows than the budget |
///
/// # Errors
///
/// [`Error::Argument`] for `oversample` 0, other labelled rows in one stage than in the other, an
/// example of several views in either, and whatever either refuses; else as [`Selector::select`].
/// [`Error::DeviceLost`] carries no picks, and [`Error::Interrupted`] the second stage's alone: the
/// first stage's are none of the selection's.
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Features, GramSchmidt, Norm, Selector, Then};
///
/// // The two longest rows point the same way.
/// let x = [0.0, 1.0, 9.0, 0.0, 0.1, 0.1, 8.0, 0.0, 0.0, 7.0];
/// let pool = CpuPool::new(Features::new(&x, 5, 2)?);
/// let longest = Norm { greedy: true, ..Norm::default() };
/// let diverse = GramSchmidt { greedy: true, ..GramSchmidt::default() };
/// assert_eq!(longest.select(&pool, 2)?.picks, [1, 3]);
/// assert_eq!(Then::new(longest, diverse).select(&pool, 2)?.picks, [1, 4]);
/// # Ok::<(), coresift::Error>(())
/// ```
pub struct Then {
    /// Chooses the rows to pick from.
    pub first: Box<dyn Selector>,
    /// Picks from them.
    pub second: Box<dyn Selector>,
    /// Rows that the first chooses for each pick of the second; at least 1.
    pub oversample: usize,
}

impl Then {
    /// Rows that [`new`](Self::new) has the first choose for each pick of the second.
    pub const OVERSAMPLE: usize = 2;

    /// The two rules, with 2 rows chosen for each pick.
    #[must_use]
    pub fn new(first: impl Selector + 'static, second: impl Selector + 'static) -> Self {
        Self {
            first: Box::new(first),
            second: Box::new(second),
            oversample: Self::OVERSAMPLE,
        }
    }
}

impl Sealed for Then {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (labelled, _) = begin(self, pool, budget)?;
        let able = pool.rows() - self.labelled().len();
        let count = budget.saturating_mul(self.oversample).min(able);
        if count == 0 {
            return Ok(Selection::empty());
        }
        let chosen = self.first_stage(pool, count, (&labelled, course))?;
        let reason = chosen.shortfall.unwrap_or(ShortfallReason::ZeroWeight);
        if chosen.picks.is_empty() {
            return Ok(Selection {
                passes: chosen.passes,
                settled: chosen.settled,
                ..Selection::empty()
            }
            .finish(budget, reason));
        }
        let rows = ascending(labelled, &chosen.picks);
        let of_both = |mut picks: Selection| {
            let named = picks.picks.iter_mut().chain(picks.details.rows_mut());
            named.for_each(|place| *place = rows[*place]);
            picks.passes += chosen.passes + 1;
            picks.settled += chosen.settled;
            let of_second = std::mem::take(&mut picks.warnings);
            picks.warn(chosen.warnings.iter().copied().chain(of_second));
            picks
        };
        match self.second_stage(pool, &rows, budget.min(chosen.picks.len()), course) {
            Ok(picks) => Ok(Selection {
                shortfall: shortfall(&picks, budget, reason),
                ..of_both(picks)
            }),
            Err(Error::Interrupted { missing, partial }) => Err(Error::Interrupted {
                missing,
                partial: Box::new(of_both(*partial)),
            }),
            Err(error) => Err(error.with_partial(Selection::empty())),
        }
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        self.first.terms(to)?;
        write!(to, " then {} ", self.oversample)?;
        self.second.terms(to)
    }
}

impl Selector for Then {
    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        if self.oversample == 0 {
            return Err(Error::Argument {
                argument: "oversample",
                found: "0".to_owned(),
                expected: "at least 1".to_owned(),
            });
        }
        for stage in [&self.first, &self.second] {
            stage.check(rows, dim)?;
            if stage.views() != 1 {
                return Err(Error::Argument {
                    argument: "views",
                    found: stage.views().to_string(),
                    expected: "1 in a selection of two stages".to_owned(),
                });
            }
        }
        self.check_labelled(rows)
    }

    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        let able = pool.rows.saturating_sub(self.labelled().len());
        let count = budget.saturating_mul(self.oversample).min(able);
        if count == 0 {
            return Cost::default();
        }
        let first = self.first.estimate(pool, count);
        let rows = count + self.labelled().len();
        let mut copied = Cost::default();
        copied.pass(1);
        copied.add(Work::GatherRows, 1, rows, pool.dim);
        copied.add(Work::Check, 1, rows, pool.dim);
        let few = pool.of_rows(rows);
        let mut second = self.second.estimate(&few, budget);
        second.host_bytes += few.row_bytes() + 8 * rows as u64;
        second.reads = 0.into();
        first.then(copied).then(second)
    }

    fn labelled(&self) -> &[usize] {
        self.first.labelled()
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            first: self.first.among(pool, rows)?,
            second: self.second.among(pool, rows)?,
            oversample: self.oversample,
        }))
    }

    fn stages(&self) -> u64 {
        self.first.stages() + self.second.stages()
    }
}

impl Then {
    /// Checks that both stages have the same labelled rows.
    fn check_labelled(&self, rows: usize) -> Result<(), Error> {
        let first = labelled_mask(self.first.labelled(), rows, 0)?;
        let second = labelled_mask(self.second.labelled(), rows, 0)?;
        match (0..rows).find(|&row| first[row] != second[row]) {
            None => Ok(()),
            Some(row) => Err(Error::Argument {
                argument: "labelled",
                found: format!("row {row} in one stage alone"),
                expected: "the same rows in both".to_owned(),
            }),
        }
    }

    /// What the first chooses, or has chosen in an earlier run.
    fn first_stage(
        &self,
        pool: &dyn Pool,
        count: usize,
        (labelled, course): (&[bool], &mut Course<'_>),
    ) -> Result<Stage, Error> {
        let (step, kept) = course.step(|entry| match entry {
            Entry::Stage(stage) => Some(stage.clone()),
            _ => None,
        })?;
        if let Some(kept) = kept {
            check_rows(&kept.picks, labelled)?;
            return Ok(kept);
        }
        let chosen = course.heard_by(
            |progress| of_first(progress, count),
            |course| self.first.choose(pool, count, course),
        );
        // The picks of a first stage cut short are none of the second's.
        let chosen = chosen.map_err(|error| error.with_partial(Selection::empty()))?;
        let stage = Stage {
            picks: chosen.picks,
            shortfall: chosen.shortfall.map(|short| short.reason),
            passes: chosen.passes,
            settled: chosen.settled,
            warnings: chosen.warnings,
        };
        course.conclude(step, || Entry::Stage(stage.clone()))?;
        Ok(stage)
    }

    /// What the second picks of these rows; picks are places among them.
    fn second_stage(
        &self,
        pool: &dyn Pool,
        rows: &[usize],
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let second = self.second.among(pool, rows)?;
        on_rows(pool, rows, self.first.stages(), |few| {
            second.choose(few, budget, course)
        })
    }
}

/// The rows of a mask and some others, ascending, so that ties go to the lower row of the pool.
fn ascending(mut mask: Vec<bool>, others: &[usize]) -> Vec<usize> {
    others.iter().for_each(|&row| mask[row] = true);
    (0..mask.len()).filter(|&row| mask[row]).collect()
}

/// What the first stage tells, as the whole selection says it: its picks are none yet.
fn of_first(progress: Progress<'_>, of: usize) -> Progress<'_> {
    match progress {
        Progress::Picks(chosen) | Progress::Round { picks: chosen, .. } => {
            Progress::Stage { chosen, of }
        }
        other => other,
    }
}

/// Why the picks are fewer than the budget: for the second stage's reason if it has one, else for
/// the first's.
fn shortfall(picks: &Selection, budget: usize, first: ShortfallReason) -> Option<Shortfall> {
    let missing = budget - picks.picks.len();
    let reason = picks.shortfall.map_or(first, |short| short.reason);
    (missing > 0).then_some(Shortfall { missing, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;
    use crate::kernels::cut::Refine;
    use crate::random::{self, RowIds};
    use crate::select::gram_schmidt::GramSchmidt;
    use crate::select::norm::Norm;
    use crate::select::sas::{Sas, Similarity};
    use crate::select::uniform::Uniform;

    /// Rows of which all but a few are out of play: the few alone, under their own numbers, are
    /// picked alike.
    #[test]
    fn draws_go_by_the_rows_own_numbers() {
        let (rows, dim) = (300, 4);
        let few: Vec<usize> = (0..rows).filter(|row| row % 7 == 3).collect();
        let mut x = vec![0.0; rows * dim];
        let numbers = random::exponentials(1, 0, rows * dim);
        let mut few_x = Vec::new();
        for &row in &few {
            let (x, e) = (&mut x[row * dim..][..dim], &numbers[row * dim..]);
            x.iter_mut().zip(e).for_each(|(x, &e)| *x = e as f32 - 0.7);
            few_x.extend_from_slice(x);
        }
        let out: Vec<usize> = (0..rows).filter(|row| row % 7 != 3).collect();
        let whole = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let row_ids = RowIds {
            rows: Some(&few),
            ..RowIds::default()
        };
        let part = CpuPool::new(Features::new(&few_x, few.len(), dim).unwrap()).numbered(row_ids);
        for seed in 0..5 {
            let labelled = || out.clone();
            let double_greedy = Sas {
                seed,
                labelled: labelled(),
                similarity: Similarity::Dot,
                refine: Refine::RandomDoubleGreedy,
                ..Sas::default()
            };
            let uniform = Uniform {
                seed,
                labelled: labelled(),
                ..Uniform::default()
            };
            let norm = Norm {
                seed,
                ..Norm::default()
            };
            let gram_schmidt = GramSchmidt {
                seed,
                ..GramSchmidt::default()
            };
            let plain = GramSchmidt {
                norm: crate::Lp::L1,
                ..gram_schmidt.clone()
            };
            let selectors: [Box<dyn Selector>; 5] = [
                Box::new(uniform),
                Box::new(norm),
                Box::new(gram_schmidt),
                Box::new(plain),
                Box::new(double_greedy),
            ];
            for (at, selector) in selectors.iter().enumerate() {
                let want = selector.select(&whole, few.len()).unwrap();
                let same = selector.among(&whole, &few).unwrap();
                let got = same.select(&part, few.len()).unwrap();
                let got: Vec<usize> = got.picks.iter().map(|&place| few[place]).collect();
                assert_eq!(got, want.picks, "selector {at} seed {seed}");
            }
        }
    }
}
