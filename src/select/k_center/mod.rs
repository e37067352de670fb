//! k-center: picks that leave no row far from all of them.

mod cost;
pub(crate) mod distances;
mod farthest;

use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline};
use crate::progress::Progress;
use crate::select::by_class::by_class;
use crate::select::classes::Classes;
use crate::select::metric::Metric;
use crate::select::points::Points;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, end, places};
use crate::select::strata::{Strata, Stratum, check_classes, classes_among};
use crate::selection::{Centers, Details, Selection, ShortfallReason};
use distances::{Distances, squared_lengths};
use farthest::Farthest;
use std::fmt;

/// k-center, farthest first: each pick is the row that is farthest from all picks and labelled rows, so that
/// no row stays far from them. Known in active learning as core-set selection.
///
/// The first, where no row is labelled, is the row nearest to the mean. Ties go to the lower row. The radius
/// (the distance of the row that is then farthest) is at most twice the least that as many picks could
/// have (T. F. Gonzalez, *Clustering to minimize the maximum intercluster distance*, 1985; O. Sener and
/// S. Savarese, *Active learning for convolutional neural networks: a core-set approach*, ICLR 2018,
/// arXiv:1708.00489, algorithm 1). Rows that lie far from all others are picked early: k-center looks for
/// outliers, and where few rows are to be labelled other methods serve better.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any |
/// | `picks` | `budget` | rows, in pick order; those of a smaller budget come first |
/// | `scores` | `budget` | distance to the nearest pick or labelled row before it, rounded to f32; of a first pick without those, to the mean |
/// | `details` | [`Details::KCenter`] | the radius after each pick, in f64, and how many picks lay at distance 0 |
///
/// With `classes` it is stratified: the budget is shared among the classes in proportion to their
/// rows that are not labelled (largest remainder, ties to the lower class), and each class's picks are those of
/// a pool of its rows alone, with its labelled rows. They are listed by ascending class, and radii are those of
/// the class; a smaller budget's picks are then no prefix. `passes` are those over the rows of classes, added
/// up to whole ones, and one for their copies, on which the CPU works.
///
/// Distances are computed in f64, and a kernel only says which pick may be the nearest to a row, so every
/// device gives the same picks. Cost: for each pass 2·rows·dim flops a pick since the last, in f32, and
/// some for the rows that come up between passes. About 40 bytes a row beside the features.
///
/// # Errors
///
/// [`Error::ZeroRow`] by [`Metric::Cosine`]; [`Error::Argument`] for what `classes` cannot be; else as [`Selector::select`].
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Features, KCenter, Selector};
///
/// // Row 2 is nearest to the mean; row 3 is farthest from it, and row 0 from both.
/// let x = [0.0, 1.0, 1.5, 4.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 1)?);
/// let chosen = KCenter::default().select(&pool, 3)?;
/// assert_eq!(chosen.picks, [2, 3, 0]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct KCenter {
    /// How far two rows are apart.
    pub metric: Metric,
    /// Rows already labelled: never picked, and centers from the start.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` to pick from all rows alike.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
}

impl Sealed for KCenter {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (is_labelled, mut selection) = begin(self, pool, budget)?;
        if let Some(classes) = &self.classes {
            let strata = Strata::new(
                pool,
                Some(classes),
                &is_labelled,
                budget,
                self.min_per_class,
                course,
            )?;
            return self.of_classes(pool, (strata, budget), selection, course);
        }
        if budget == 0 {
            return Ok(selection);
        }
        let mut farthest = Farthest::new(Distances::new(pool, self.metric)?);
        let mut distances = Vec::new();
        let picked = self.pick(
            &mut farthest,
            is_labelled,
            &mut distances,
            (&mut selection, budget),
            course,
        );
        let of_rest = picked.and_then(|()| farthest.next());
        let of = &farthest.distances;
        (selection.passes, selection.settled) = (of.passes, of.settled.total());
        let of_rest = match of_rest {
            Ok(next) => next.map_or(0.0, |(_, distance_sq)| distance_sq),
            Err(error) => return end(Err(error), selection, budget),
        };
        selection.details = Details::KCenter(Centers {
            idle: distances
                .iter()
                .filter(|&&distance_sq| distance_sq == 0.0)
                .count(),
            radii: radii(&distances, of_rest, selection.picks.len(), of.points),
        });
        Ok(selection.finish(budget, ShortfallReason::ZeroWeight))
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

impl Selector for KCenter {
    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        check_classes(self.classes.as_ref(), rows, dim)
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

impl KCenter {
    /// What is picked of each class, one after the other.
    fn of_classes(
        &self,
        pool: &dyn Pool,
        (strata, budget): (Strata, usize),
        mut selection: Selection,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        if self.metric == Metric::Cosine {
            // Also those of classes that have no budget.
            squared_lengths(pool)?;
            selection.passes += 1;
        }
        let of = |stratum: &Stratum| Self {
            metric: self.metric,
            labelled: stratum.labelled(),
            ..Self::default()
        };
        let mut all = Centers::default();
        let done = by_class(pool, (&strata, course), &mut selection, of, |details| {
            if let Details::KCenter(centers) = details {
                all.radii.extend(centers.radii);
                all.idle += centers.idle;
            }
        });
        if done.is_ok() {
            selection.details = Details::KCenter(all);
        }
        end(done, selection, budget)
    }

    /// Makes the picks; `distances` gets each one's squared distance to the nearest chosen before it, if any
    /// was.
    fn pick(
        &self,
        farthest: &mut Farthest<'_>,
        mut marked: Vec<bool>,
        distances: &mut Vec<f64>,
        (selection, budget): (&mut Selection, usize),
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        for &row in &self.labelled {
            farthest.choose(row)?;
        }
        let (step, again) = course.picks(&mut marked, budget, selection)?;
        for &row in &again.rows {
            distances.extend(farthest.choose(row)?);
        }
        again.make(selection);
        while selection.picks.len() < budget {
            let is_first = self.labelled.is_empty() && selection.picks.is_empty();
            let (row, distance_sq) = if is_first {
                farthest.distances.nearest_to_mean()?
            } else if let Some(next) = farthest.next()? {
                next
            } else {
                return Ok(());
            };
            distances.extend(farthest.choose(row)?);
            let score = farthest.distances.points.in_unit(distance_sq.sqrt());
            selection.picks.push(row);
            selection.scores.push(f64::from(score as f32));
            course.tell(Progress::Picks(selection.picks.len()))?;
            course.keep_picks(step, selection)?;
        }
        Ok(())
    }
}

/// The radius after each of so many picks: the distance of the pick after it, and last that of the farthest
/// row left.
fn radii(distances: &[f64], of_rest: f64, picks: usize, points: Points<'_>) -> Vec<f64> {
    let after_first = distances.len() + 1 - picks;
    let radii = distances[after_first..].iter().chain([&of_rest]);
    radii
        .map(|distance_sq| points.in_unit(distance_sq.sqrt()))
        .collect()
}
