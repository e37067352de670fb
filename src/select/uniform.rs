//! Uniform sampling without replacement.

use super::classes::Classes;
use super::strata::{Strata, check_classes, classes_among};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline, Work};
use crate::progress::Progress;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, end, places};
use crate::selection::{Selection, ShortfallReason};
use crate::{random, rank};
use std::fmt;

/// Uniform sampling without replacement: every subset of `budget` rows is equally likely.
///
/// Row i owns the exponential number Eᵢ; the picks are the `budget` smallest, in order, so
/// that a smaller budget's picks are a prefix of a larger one's. Scores are 1. No pass over
/// the features; `O(rows)` on the host. The baseline of N. Bar and R. Giryes (arXiv:2406.01086).
///
/// With `classes` it is stratified: the budget is shared among the classes in proportion to their
/// rows that are not labelled (largest remainder, ties to the lower class), and each class's picks
/// are the smallest numbers in it. They are listed by ascending class, in draw order within one,
/// and [`Selection::classes`] tells the shares; a smaller budget's picks are then no prefix.
///
/// # Errors
///
/// [`Error::Argument`] for what `classes` cannot be; else as [`Selector::select`].
///
/// ```
/// use coresift::{CpuPool, Features, Selector, Uniform};
///
/// let x = [1.0, 2.0, 3.0, 4.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 1)?);
/// let chosen = Uniform { seed: 1, labelled: vec![2], ..Uniform::default() }.select(&pool, 3)?;
/// assert!(!chosen.picks.contains(&2));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Uniform {
    /// Seed of the draws.
    pub seed: u64,
    /// Rows already labelled: never picked.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` to draw from all rows alike.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
}

impl Sealed for Uniform {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (labelled, mut selection) = begin(self, pool, budget)?;
        let classes = self.classes.as_ref();
        let strata = Strata::new(pool, classes, &labelled, budget, self.min_per_class, course)?;
        selection.passes = strata.passes;
        selection.warnings.clone_from(&strata.warnings);
        let rows = (pool.row_ids(), pool.rows());
        let numbers = random::of_rows(rows, self.seed, random::UNIFORM, pool.stop())?;
        let done = strata.strata.iter().try_for_each(|stratum| {
            let keys: Vec<f64> = stratum.able.iter().map(|&row| numbers[row]).collect();
            let picks: Vec<usize> = rank::smallest(&keys, stratum.budget)
                .into_iter()
                .map(|place| stratum.able[place])
                .collect();
            strata.add(stratum, &picks, &vec![1.0; picks.len()], &mut selection);
            course.tell(Progress::Picks(selection.picks.len()))?;
            pool.stop().check()
        });
        end(
            done.map(|()| ShortfallReason::ZeroWeight),
            selection,
            budget,
        )
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

impl Selector for Uniform {
    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        check_classes(self.classes.as_ref(), rows, dim)
    }

    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        let (_, found) = Classes::cost(self.classes.as_ref(), pool);
        let mut own = Cost::default();
        own.add(Work::Draw, 1, pool.rows, 1);
        own.host_bytes = 32 * pool.rows as u64 + 24 * budget as u64;
        own.then(found)
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
