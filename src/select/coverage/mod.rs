//! Coverage: the few rows to label, such that every row is similar to one of them.

mod cost;
mod medoids;
mod refinement;
mod swap;

use super::by_class::take_partial;
use super::chosen::on_rows;
use super::classes::Classes;
use super::facility_location::{Bandwidth, Class, Kernel};
use super::parallel;
use super::spread::similarities;
use super::strata::{Strata, check_classes, classes_among};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline};
use crate::progress::Progress;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, places};
use crate::selection::{ClassCover, Details, Refined, Selection, ShortfallReason, Storage};
use medoids::medoids;
pub use refinement::Refinement;
use std::fmt;
use swap::swap;

/// The few rows to label, such that every row is similar to one of them: facility location whose bandwidth goes by
/// the budget, refined.
///
/// Where few labels can be had this is the method to take: with a linear classifier on the features it was ahead of
/// TypiClust, and far ahead of random picks, on every pool that it was measured on.
///
/// [`FacilityLocation`](crate::FacilityLocation) with a kernel that reaches about as far as a pick's share of the
/// rows makes the picks to begin with; `refine` says what becomes of them. With [`Refinement::Lloyd`] k-means of
/// unit rows begins at them and makes 30 sweeps at most; labelled rows are centres that stay. Of each other cluster
/// the row nearest to its centre is picked, those of large clusters first. With [`Refinement::Swap`] a pick is
/// changed for another row where that raises F by more than a millionth, each row tried twice at most
/// (L. Kaufman and P. J. Rousseeuw, *Clustering by means of medoids*, 1987).
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any; only directions matter |
/// | `picks` | `budget` | rows, those that stand for most first |
/// | `scores` | `budget` | rows that each stands for; not refined: by how much each raised F |
/// | `details` | [`Details::Cover`] | for every class its bandwidth, the greedy picks, and sweeps or swaps |
///
/// With `classes` each class is a selection of its own, with its share of the budget; picks come by ascending class.
/// Picks of a smaller budget are others: the bandwidth is.
///
/// Cost: that of facility location, and sweeps of k-means with as many clusters as picks and labelled rows; or,
/// for swaps, rows² · 4 bytes read, and 2 bytes for each row and pick.
///
/// # Errors
///
/// [`Error::ZeroRow`]; [`Error::Argument`] for a bandwidth or classes that cannot be; else as [`Selector::select`].
/// An error that ends a run that is to be refined carries no picks: a [`Checkpoint`](crate::Checkpoint) has them.
///
/// ```
/// use coresift::{Coverage, CpuPool, Features, Selector};
///
/// // Three rows about one direction and two about another.
/// let x = [1.0, 0.1, 1.0, 0.0, 1.0, -0.1, 0.0, 1.0, 0.1, 1.0];
/// let pool = CpuPool::new(Features::new(&x, 5, 2)?);
/// let chosen = Coverage::default().select(&pool, 2)?;
/// assert_eq!(chosen.picks, [1, 3]);
/// assert_eq!(chosen.scores, [3.0, 2.0]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Coverage {
    /// What becomes of the greedy picks.
    pub refine: Refinement,
    /// The bandwidth of the kernel.
    pub sigma: Bandwidth,
    /// Whether similarities are kept. No pick depends on it.
    pub storage: Storage,
    /// Rows already labelled: never picked, and chosen from the start.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` for one of all rows.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
}

impl Sealed for Coverage {
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
        selection.warnings.extend(parallel::warning(pool)?);
        let mut covers = Vec::new();
        for stratum in strata.strata.iter().filter(|stratum| stratum.budget > 0) {
            let one = One {
                options: self,
                labelled: stratum.labelled(),
                budget: stratum.budget,
                number: stratum.class,
                picked: selection.picks.len(),
            };
            let found = match stratum.rows.len() == pool.rows() {
                true => one.pick(pool, course),
                false => on_rows(pool, &stratum.rows, 0, |few| one.pick(few, course)),
            };
            let (own, done) = match found {
                Ok((own, cover)) => (own, Ok(cover)),
                Err(mut error) => (take_partial(&mut error), Err(error)),
            };
            let rows: Vec<usize> = own.picks.iter().map(|&at| stratum.rows[at]).collect();
            strata.add(stratum, &rows, &own.scores, &mut selection);
            selection.warn(own.warnings);
            selection.passes = selection.passes.max(strata.passes + own.passes);
            match done {
                Ok(cover) => covers.push(cover.of(&stratum.rows)),
                Err(error) => return Err(error.with_partial(selection)),
            }
        }
        selection.details = Details::Cover(covers);
        Ok(selection.finish(budget, ShortfallReason::ZeroWeight))
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        let storage = Storage::default(); // no pick depends on it
        let terms = Self {
            storage,
            ..self.clone()
        };
        write!(to, "{terms:?}")
    }
}

impl Selector for Coverage {
    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        self.sigma.check()?;
        check_classes(self.classes.as_ref(), rows, dim)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: classes_among(self.classes.as_ref(), pool, rows)?,
            ..*self
        }))
    }
}

/// One class, whose rows are all that a pool has.
struct One<'a> {
    options: &'a Coverage,
    labelled: Vec<usize>,
    budget: usize,
    number: usize,
    /// Picks made in classes before it.
    picked: usize,
}

impl One<'_> {
    /// Picks from it; an error that ends the run carries those that need no refinement.
    fn pick(
        &self,
        pool: &dyn Pool,
        course: &mut Course<'_>,
    ) -> Result<(Selection, ClassCover), Error> {
        let mut selection = Selection::empty();
        let done = self.pick_into(pool, &mut selection, course);
        if self.options.refine != Refinement::None && done.is_err() {
            selection = Selection::empty();
        }
        let made = self.picked + selection.picks.len();
        let told = done.and_then(|cover| course.tell(Progress::Picks(made)).map(|()| cover));
        match told {
            Ok(cover) => Ok((selection, cover)),
            Err(error) => Err(error.with_partial(selection)),
        }
    }

    fn pick_into(
        &self,
        pool: &dyn Pool,
        selection: &mut Selection,
        course: &mut Course<'_>,
    ) -> Result<ClassCover, Error> {
        let all: Vec<usize> = (0..pool.rows()).collect();
        let class = Class {
            pool,
            rows: &all,
            labelled: self.labelled.clone(),
            budget: self.budget,
            storage: self.options.storage,
            target_weights: None,
            picked: self.picked,
        };
        let function = class.function(Kernel::Rbf, self.options.sigma, course)?;
        let picked = match self.options.refine {
            Refinement::None => class.pick(&function.of, selection, course)?,
            _ => course.heard_by(
                |progress| self.of_start(progress),
                |course| class.pick(&function.of, selection, course),
            )?,
        };
        selection.passes = 1 + usize::from(!matches!(self.options.sigma, Bandwidth::Fixed(_)));
        selection.warnings.extend(function.warning());
        let mut cover = ClassCover {
            class: self.number,
            sigma: function.sigma,
            gains: selection.scores.iter().sum(),
            idle: picked.gains.iter().filter(|&&gain| gain == 0).count(),
            refined: None,
        };
        let start = selection.picks.clone();
        let (picks, refined) = match self.options.refine {
            Refinement::None => return Ok(cover),
            Refinement::Lloyd => {
                drop(picked);
                let (picks, refined, passes) = medoids(pool, &self.labelled, &start, course)?;
                selection.passes += passes;
                (picks, refined)
            }
            Refinement::Swap => {
                let similarities = match picked.greedy {
                    Some(greedy) => greedy.similarities,
                    None => similarities(pool, &all, &function.of)?,
                };
                swap(&*similarities, &self.labelled, &start, pool.stop())?
            }
        };
        selection.scores = refined.sizes.iter().map(|&size| size as f64).collect();
        selection.picks = picks;
        cover.refined = Some(refined);
        Ok(cover)
    }
}

impl One<'_> {
    /// What greedy picks tell that are to be refined: they are none of the selection's yet.
    fn of_start<'p>(&self, progress: Progress<'p>) -> Progress<'p> {
        match progress {
            Progress::Picks(made) => Progress::Centres {
                placed: made - self.picked,
                clusters: self.budget,
            },
            other => other,
        }
    }
}

impl ClassCover {
    /// The same of rows that have these places.
    fn of(mut self, rows: &[usize]) -> Self {
        if let Some(Refined { start, .. }) = &mut self.refined {
            start.iter_mut().for_each(|row| *row = rows[*row]);
        }
        self
    }
}
