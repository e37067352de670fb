//! k-means of unit rows: k-means++, then Lloyd's sweeps.

mod bounds;
mod clusters;
mod convergence;
mod cost;
mod lloyd;
pub(crate) mod members;
mod race;
pub(crate) mod start;
#[cfg(test)]
mod tests;

use super::parallel;
use super::unit_rows::UnitRows;
use crate::checkpoint::{Entry, check_rows};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::progress::{Listener, Progress, unheard};
use crate::selection::Warning;
pub use convergence::Convergence;
pub(super) use lloyd::anchored_lloyd;
use lloyd::{lloyd, short_labels};
use members::whole_labels;
use race::Race;

/// k-means of the rows at length 1: `clusters` centres such that the squared distances of the rows
/// to the nearest of them add up to little.
///
/// The start is k-means++ (D. Arthur and S. Vassilvitskii, *k-means++: the advantages of careful
/// seeding*, 2007): the first centre is any row, each further one row i with probability D_i²/ΣD²,
/// D_i being its distance to the nearest centre so far. It is drawn as the smallest E_i/D_i² with
/// an exponential number E_i a row and centre. Then Lloyd's sweeps: rows to the nearest centre
/// (ties to the lower one), centres to the means of their rows, until no row moves, none has come
/// nearer by more than f64 rounds for three sweeps, or [`Convergence`] says that it is enough. A cluster that has lost
/// all its rows takes the row farthest from its centre, ties to the lower one, out of a cluster of
/// more than one row.
///
/// A row of zeros stays zeros: it is at distance 1 of every other row.
///
/// Kernels bound distances, and the host settles in f64 those that the bounds leave open; means
/// come from exact sums. So every device gives the same clustering, with any number of threads.
///
/// Cost: a pass over the features for every sweep, one for their lengths and one for the inertia.
/// On the CPU, once few rows move, a sweep compares rows only to the centres that bounds of their
/// cluster do not rule out, a few of many. Rows that move, and the few that come up for a centre,
/// are gathered. About 60 bytes a row beside the features.
///
/// ```
/// use coresift::{CpuPool, Features, KMeans};
///
/// // Two directions, whatever the lengths.
/// let x = [1.0, 0.0, 0.0, 2.0, 3.0, 0.0, 0.0, 4.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let found = KMeans::new(2, 0).fit(&pool)?;
/// assert_eq!(found.labels[0], found.labels[2]);
/// assert_ne!(found.labels[0], found.labels[1]);
/// assert_eq!(found.inertia, 0.0);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KMeans {
    /// How many clusters, at most as many as there are directions among the rows.
    pub clusters: usize,
    /// Seed of the start.
    pub seed: u64,
    /// When its sweeps end.
    pub convergence: Convergence,
}

/// What [`KMeans::fit`] finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Clustering {
    /// Each row's cluster.
    pub labels: Vec<usize>,
    /// The means of the clusters' rows at length 1, `clusters` x `dim`, row-major. They are
    /// shorter than 1 themselves.
    pub centres: Vec<f64>,
    /// The rows at which k-means++ put the centres, in order.
    pub starts: Vec<usize>,
    /// Squared distances of all rows to the centres of their clusters, added up.
    pub inertia: f64,
    /// Times that every row was given to the nearest centre.
    pub sweeps: usize,
    /// What is doubtful about the clusters.
    pub warnings: Vec<Warning>,
}

impl KMeans {
    /// Into so many clusters, until nothing changes or 300 sweeps are made.
    #[must_use]
    pub fn new(clusters: usize, seed: u64) -> Self {
        Self {
            clusters,
            seed,
            convergence: Convergence::default(),
        }
    }

    /// Clusters the rows of a pool.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for no cluster, for more than there are different rows at length 1, and for a
    /// [`Convergence`] out of range;
    /// [`Error::DeviceLost`], [`Error::Interrupted`] and [`Error::OutOfMemory`] from the pool.
    pub fn fit(&self, pool: &dyn Pool) -> Result<Clustering, Error> {
        self.fit_with(pool, &mut unheard)
    }

    /// As [`fit`](Self::fit), and reports to `progress` of every centre placed and every sweep; that may
    /// end it.
    ///
    /// # Errors
    ///
    /// As [`fit`](Self::fit).
    pub fn fit_with(
        &self,
        pool: &dyn Pool,
        progress: &mut Listener<'_>,
    ) -> Result<Clustering, Error> {
        let course = &mut Course::new(progress);
        let rows = UnitRows::new(pool)?;
        let starts = self.starts(&rows, course)?;
        let mut found = lloyd(&rows, rows.rows(&starts)?, self.convergence, course)?;
        Ok(Clustering {
            labels: found.clusters.labels()?,
            inertia: found.clusters.distances_sq()?.iter().sum(),
            centres: found.clusters.centres,
            starts,
            sweeps: found.sweeps,
            warnings: parallel::warning(pool)?.into_iter().collect(),
        })
    }

    /// Each row's cluster, and the passes over the features that it took: a sweep counts as one,
    /// however many rows it need not look at.
    pub(super) fn labels(
        &self,
        pool: &dyn Pool,
        course: &mut Course<'_>,
    ) -> Result<(Vec<usize>, usize), Error> {
        let rows = UnitRows::new(pool)?;
        let (labels, sweeps) = self.labels_from(&rows, course, Self::starts)?;
        Ok((labels, 1 + sweeps))
    }

    /// As [`labels`](Self::labels), of as many clusters as there are different rows at length 1
    /// where those are fewer; the passes are those that come after the rows' lengths.
    pub(super) fn labels_of_at_most(
        &self,
        rows: &UnitRows<'_>,
        course: &mut Course<'_>,
    ) -> Result<(Vec<usize>, usize), Error> {
        self.labels_from(rows, course, Self::starts_at_most)
    }

    /// Each row's cluster and the sweeps that it took, or what an earlier run has kept of that.
    fn labels_from(
        &self,
        rows: &UnitRows<'_>,
        course: &mut Course<'_>,
        starts: impl FnOnce(&Self, &UnitRows<'_>, &mut Course<'_>) -> Result<Vec<usize>, Error>,
    ) -> Result<(Vec<usize>, usize), Error> {
        let (step, kept) = course.step(|entry| match entry {
            Entry::Labels(labels, sweeps) => Some((labels.clone(), *sweeps)),
            _ => None,
        })?;
        if let Some((labels, sweeps)) = kept {
            return Ok((whole_labels(&labels, rows.len(), self.clusters)?, sweeps));
        }
        let starts = starts(self, rows, course)?;
        let mut found = lloyd(rows, rows.rows(&starts)?, self.convergence, course)?;
        let labels = found.clusters.labels()?;
        course.conclude(step, || Entry::Labels(short_labels(&labels), found.sweeps))?;
        Ok((labels, found.sweeps))
    }

    /// The rows at which the centres start, by k-means++.
    fn starts(&self, rows: &UnitRows<'_>, course: &mut Course<'_>) -> Result<Vec<usize>, Error> {
        self.convergence.check()?;
        if self.clusters == 0 || self.clusters > rows.len() {
            return Err(self.refuse(rows.len(), "rows"));
        }
        let starts = self.starts_at_most(rows, course)?;
        if starts.len() < self.clusters {
            return Err(self.refuse(starts.len(), "different rows at length 1"));
        }
        Ok(starts)
    }

    /// As [`starts`](Self::starts), or as many as there are different rows.
    fn starts_at_most(
        &self,
        rows: &UnitRows<'_>,
        course: &mut Course<'_>,
    ) -> Result<Vec<usize>, Error> {
        let (step, kept) = course.step(|entry| match entry {
            Entry::Centres(rows) => Some(rows.clone()),
            _ => None,
        })?;
        let mut race = Race::new(rows, self.seed)?;
        if let Some(kept) = kept {
            check_rows(&kept, &vec![false; rows.len()])?;
            let points = rows.rows(&kept)?;
            (kept.iter().zip(points.chunks_exact(rows.dim())))
                .for_each(|(&row, point)| race.place(row, point));
        }
        while race.starts.len() < self.clusters && race.next(self.clusters)? {
            let (placed, clusters) = (race.starts.len(), self.clusters);
            course.tell(Progress::Centres { placed, clusters })?;
            course.keep(step, |entry| *entry = Entry::Centres(race.starts.clone()))?;
        }
        Ok(race.starts)
    }

    fn refuse(&self, most: usize, what: &str) -> Error {
        Error::Argument {
            argument: "clusters",
            found: self.clusters.to_string(),
            expected: format!("a number from 1 to {most} ({what})"),
        }
    }
}
