//! Rows to test on, for many subsets of one pool.

use super::evaluation::{Evaluation, ready};
use super::nearest::share_right;
use super::norms::norms;
use super::probe::{LinearProbe, root_mean_square};
use super::rows::by_blocks;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::metric::Metric;
use crate::select::points::Points;
use crate::select::unit_rows::Nearest;

/// Rows to test on subsets of a pool: what these share is found once.
pub(crate) struct HeldOut<'a> {
    pool: &'a dyn Pool,
    labels: &'a [u32],
    nearest: Nearest<'a>,
    /// The root of the mean squared length of the rows that are selected from.
    length: f64,
}

impl<'a> HeldOut<'a> {
    /// Rows with a label each, to test what is selected from `train`: a pass over either.
    pub(crate) fn new(
        train: &dyn Pool,
        pool: &'a dyn Pool,
        labels: &'a [u32],
    ) -> Result<Self, Error> {
        Ok(Self {
            pool,
            labels,
            nearest: ready(pool, Metric::Euclidean)?,
            length: root_mean_square(&norms(train)?),
        })
    }

    /// What [`Evaluation::nearest_accuracy`] says of these rows, of labels that have been checked.
    pub(crate) fn nearest_accuracy(
        &self,
        subset: &Evaluation<'_>,
        labels: &[u32],
    ) -> Result<f64, Error> {
        let nearest = self.nearest.of_rows_in(subset.pool, subset.picks)?;
        let guesses = nearest.into_iter().map(|place| labels[subset.picks[place]]);
        Ok(share_right(guesses, self.labels.iter().copied()))
    }

    /// The linear classifier that [`Evaluation::probe`] fits, of labels that have been checked.
    pub(crate) fn probe(
        &self,
        subset: &Evaluation<'_>,
        labels: &[u32],
    ) -> Result<LinearProbe, Error> {
        subset.probe_over(labels, self.length)
    }

    /// The share of the rows that each of some classifiers gets right: one pass for all.
    pub(crate) fn probe_accuracies(&self, probes: &[LinearProbe]) -> Result<Vec<f64>, Error> {
        let (pool, metric) = (self.pool, Metric::Euclidean);
        let (dim, scale) = (pool.dim(), pool.scale());
        let of_block = |first: usize, x: &[f64]| -> Vec<usize> {
            let right = |probe: &LinearProbe| {
                let rows = x.chunks_exact(dim).zip(&self.labels[first..]);
                rows.filter(|(x, label)| probe.class_of(x, scale) == **label)
                    .count()
            };
            probes.iter().map(right).collect()
        };
        let all: Vec<usize> = (0..pool.rows()).collect();
        let mut right = vec![0; probes.len()];
        by_blocks(Points { pool, metric }, &all, of_block, |found| {
            right.iter_mut().zip(found).for_each(|(sum, of)| *sum += of);
        })?;
        let share = |right| right as f64 / all.len() as f64;
        Ok(right.into_iter().map(share).collect())
    }
}
