//! ProbCover: picks that have most rows within a distance of them.

mod cost;
mod cover;
mod delta;
mod items;
mod queue;
mod radius;

use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline};
use crate::progress::Progress;
use crate::select::kmeans::{Convergence, KMeans};
use crate::select::parallel;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, end, places};
use crate::select::unit_rows::UnitRows;
use crate::selection::{CoveredRows, Details, Selection, ShortfallReason};
use cover::Cover;
pub use delta::Delta;
use std::fmt;

/// ProbCover: greedily, the row that has most rows within a distance δ of it that no pick has yet.
///
/// Rows are brought to length 1; row i covers row j where ‖z_i − z_j‖ < δ, itself always (O. Yehuda,
/// A. Dekel, G. Hacohen and D. Weinshall, *Active Learning Through a Covering Lens*, NeurIPS 2022,
/// arXiv:2205.11320, Algorithm 1). Ties go to the lower row. Labelled rows cover first.
///
/// **Departures.** When all rows are covered the cover begins anew over the rows not yet picked; the
/// authors' released code repeats row 0 from there, and never picks one of the last N mod 500 rows.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any |
/// | `picks` | `budget` | rows, in pick order |
/// | `scores` | `budget` | rows newly covered |
/// | `restarts` | one a cover begun | picks made before |
/// | `details` | [`Details::ProbCover`] | δ, and the rows that lie within it of a pick or labelled row |
/// | `passes` | | runs of kernels, most of them over some of the rows |
///
/// **Nothing quadratic is kept.** Integer products count, in one pass over all pairs, how many
/// rows each may cover at most. A row's own neighbours are looked up, and those too close to call
/// settled in f64, only when it comes up for being picked: what other rows would cover only falls
/// as picks are made, so their old counts bound it. The same rows are picked on every device.
///
/// Cost: rows²·dim flops to count, then about 2·rows·dim for each row that comes up, some tens a
/// pick. At most 64 bytes a row beside the features on the CPU, and the rows in 16 bits a value on a
/// GPU.
///
/// # Errors
///
/// [`Error::Argument`] for a δ outside (0, 2], and for [`Delta::Auto`] where all rows have one
/// direction; [`Error::ZeroRow`]; else as [`Selector::select`].
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Delta, Features, ProbCover, Selector};
///
/// // Three rows about one direction, the second in their middle, and one on its own.
/// let x = [1.0, 0.0, 2.0, 0.2, 1.0, 0.2, 0.0, 3.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let cover = ProbCover { delta: Delta::Fixed(0.15), ..ProbCover::default() };
/// let chosen = cover.select(&pool, 2)?;
/// assert_eq!((chosen.picks, chosen.scores), (vec![1, 3], vec![3.0, 1.0]));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProbCover {
    /// How near a row must be to be covered.
    pub delta: Delta,
    /// Seed of the clustering that [`Delta::Auto`] makes.
    pub seed: u64,
    /// When the sweeps of that end.
    pub convergence: Convergence,
    /// Rows already labelled: they cover first, and are never picked.
    pub labelled: Vec<usize>,
}

impl Sealed for ProbCover {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (is_taken, mut selection) = begin(self, pool, budget)?;
        if budget == 0 {
            return Ok(selection);
        }
        let done = self.run(pool, budget, is_taken, &mut selection, course);
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

impl Selector for ProbCover {
    fn check(&self, rows: usize, _: usize) -> Result<(), Error> {
        self.convergence.check()?;
        match self.delta {
            Delta::Auto {
                clusters: Some(clusters),
            } if clusters == 0 || clusters > rows => Err(Error::Argument {
                argument: "clusters",
                found: clusters.to_string(),
                expected: format!("a number from 1 to {rows} (rows)"),
            }),
            Delta::Fixed(delta) if !(delta > 0.0 && delta <= 2.0) => Err(Error::Argument {
                argument: "delta",
                found: delta.to_string(),
                expected: "a distance above 0 and at most 2, or auto".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn nests(&self) -> bool {
        matches!(self.delta, Delta::Fixed(_))
    }

    fn among(&self, _: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            ..*self
        }))
    }
}

impl ProbCover {
    fn run(
        &self,
        pool: &dyn Pool,
        budget: usize,
        is_taken: Vec<bool>,
        selection: &mut Selection,
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        let rows = UnitRows::new(pool)?;
        let done = self.cover(&rows, budget, is_taken, selection, course);
        selection.settled = rows.settled().total();
        done
    }

    fn cover(
        &self,
        rows: &UnitRows<'_>,
        budget: usize,
        is_taken: Vec<bool>,
        selection: &mut Selection,
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        let pool = rows.pool();
        selection.passes = 1;
        rows.refuse_zeros("distances between directions")?;
        selection.warnings.extend(parallel::warning(pool)?);
        let neighbours = pool.neighbours()?;
        let delta = match self.delta {
            Delta::Fixed(delta) => delta,
            Delta::Auto { clusters } => {
                let k_means = KMeans {
                    convergence: self.convergence,
                    ..KMeans::new(clusters.unwrap_or(budget.clamp(2, 100)), self.seed)
                };
                let (delta, passes) = radius::by_purity(rows, &*neighbours, k_means, course)?;
                selection.passes += passes;
                delta
            }
        };
        let mut marked = is_taken.clone();
        let mut cover = Cover::new(rows, &*neighbours, delta, is_taken, course)?;
        let before = selection.passes;
        cover.cover_with(&self.labelled)?;
        let (step, again) = course.picks(&mut marked, budget, selection)?;
        cover.pick_again(&selection.picks, &again.rows, course)?;
        again.make(selection);
        loop {
            selection.passes = before + cover.passes;
            if !selection.picks.is_empty() {
                selection.details = Details::ProbCover(CoveredRows {
                    delta,
                    covered: cover.covered(),
                });
                course.tell(Progress::Picks(selection.picks.len()))?;
                course.keep_picks(step, selection)?;
            }
            if selection.picks.len() == budget {
                return Ok(());
            }
            if cover.is_done() {
                cover.restart(course)?;
                if !selection.picks.is_empty() {
                    selection.restarts.push(selection.picks.len());
                }
            }
            let (row, newly_covered) = cover.pick(course)?;
            selection.picks.push(row);
            selection.scores.push(newly_covered as f64);
        }
    }
}
