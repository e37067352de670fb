//! What the nearest pick of every row says: labels, cover, weights.

use super::evaluation::{Evaluation, TestRows, ready};
use super::rows::by_blocks;
use crate::error::Error;
use crate::reduce;
use crate::select::metric::Metric;
use crate::select::points::Points;

impl Evaluation<'_> {
    /// The share of the rows to test on that have the label of their nearest pick, ties to the earlier pick: the
    /// accuracy of 1-NN.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for labels that are not one a row, or of a single class; for rows to test on of another
    /// number of values; where all rows are picked and there are no others; [`Error::ZeroRow`] by cosine.
    pub fn nearest_accuracy(
        &self,
        labels: &[u32],
        test: TestRows<'_>,
        metric: Metric,
    ) -> Result<f64, Error> {
        self.check_labels(labels)?;
        let label = |place: usize| labels[self.picks[place]];
        match test {
            TestRows::Unpicked => {
                let rows = self.test_rows()?;
                let nearest = self.nearest(metric)?;
                let guesses = rows.iter().map(|&row| label(nearest[row]));
                Ok(share_right(guesses, rows.iter().map(|&row| labels[row])))
            }
            TestRows::Pool { pool, labels } => {
                self.check_test(pool, labels)?;
                let nearest = ready(pool, metric)?.of_rows_in(self.pool, self.picks)?;
                let guesses = nearest.into_iter().map(label);
                Ok(share_right(guesses, labels.iter().copied()))
            }
        }
    }

    /// The share of all rows that lie within `delta` of a pick, nearer than that, where all are at length 1: what
    /// ProbCover maximises.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for a `delta` that is not above 0 and at most 2; [`Error::ZeroRow`].
    pub fn cover(&self, delta: f64) -> Result<f64, Error> {
        if !(delta > 0.0 && delta <= 2.0) {
            return Err(Error::Argument {
                argument: "delta",
                found: delta.to_string(),
                expected: "a number above 0 and at most 2".to_owned(),
            });
        }
        let (nearest, dim) = (self.nearest(Metric::Cosine)?, self.pool.dim());
        let points = self.points(Metric::Cosine);
        let picks = points.some(self.picks)?;
        let all: Vec<usize> = (0..self.pool.rows()).collect();
        let covered = |first: usize, z: &[f64]| {
            let is_covered = |&(z, &place): &(&[f64], &usize)| {
                let pick = &picks[place * dim..][..dim];
                reduce::vectorised!(reduce::distance_sq(z, pick)) < delta * delta
            };
            let rows = z.chunks_exact(dim).zip(&nearest[first..]);
            rows.filter(is_covered).count()
        };
        let mut count = 0;
        by_blocks(points, &all, covered, |covered| count += covered)?;
        Ok(count as f64 / all.len() as f64)
    }

    /// How many rows each pick is the nearest to, ties to the earlier: as [`Weigher`](super::Weigher) has it where
    /// no rows are labelled.
    ///
    /// # Errors
    ///
    /// [`Error::ZeroRow`] by cosine.
    pub fn weights(&self, metric: Metric) -> Result<Vec<u64>, Error> {
        let mut counts = vec![0; self.picks.len()];
        self.nearest(metric)?
            .iter()
            .for_each(|&place| counts[place] += 1);
        Ok(counts)
    }

    /// The pool's rows as points.
    pub(super) fn points(&self, metric: Metric) -> Points<'_> {
        Points {
            pool: self.pool,
            metric,
        }
    }
}

/// The share of guesses that are right; there is one at least.
pub(super) fn share_right(
    guesses: impl ExactSizeIterator<Item = u32>,
    truth: impl Iterator<Item = u32>,
) -> f64 {
    let count = guesses.len();
    let right = guesses.zip(truth).filter(|(guess, truth)| guess == truth);
    right.count() as f64 / count as f64
}
