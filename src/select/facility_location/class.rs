//! Greedy picks in one class.

use super::bandwidth::{neighbours, sigma_sq};
use super::greedy::{Greedy, Ground};
use super::kernel::{Bandwidth, Kernel};
use super::weights::whole_weights;
use crate::checkpoint::{Entry, unfit};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::rbf::Rbf;
use crate::kernels::similarities::Round;
use crate::progress::Progress;
use crate::selection::{Selection, Storage, Warning};

/// σ below which integer rows are too coarse.
const FINEST_SIGMA: f64 = 0.003;

/// A class, and how it is picked from.
pub(in crate::select) struct Class<'a> {
    pub(in crate::select) pool: &'a dyn Pool,
    /// Its rows, ascending, those of them that are labelled, as places among them, and how many to pick.
    pub(in crate::select) rows: &'a [usize],
    pub(in crate::select) labelled: Vec<usize>,
    pub(in crate::select) budget: usize,
    pub(in crate::select) storage: Storage,
    /// Of all rows of the pool.
    pub(in crate::select) target_weights: Option<&'a [f64]>,
    /// Picks made in classes before it.
    pub(in crate::select) picked: usize,
}

/// A kernel function, and the bandwidth that was found for it.
pub(in crate::select) struct Function {
    pub(in crate::select) of: KernelFunction,
    pub(in crate::select) sigma: Option<f64>,
}

impl Function {
    /// What may be doubtful of it.
    pub(in crate::select) fn warning(&self) -> Option<Warning> {
        let is_fine = self.sigma.is_some_and(|sigma| sigma < FINEST_SIGMA);
        is_fine.then_some(Warning::NarrowKernel)
    }
}

/// What greedy picks of a class have come to.
pub(in crate::select) struct Picked<'a> {
    /// What they add in the unit of the kernel function, by weight.
    pub(in crate::select) gains: Vec<i64>,
    /// Their state; none where an earlier run has made all of them.
    pub(in crate::select) greedy: Option<Greedy<'a>>,
}

impl<'a> Class<'a> {
    /// All rows of a pool, which are given.
    pub(in crate::select) fn all(
        pool: &'a dyn Pool,
        rows: &'a [usize],
        labelled: &[usize],
        budget: usize,
    ) -> Self {
        Self {
            pool,
            rows,
            labelled: labelled.to_vec(),
            budget,
            storage: Storage::default(),
            target_weights: None,
            picked: 0,
        }
    }

    /// The places of rows of the pool among those of the class.
    pub(in crate::select) fn places(&self, rows: &[usize]) -> Result<Vec<usize>, Error> {
        let place = |row| self.rows.binary_search(row).map_err(|_| unfit());
        rows.iter().map(place).collect()
    }

    /// The kernel function: its bandwidth may be by the class's own rows.
    pub(in crate::select) fn function(
        &self,
        kernel: Kernel,
        bandwidth: Bandwidth,
        course: &mut Course<'_>,
    ) -> Result<Function, Error> {
        match (kernel, bandwidth) {
            (Kernel::Cosine, _) => Ok(Function {
                of: KernelFunction::COSINE,
                sigma: None,
            }),
            (Kernel::Rbf, Bandwidth::Fixed(sigma)) => Ok(rbf(sigma * sigma)),
            (Kernel::Rbf, Bandwidth::Neighbours(count)) => Ok(rbf(self.sigma_sq(count, course)?)),
            (Kernel::Rbf, Bandwidth::Auto) => {
                let picks = self.labelled.len() + self.budget;
                let count = neighbours(self.rows.len(), picks);
                Ok(rbf(self.sigma_sq(count, course)?))
            }
        }
    }

    /// The kernel function whose bandwidth, if it has one, is half the median distance of two rows.
    pub(in crate::select) fn half_median(
        &self,
        kernel: Kernel,
        course: &mut Course<'_>,
    ) -> Result<Function, Error> {
        if kernel == Kernel::Cosine {
            return self.function(kernel, Bandwidth::Auto, course);
        }
        let half = self.rows.len() / 2;
        Ok(rbf(self.sigma_sq(half.max(1), course)? / 4.0))
    }

    /// σ² by so many neighbours.
    fn sigma_sq(&self, neighbours: usize, course: &mut Course<'_>) -> Result<f64, Error> {
        let (step, kept) = course.step(|entry| match entry {
            Entry::Distance(sigma_sq, _) => Some(*sigma_sq),
            _ => None,
        })?;
        let sigma_sq = match kept {
            Some(kept) if kept > 0.0 && kept.is_finite() => kept,
            Some(_) => return Err(unfit()),
            None => sigma_sq(self.pool, self.rows, neighbours)?,
        };
        course.keep(step, |entry| *entry = Entry::Distance(sigma_sq, 1))?;
        Ok(sigma_sq)
    }

    /// Makes the greedy picks into `selection`, which has none, and keeps them as they come.
    pub(in crate::select) fn pick(
        &self,
        function: &KernelFunction,
        selection: &mut Selection,
        course: &mut Course<'_>,
    ) -> Result<Picked<'a>, Error> {
        let mut marked = vec![false; self.pool.rows()];
        (self.labelled.iter()).for_each(|&place| marked[self.rows[place]] = true);
        let (step, again) = course.picks(&mut marked, self.budget, selection)?;
        let chosen = self.places(&again.rows)?;
        let (weights, weight) = match self.target_weights {
            Some(weights) => {
                let (whole, unit) = whole_weights(weights, self.rows);
                (Some(whole), unit)
            }
            None => (None, 1.0),
        };
        let unit = function.unit() * weight;
        let in_units = |score: &f64| (score / unit).round() as i64;
        let mut picked = Picked {
            gains: again.scores.iter().map(in_units).collect(),
            greedy: None,
        };
        let is_done = again.rows.len() == self.budget;
        again.make(selection);
        if is_done {
            return Ok(picked);
        }
        let ground = Ground {
            rows: self.rows,
            function,
            storage: self.storage,
        };
        let mut greedy = Greedy::new(self.pool, ground, weights.as_deref(), course)?;
        greedy.choose(&self.labelled)?;
        greedy.choose(&chosen)?;
        while selection.picks.len() < self.budget {
            self.pool.stop().check()?;
            let rounds = greedy.choose_next(self.budget - selection.picks.len())?;
            if rounds.is_empty() {
                break;
            }
            for Round { row, gain } in rounds {
                selection.picks.push(self.rows[row]);
                selection.scores.push(gain as f64 * unit);
                picked.gains.push(gain);
                let made = self.picked + selection.picks.len();
                course.tell(Progress::Picks(made))?;
                course.keep_picks(step, selection)?;
            }
        }
        picked.greedy = Some(greedy);
        Ok(picked)
    }
}

fn rbf(sigma_sq: f64) -> Function {
    Function {
        of: KernelFunction::Rbf(Rbf::new(sigma_sq)),
        sigma: Some(sigma_sq.sqrt()),
    }
}
