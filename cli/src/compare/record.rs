//! What has been compared, as a record has it: `compare.schema.json` describes it.

use crate::versions::Versions;
use coresift::compare::{Compared, Difference, Score, Summary, Trial};
use coresift::{Named as _, Shortfall};
use serde::Serialize;
use serde_json::Value;

/// The form of the record.
pub(crate) const SCHEMA: &str = "coresift-compare/1";

/// Methods, and what they score on splits of labelled rows.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) schema: &'static str,
    /// Rows of the features, and values of each.
    pub(crate) rows: usize,
    pub(crate) dim: usize,
    /// Rows that a list leaves out, where one does.
    pub(crate) excluded: Option<u64>,
    /// Rows left out for their values, where that is asked for.
    pub(crate) skipped: Option<Vec<usize>>,
    pub(crate) options: Options,
    /// The names of the labels.
    pub(crate) labels: Vec<String>,
    pub(crate) summary: Vec<OfScore>,
    pub(crate) splits: Vec<Split>,
    pub(crate) warnings: Vec<Warned>,
    pub(crate) device: String,
    pub(crate) versions: Versions,
}

/// Options in force.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Options {
    pub(crate) methods: Vec<Method>,
    pub(crate) budgets: Vec<usize>,
    pub(crate) seeds: u64,
    /// Rows of a split to select from, and to test on.
    pub(crate) select_from: usize,
    pub(crate) test_on: usize,
}

/// A method, by the name that the command line has for it, and its options as a record of `select` has them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Method {
    pub(crate) name: String,
    pub(crate) options: Value,
}

/// One score of every method.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OfScore {
    pub(crate) score: Score,
    pub(crate) methods: Vec<OfMethod>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct OfMethod {
    pub(crate) name: String,
    /// At each budget, and over all.
    pub(crate) budgets: Vec<Figures>,
    pub(crate) all: Figures,
}

/// Means over splits with their standard errors, shares from 0 to 1.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) mean: f64,
    pub(crate) error: f64,
    /// Less that of the first method, split by split, and splits in which it is above and below 0; none of that
    /// method itself.
    pub(crate) difference: Option<FromFirst>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct FromFirst {
    pub(crate) mean: f64,
    pub(crate) error: f64,
    pub(crate) better: usize,
    pub(crate) worse: usize,
}

/// A split: rows that were held out, and what was picked from the others.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Split {
    pub(crate) seed: u64,
    pub(crate) held_out: Vec<usize>,
    /// Of each method in turn, by budget.
    pub(crate) trials: Vec<Tried>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Tried {
    pub(crate) method: String,
    pub(crate) budget: usize,
    pub(crate) picks: Vec<usize>,
    pub(crate) shortfall: Option<Short>,
    pub(crate) linear_probe: f64,
    pub(crate) nearest_pick: f64,
    pub(crate) class_coverage: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Short {
    pub(crate) count: usize,
    pub(crate) reason: String,
}

impl From<Shortfall> for Short {
    fn from(Shortfall { missing, reason }: Shortfall) -> Self {
        Self {
            count: missing,
            reason: reason.to_string(),
        }
    }
}

/// What a method warned of.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Warned {
    pub(crate) method: String,
    pub(crate) warning: String,
}

/// Every score, summed up.
pub(super) fn summary(compared: &Compared) -> Vec<OfScore> {
    let of_score = |&score: &Score| {
        let named = compared.contenders.iter().zip(compared.summary(score));
        let of_method = |(at, (name, found)): (usize, (&String, Vec<Summary>))| {
            let mut budgets: Vec<Figures> = (found.into_iter())
                .map(|summary| figures(summary, at > 0))
                .collect();
            let all = budgets.pop().expect("the last is over all");
            OfMethod {
                name: name.clone(),
                budgets,
                all,
            }
        };
        OfScore {
            score,
            methods: named.enumerate().map(of_method).collect(),
        }
    };
    Score::ALL.iter().map(of_score).collect()
}

fn figures(summary: Summary, is_other: bool) -> Figures {
    let Difference {
        mean,
        error,
        better,
        worse,
    } = summary.difference;
    let difference = FromFirst {
        mean,
        error,
        better,
        worse,
    };
    Figures {
        mean: summary.mean,
        error: summary.error,
        difference: is_other.then_some(difference),
    }
}

/// Every split; `number` is that of a row among all.
pub(super) fn splits(compared: &Compared, number: impl Fn(usize) -> usize) -> Vec<Split> {
    let numbers = |rows: &[usize]| rows.iter().map(|&row| number(row)).collect::<Vec<_>>();
    let of_split = |split: &coresift::compare::Split| {
        let of_method = |(name, trials): (&String, &Vec<Trial>)| {
            let by_budget = compared.budgets.iter().zip(trials);
            let tried = |(&budget, trial): (&usize, &Trial)| Tried {
                method: name.clone(),
                budget,
                picks: numbers(&trial.picks),
                shortfall: trial.shortfall.map(Short::from),
                linear_probe: trial.scores.probe,
                nearest_pick: trial.scores.nearest,
                class_coverage: trial.scores.coverage,
            };
            by_budget.map(tried).collect::<Vec<_>>()
        };
        let methods = compared.contenders.iter().zip(&split.trials);
        Split {
            seed: split.seed,
            held_out: numbers(&split.held_out),
            trials: methods.flat_map(of_method).collect(),
        }
    };
    compared.splits.iter().map(of_split).collect()
}
