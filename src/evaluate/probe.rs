//! A linear classifier fitted to the picks.

use super::classes::different;
use super::evaluation::{Evaluation, TestRows};
use super::nearest::share_right;
use super::norms::norms;
use super::rows::by_blocks;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::reduce;
use crate::select::gram_schmidt::span;
use crate::select::logistic::Logistic;
use crate::select::metric::Metric;
use crate::select::points::Points;

/// C of scikit-learn, the penalty's inverse.
const C: f64 = 10.0;

/// Multinomial logistic regression with an l2 penalty, ½·‖W‖²/10 beside the sum of the losses; intercepts are not
/// penalised. It is scikit-learn's `LogisticRegression(C=10)` of rows over one length, so that lengths and directions
/// are to each other as they were when rows were picked; also of two classes, of which scikit-learn has weights for
/// the second alone, twice as large.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearProbe {
    /// The classes that picks have, ascending. Others are never guessed.
    pub classes: Vec<u32>,
    /// The weights of each class, `classes` x `dim`, of rows over [`length`](Self::length).
    pub weights: Vec<f64>,
    /// The intercept of each class.
    pub biases: Vec<f64>,
    /// The root of the mean squared length of the pool's rows, in the caller's unit.
    pub length: f64,
}

impl LinearProbe {
    /// The most probable class of some rows of a pool, ties to the lower class.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for rows of another number of values than those that it was fitted to; those of the pool.
    pub fn guess(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Vec<u32>, Error> {
        let (dim, fitted) = (pool.dim(), self.weights.len() / self.classes.len());
        if dim != fitted {
            return Err(Error::Argument {
                argument: "pool",
                found: format!("rows of {dim} values"),
                expected: format!("{fitted}, as it was fitted to"),
            });
        }
        let metric = Metric::Euclidean;
        let mut guesses = Vec::with_capacity(rows.len());
        let of_block = |_: usize, x: &[f64]| -> Vec<u32> {
            let rows = x.chunks_exact(dim);
            rows.map(|x| self.class_of(x, pool.scale())).collect()
        };
        by_blocks(Points { pool, metric }, rows, of_block, |found| {
            guesses.extend(found);
        })?;
        Ok(guesses)
    }

    /// The most probable class of a row in the unit of a pool of this scale.
    pub(super) fn class_of(&self, x: &[f64], scale: f32) -> u32 {
        self.classes[self.best(x, 1.0 / (f64::from(scale) * self.length))]
    }

    /// The place of the class of the largest score.
    fn best(&self, x: &[f64], unit: f64) -> usize {
        let (mut best, mut largest) = (0, f64::NEG_INFINITY);
        let classes = self.weights.chunks_exact(x.len()).zip(&self.biases);
        reduce::vectorised!({
            for (class, (weights, bias)) in classes.enumerate() {
                let score = reduce::dot(weights, x) * unit + bias;
                if score > largest {
                    (best, largest) = (class, score);
                }
            }
        });
        best
    }
}

impl Evaluation<'_> {
    /// The share of the rows to test on that a [`LinearProbe`] gets right (N. Bar and R. Giryes, arXiv:2406.01086,
    /// framework ii).
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] as of [`nearest_accuracy`](Self::nearest_accuracy).
    pub fn probe_accuracy(&self, labels: &[u32], test: TestRows<'_>) -> Result<f64, Error> {
        self.check_labels(labels)?;
        let (pool, rows, truth) = match test {
            TestRows::Unpicked => (self.pool, self.test_rows()?, labels),
            TestRows::Pool { pool, labels } => {
                self.check_test(pool, labels)?;
                (pool, (0..pool.rows()).collect(), labels)
            }
        };
        let guesses = self.probe(labels)?.guess(pool, &rows)?;
        let truth = rows.iter().map(|&row| truth[row]);
        Ok(share_right(guesses.into_iter(), truth))
    }

    /// The linear classifier fitted to the picks. Picks of one class alone have no weights but zeros.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for labels that are not one a row, or of a single class.
    pub fn probe(&self, labels: &[u32]) -> Result<LinearProbe, Error> {
        self.check_labels(labels)?;
        self.probe_over(labels, root_mean_square(&norms(self.pool)?))
    }

    /// The same where labels have been checked, and the root of the mean squared length is known.
    pub(super) fn probe_over(&self, labels: &[u32], length: f64) -> Result<LinearProbe, Error> {
        let (pool, dim) = (self.pool, self.pool.dim());
        let classes = different(self.picks.iter().map(|&pick| labels[pick]));
        if classes.len() == 1 {
            let (weights, biases) = (vec![0.0; dim], vec![0.0]);
            return Ok(LinearProbe {
                classes,
                weights,
                biases,
                length,
            });
        }
        // Weights lie in the span of the rows that they are fitted to: there they are found.
        let x = pool.given_rows(self.picks)?;
        let (span, _) = span(&x, dim, pool.stop())?;
        let x: Vec<f64> = x.iter().map(|&v| f64::from(v) / length).collect();
        let directions = span.chunks_exact(dim);
        let product = |x: &[f64], q: &[f64]| reduce::vectorised!(reduce::dot(x, q));
        let place = |x| directions.clone().map(move |q| product(x, q));
        let mut z: Vec<f64> = x.chunks_exact(dim).flat_map(place).collect();
        if span.is_empty() {
            z = vec![0.0; self.picks.len()]; // of zeros alone: intercepts
        }
        let class = |&pick: &usize| classes.partition_point(|&class| class < labels[pick]);
        let of_picks = self.picks.iter().map(class).collect();
        // Two classes have opposite weights, and so half of scikit-learn's penalty on one.
        let penalty = if classes.len() == 2 { 2.0 / C } else { 1.0 / C };
        let count = directions.len().max(1);
        let (found, biases) =
            Logistic::new(&z, count, of_picks, classes.len(), penalty).fit(pool.stop())?;
        let mut weights = vec![0.0; classes.len() * dim];
        for (weights, found) in weights.chunks_exact_mut(dim).zip(found.chunks_exact(count)) {
            for (&found, direction) in found.iter().zip(directions.clone()) {
                reduce::subtract(weights, -found, direction);
            }
        }
        Ok(LinearProbe {
            classes,
            weights,
            biases,
            length,
        })
    }
}

/// √(Σ‖x‖²/n); 1 of rows of zeros alone, which are the same over any length.
pub(super) fn root_mean_square(norms: &[f64]) -> f64 {
    let squares: f64 = norms.iter().map(|norm| norm * norm).sum();
    match squares {
        0.0 => 1.0,
        _ => (squares / norms.len() as f64).sqrt(),
    }
}
