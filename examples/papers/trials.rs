//! Methods against each other on the same splits, seed by seed.

use super::methods::Named;
use super::pools::LabelledPool;
use super::statistics::Mean;
use super::words::{head, table};
use coresift::evaluate::{Evaluation, TestRows};
use coresift::{Error, Selector};
use rayon::prelude::*;
use std::io::IsTerminal as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is run: for every seed a split, on which each method makes a selection of every budget.
pub(crate) struct Design<'a> {
    /// Rows with labels.
    pub(crate) pool: &'a LabelledPool,
    /// How many of them there are to select from; the others are tested on.
    pub(crate) rows: usize,
    /// Splits.
    pub(crate) seeds: u64,
    /// Picks of each selection.
    pub(crate) budgets: Vec<usize>,
    /// The methods, of a seed and the rows to select from.
    pub(crate) methods: fn(u64, &LabelledPool) -> Named,
}

/// A selection that is to be measured.
pub(crate) struct Trial<'a> {
    /// The picks, of the rows to select from.
    pub(crate) evaluation: Evaluation<'a>,
    /// Labels of those rows.
    pub(crate) labels: &'a [u32],
    /// The rows to test on.
    pub(crate) test: TestRows<'a>,
}

/// What was measured, by seed, method and budget.
pub(crate) struct Measured<T> {
    /// What methods are called.
    pub(crate) names: Vec<&'static str>,
    budgets: Vec<usize>,
    values: Vec<Vec<Vec<T>>>,
}

/// Most rows to select from.
const MOST_ROWS: usize = 2500;

/// How many rows of a pool to select from: two thirds, so that splits differ and enough are left to test on.
pub(crate) fn rows_to_select_from(pool: &LabelledPool) -> usize {
    (2 * pool.rows() / 3).min(MOST_ROWS)
}

impl Design<'_> {
    /// Runs it.
    ///
    /// # Errors
    ///
    /// What selectors and measures refuse.
    pub(crate) fn run<T: Send>(
        &self,
        measure: impl Fn(&Trial<'_>) -> Result<T, Error> + Sync,
    ) -> Result<Measured<T>, Error> {
        let values = over_seeds(self.seeds, |seed| self.of_seed(seed, &measure))?;
        Ok(Measured {
            names: (self.methods)(0, self.pool).iter().map(|m| m.0).collect(),
            budgets: self.budgets.clone(),
            values,
        })
    }

    fn of_seed<T>(
        &self,
        seed: u64,
        measure: &impl Fn(&Trial<'_>) -> Result<T, Error>,
    ) -> Result<Vec<Vec<T>>, Error> {
        let [train, test] = self.pool.parts(self.rows, seed)?;
        let (pool, test_pool) = (train.pool()?, test.pool()?);
        let of_selection = |selector: &dyn Selector, budget: usize| {
            let picks = selector.select(&pool, budget)?.picks;
            measure(&Trial {
                evaluation: Evaluation::new(&pool, &picks)?,
                labels: &train.labels,
                test: TestRows::Pool {
                    pool: &test_pool,
                    labels: &test.labels,
                },
            })
        };
        let of_method = |(_, selector): &(&str, Box<dyn Selector>)| {
            let budgets = self.budgets.iter();
            budgets
                .map(|&budget| of_selection(&**selector, budget))
                .collect()
        };
        (self.methods)(seed, &train).iter().map(of_method).collect()
    }
}

/// What every seed comes to, in their order: side by side, since each by itself leaves cores idle.
///
/// # Errors
///
/// The first.
pub(crate) fn over_seeds<T: Send>(
    seeds: u64,
    of_seed: impl Fn(u64) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let done = AtomicU64::new(0);
    let told = std::io::stderr().is_terminal();
    let all = (0..seeds).into_par_iter().map(|seed| {
        let found = of_seed(seed);
        let done = 1 + done.fetch_add(1, Ordering::Relaxed);
        if told {
            eprint!(
                "\r{done} of {seeds}{}",
                if done == seeds { "\n" } else { "" }
            );
        }
        found
    });
    all.collect()
}

impl<T> Measured<T> {
    /// The mean of a measure over seeds, for one budget or over all.
    pub(crate) fn mean(
        &self,
        method: usize,
        budget: Option<usize>,
        of: impl Fn(&T) -> f64,
    ) -> Mean {
        let values = self.values.iter();
        Mean::of(values.map(|of_seed| mean_of(&of_seed[method], budget, &of)))
    }

    /// By how much a method is above another, seed by seed; for one budget, or over all.
    pub(crate) fn difference(
        &self,
        [method, other]: [usize; 2],
        budget: Option<usize>,
        of: impl Fn(&T) -> f64,
    ) -> Mean {
        Mean::of(self.values.iter().map(|of_seed| {
            let value = |method: usize| mean_of(&of_seed[method], budget, &of);
            value(method) - value(other)
        }))
    }

    /// The first method's means by budget and over all of them, and by how much the others are above it.
    pub(crate) fn table(&self, decimals: usize, of: impl Fn(&T) -> f64) -> String {
        let budgets = || (0..self.budgets.len()).map(Some).chain([None]);
        let row = |(method, name): (usize, &&str)| {
            let cell = |budget| match method {
                0 => self.mean(0, budget, &of).show(decimals),
                _ => self
                    .difference([method, 0], budget, &of)
                    .show_signed(decimals),
            };
            head(name, budgets().map(cell))
        };
        let rows: Vec<_> = self.names.iter().enumerate().map(row).collect();
        let titles = self.budgets.iter().map(usize::to_string);
        table(&head("", titles.chain(["all".to_owned()])), &rows)
    }
}

/// A measure for one budget, or its mean over all.
fn mean_of<T>(values: &[T], budget: Option<usize>, of: impl Fn(&T) -> f64) -> f64 {
    match budget {
        Some(budget) => of(&values[budget]),
        None => values.iter().map(of).sum::<f64>() / values.len() as f64,
    }
}
