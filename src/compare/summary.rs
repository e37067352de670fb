//! Means over splits, and differences of contenders split by split.

use super::compared::{Compared, Score, Split};

/// Two means that differ by less are the same but for rounding.
const ROUNDING: f64 = 1e-12;

/// What a contender scores at a budget, or over all.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Summary {
    /// The mean over splits.
    pub mean: f64,
    /// The standard error of that mean.
    pub error: f64,
    /// What it scores more than the first contender.
    pub difference: Difference,
}

/// A difference from the first contender, split by split; 0 of that itself.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Difference {
    /// The mean over splits.
    pub mean: f64,
    /// The standard error of that mean: the standard deviation of the differences, of squares over one less than their
    /// number, over the root of their number.
    pub error: f64,
    /// Splits in which the score is larger than the first contender's.
    pub better: usize,
    /// Splits in which it is smaller.
    pub worse: usize,
}

impl Compared {
    /// One score of every contender, in order: at each budget, in order, and last over all budgets, of which a split
    /// has the mean.
    #[must_use]
    pub fn summary(&self, score: Score) -> Vec<Vec<Summary>> {
        let scores: Vec<Vec<Vec<f64>>> = (0..self.contenders.len())
            .map(|contender| self.by_budget(contender, score))
            .collect();
        let of_contender = |own: &Vec<Vec<f64>>| {
            let pairs = own.iter().zip(&scores[0]);
            pairs.map(|(own, first)| summary(own, first)).collect()
        };
        scores.iter().map(of_contender).collect()
    }

    /// The scores of a contender, split by split: at each budget, and last their means.
    fn by_budget(&self, contender: usize, score: Score) -> Vec<Vec<f64>> {
        let of_split = |split: &Split| -> Vec<f64> {
            let trials = split.trials[contender].iter();
            trials.map(|trial| trial.scores.of(score)).collect()
        };
        let of_splits: Vec<Vec<f64>> = self.splits.iter().map(of_split).collect();
        let at = |budget: usize| of_splits.iter().map(|scores| scores[budget]).collect();
        let mut by_budget: Vec<Vec<f64>> = (0..self.budgets.len()).map(at).collect();
        by_budget.push(of_splits.iter().map(|scores| mean(scores)).collect());
        by_budget
    }
}

fn summary(own: &[f64], first: &[f64]) -> Summary {
    let differences: Vec<f64> = own.iter().zip(first).map(|(a, b)| a - b).collect();
    let count = |is: fn(f64) -> bool| differences.iter().filter(|&&d| is(d)).count();
    Summary {
        mean: mean(own),
        error: error(own),
        difference: Difference {
            mean: mean(&differences),
            error: error(&differences),
            better: count(|d| d > ROUNDING),
            worse: count(|d| d < -ROUNDING),
        },
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The standard error of a mean.
fn error(values: &[f64]) -> f64 {
    let (count, mean) = (values.len() as f64, mean(values));
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (squares / (count - 1.0) / count).sqrt()
}
