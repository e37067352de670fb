//! Herding: picks whose mean is that of all rows, in the feature space of a kernel.

mod alpha;
mod cost;
mod greedy;

use super::by_class::by_class;
use super::classes::Classes;
use super::facility_location::{Bandwidth, Class, Kernel};
use super::parallel;
use super::strata::{Strata, Stratum, check_classes, classes_among};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline};
use crate::progress::Progress;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, end, places};
use crate::selection::{Details, HerdingTerms, Selection, ShortfallReason};
pub use alpha::Alpha;
use greedy::Greedy;
use std::fmt;

/// Kernel herding without replacement: picks whose mean comes near to that of all rows, in the feature space of a
/// kernel.
///
/// Each pick is the row i, neither picked nor labelled, of the least
///
/// ```text
/// S_i / t − α·R_i / n,   S_i = Σ_{j chosen} K_ij,   R_i = Σ_{j≠i} K_ij,
/// ```
///
/// t being the number of chosen rows (picks and labelled ones) with it, n that of all; the first, where nothing is
/// chosen, is the row of the largest R. Ties go to the lower row. With α = 1 that is kernel herding (Y. Chen,
/// M. Welling and A. Smola, *Super-samples from kernel herding*, UAI 2010); a smaller α spreads the picks: the
/// α-MMD of RDSS, of which this is the exact greedy step (X. Shao and others, *Enhancing semi-supervised learning
/// via representative and diverse sample selection*, NeurIPS 2024, arXiv:2409.11653). Similarities are rounded to
/// 16 bits, and compared in whole numbers, so every device makes the same picks.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any; only directions matter |
/// | `picks` | `budget` | rows, in pick order; those of a smaller budget come first where α and σ do not go by the budget |
/// | `scores` | `budget` | α·R_i / n − S_i / t of the pick, in similarities |
/// | `details` | [`Details::Herding`] | the bandwidth and α in force |
///
/// With `classes` it is stratified: the budget is shared among the classes in proportion to their rows that are not
/// labelled (largest remainder, ties to the lower class), and each class's picks are those of a pool of its rows
/// alone, whose mean they go by, with σ and α of its own. They are listed by ascending class.
///
/// Cost: one pass over all pairs of rows (of classes, of each), rows² · dim / 2 multiply-adds, and rows · dim for each pick, several at a
/// time; some 40 bytes a row beside the rows.
///
/// # Errors
///
/// [`Error::ZeroRow`]; [`Error::Argument`] for a bandwidth, an α or classes that cannot be; else as [`Selector::select`].
///
/// ```
/// use coresift::{CpuPool, Features, Herding, Selector};
///
/// let x = [1.0, 0.1, 1.0, 0.0, 1.0, -0.1, 0.0, 1.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let chosen = Herding::default().select(&pool, 2)?;
/// assert_eq!(chosen.picks, [1, 3]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Herding {
    /// How similar two rows are.
    pub kernel: Kernel,
    /// The bandwidth of [`Kernel::Rbf`]. `Auto`: half the median distance of two rows.
    pub sigma: Bandwidth,
    /// How much the mean of all rows counts.
    pub alpha: Alpha,
    /// Rows already labelled: never picked, and chosen from the start.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` to pick from all rows alike.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
}

impl Sealed for Herding {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (labelled, mut selection) = begin(self, pool, budget)?;
        if let Some(classes) = &self.classes {
            let least = self.min_per_class;
            let strata = Strata::new(pool, Some(classes), &labelled, budget, least, course)?;
            return self.of_classes(pool, (strata, budget), selection, course);
        }
        selection.passes = 1 + usize::from(self.finds_bandwidth());
        selection.warnings.extend(parallel::warning(pool)?);
        let done = self.pick(pool, (labelled, budget), &mut selection, course);
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

impl Selector for Herding {
    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        self.sigma.check()?;
        self.alpha.check()?;
        check_classes(self.classes.as_ref(), rows, dim)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn nests(&self) -> bool {
        self.classes.is_none() && self.alpha != Alpha::Auto
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: classes_among(self.classes.as_ref(), pool, rows)?,
            ..*self
        }))
    }
}

impl Herding {
    fn finds_bandwidth(&self) -> bool {
        self.kernel == Kernel::Rbf && !matches!(self.sigma, Bandwidth::Fixed(_))
    }

    /// What is picked of each class, one after the other.
    fn of_classes(
        &self,
        pool: &dyn Pool,
        (strata, budget): (Strata, usize),
        mut selection: Selection,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        selection.warnings.extend(parallel::warning(pool)?);
        let of = |stratum: &Stratum| Self {
            labelled: stratum.labelled(),
            classes: None,
            ..*self
        };
        let mut all = Vec::new();
        let join = |details| {
            if let Details::Herding(own) = details {
                all.extend(own);
            }
        };
        let done = by_class(pool, (&strata, course), &mut selection, of, join);
        selection.details = Details::Herding(all);
        end(done, selection, budget)
    }

    fn pick(
        &self,
        pool: &dyn Pool,
        (mut marked, budget): (Vec<bool>, usize),
        selection: &mut Selection,
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        if budget == 0 {
            return Ok(());
        }
        let all: Vec<usize> = (0..pool.rows()).collect();
        let class = Class::all(pool, &all, &self.labelled, budget);
        let function = match self.sigma {
            Bandwidth::Auto => class.half_median(self.kernel, course)?,
            sigma => class.function(self.kernel, sigma, course)?,
        };
        selection.warnings.extend(function.warning());
        let alpha = self.alpha.units(self.labelled.len() + budget);
        selection.details = Details::Herding(vec![HerdingTerms {
            class: 0,
            sigma: function.sigma,
            alpha: f64::from(alpha) / f64::from(Alpha::UNIT),
        }]);
        let (step, again) = course.picks(&mut marked, budget, selection)?;
        let mut greedy = Greedy::new(pool, &function.of, alpha, course)?;
        greedy.choose(&self.labelled)?;
        greedy.choose(&again.rows)?;
        again.make(selection);
        while selection.picks.len() < budget
            && let Some((row, score)) = greedy.next()?
        {
            pool.stop().check()?;
            selection.picks.push(row);
            selection.scores.push(score * function.of.unit());
            course.tell(Progress::Picks(selection.picks.len()))?;
            course.keep_picks(step, selection)?;
        }
        Ok(())
    }
}
