//! Uniform sampling without replacement.

use crate::selection::{ShortfallReason, labelled_mask};
use crate::{Error, Pool, Selection, Selector, order, random};

/// Uniform sampling without replacement: every subset of `budget` rows is equally likely.
///
/// Row i owns the exponential number Eᵢ; the picks are the `budget` smallest, in order, so
/// that a smaller budget's picks are a prefix of a larger one's. Scores are 1. No pass over
/// the features; `O(rows)` on the host. The baseline of N. Bar and R. Giryes (arXiv:2406.01086).
///
/// ```
/// use coresift::{CpuPool, Features, Selector, Uniform};
///
/// let x = [1.0, 2.0, 3.0, 4.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 1)?);
/// let chosen = Uniform { seed: 1, labelled: vec![2] }.select(&pool, 3)?;
/// assert!(!chosen.picks.contains(&2));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Uniform {
    /// Seed of the draws.
    pub seed: u64,
    /// Rows already labelled: never picked.
    pub labelled: Vec<usize>,
}

impl Selector for Uniform {
    fn select_with(
        &self,
        pool: &dyn Pool,
        budget: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Selection, Error> {
        let labelled = labelled_mask(&self.labelled, pool.rows(), budget)?;
        let mut keys = random::exponentials(self.seed, random::UNIFORM, pool.rows());
        for (key, _) in keys
            .iter_mut()
            .zip(labelled)
            .filter(|(_, labelled)| *labelled)
        {
            *key = f64::INFINITY;
        }
        let picks = order::smallest(&keys, budget);
        progress(picks.len());
        let scores = vec![1.0; picks.len()];
        let selection = Selection {
            picks,
            scores,
            epochs: vec![0],
            ..Selection::default()
        };
        Ok(selection.finish(budget, ShortfallReason::ZeroWeight))
    }
}
