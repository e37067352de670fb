//! Every contender on every split.

use super::compared::{Compared, Scores, Split, Trial};
use super::split::split;
use crate::error::Error;
use crate::evaluate::{Evaluation, HeldOut, LinearProbe};
use crate::features::Features;
use crate::kernels::pool::Pool;
use crate::progress::{Listener, Progress, tell};
use crate::select::Selector;
use crate::selection::{Selection, Shortfall, Warning};
use rayon::prelude::*;
use std::mem::discriminant;

/// Makes a pool of the rows to select from, or of those to test on.
pub type MakeSplitPool<'m, 'f> = dyn Fn(Features<'f>) -> Result<Box<dyn Pool + 'f>, Error> + 'm;

/// A selector that is compared, and its name.
pub struct Contender<'a> {
    /// What it is called; no two are called alike.
    pub name: String,
    /// The selector of a seed, without labelled rows.
    pub selector: Box<dyn Fn(u64) -> Box<dyn Selector> + Send + Sync + 'a>,
}

/// Selectors compared over splits of labelled rows.
///
/// For every seed `train` rows are drawn to select from, by random numbers of their own; the rest
/// is there to test on. Each contender picks each budget from the former, as if the others were left out
/// ([`LeftOut`](crate::LeftOut)): by its selector of that seed, without labels. Then labels are told of the picks, and
/// two classifiers have nothing else to learn from: a linear probe, on features over the root mean squared length of
/// the rows selected from, and the nearest pick. Where picks nest ([`Selector::nests`]) one selection serves for all
/// budgets; classifiers are fitted side by side.
///
/// Scores are the same to the bit on every device, and with any number of threads.
///
/// # Example
///
/// ```
/// use coresift::compare::{Comparison, Contender, Score};
/// use coresift::{CpuPool, Features, Norm, Selector, Uniform};
/// use std::ops::ControlFlow;
///
/// // Two classes on either side of 0; the longest rows are all of one.
/// let x: Vec<f32> = (0..30).map(|row| if row < 15 { 9.0 } else { -1.0 - row as f32 / 30.0 }).collect();
/// let labels: Vec<u32> = (0..30).map(|row| u32::from(row < 15)).collect();
/// let random = |seed| Box::new(Uniform { seed, ..Uniform::default() }) as Box<dyn Selector>;
/// let longest = |_| Box::new(Norm { greedy: true, ..Norm::default() }) as Box<dyn Selector>;
/// let contender = |name: &str, selector| Contender { name: name.to_owned(), selector };
/// let contenders = [
///     contender("random", Box::new(random) as _),
///     contender("longest", Box::new(longest) as _),
/// ];
/// let comparison = Comparison { labels: &labels, budgets: &[4, 6], seeds: 5, train: 20 };
/// let compared = comparison.run(
///     &Features::new(&x, 30, 1)?,
///     &contenders,
///     &|features| Ok(Box::new(CpuPool::new(features))),
///     &mut |_| ControlFlow::Continue(()),
/// )?;
/// let longest = compared.summary(Score::Probe)[1][0];
/// assert!(longest.difference.mean < 0.0 && longest.difference.worse > longest.difference.better);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Comparison<'a> {
    /// The class of every row.
    pub labels: &'a [u32],
    /// Picks, each number once.
    pub budgets: &'a [usize],
    /// Splits: one for each seed from 0 on, at least 2.
    pub seeds: u64,
    /// Rows to select from.
    pub train: usize,
}

/// The rows of a split to select from, and what is known of them.
struct Train<'a> {
    pool: &'a dyn Pool,
    rows: &'a [usize],
    labels: &'a [u32],
}

/// A selection that is made, and what is known of its worth before a classifier is fitted.
struct Made {
    picks: Vec<usize>,
    shortfall: Option<Shortfall>,
    nearest: f64,
    coverage: f64,
}

impl Comparison<'_> {
    /// Compares some contenders. `make` makes pools where the work is to be done; what stops them ends it.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for labels that are not one a row, or of a single class, also of the rows of a split to select
    /// from; for budgets of 0, of more than those rows, twice or none; for fewer than two seeds; where no row is left to
    /// select from or to test on; for contenders of one name, or none; and for one that picks nothing.
    /// [`Error::Interrupted`], without picks, where the listener ends it; and whatever a selector refuses.
    pub fn run<'f>(
        &self,
        features: &Features<'f>,
        contenders: &[Contender<'_>],
        make: &MakeSplitPool<'_, 'f>,
        listener: &mut Listener<'_>,
    ) -> Result<Compared, Error> {
        self.check(features.rows(), contenders)?;
        let of = contenders.len() * self.budgets.len() * self.seeds as usize;
        let mut compared = Compared {
            contenders: contenders.iter().map(|c| c.name.clone()).collect(),
            budgets: self.budgets.to_vec(),
            splits: Vec::new(),
            warnings: Vec::new(),
        };
        for seed in 0..self.seeds {
            let [train, held_out] = split(features, self.train, seed)?;
            let pool = make(features.among(&train))?;
            let test_pool = make(features.among(&held_out))?;
            let labels_of =
                |rows: &[usize]| -> Vec<u32> { rows.iter().map(|&row| self.labels[row]).collect() };
            let (labels, test_labels) = (labels_of(&train), labels_of(&held_out));
            check_classes(&labels, seed)?;
            let rows = Train {
                pool: &*pool,
                rows: &train,
                labels: &labels,
            };
            let test = HeldOut::new(&*pool, &*test_pool, &test_labels)?;
            let mut made = Vec::new();
            for (place, contender) in contenders.iter().enumerate() {
                for selection in self.pick(&rows, &*(contender.selector)(seed), listener)? {
                    compared.warn(place, &selection.warnings);
                    made.push(rows.judge(selection, (&contender.name, seed), &test)?);
                }
                let done = seed as usize * contenders.len() * self.budgets.len() + made.len();
                tell(listener, Progress::Trials { done, of })?;
            }
            let trials = rows.trials(made, &test)?;
            let trials = trials.chunks(self.budgets.len()).map(Into::into).collect();
            compared.splits.push(Split {
                seed,
                trials,
                held_out,
            });
        }
        Ok(compared)
    }

    fn check(&self, rows: usize, contenders: &[Contender<'_>]) -> Result<(), Error> {
        let (labels, train) = (self.labels, self.train);
        if labels.len() != rows {
            let found = format!("{} of them", labels.len());
            return refuse("labels", found, format!("one for each of {rows} rows"));
        }
        if labels.iter().all(|&label| label == labels[0]) {
            let found = format!("class {} alone", labels[0]);
            return refuse("labels", found, "at least two classes");
        }
        if self.seeds < 2 {
            let expected = "at least 2, for a standard error to be told";
            return refuse("seeds", self.seeds.to_string(), expected);
        }
        if train == 0 || train >= rows {
            let expected = format!("1 to {}, so that some are left to test on", rows - 1);
            return refuse("train", format!("{train} rows"), expected);
        }
        if self.budgets.is_empty() {
            return refuse("budgets", "none", "at least one");
        }
        for (at, &budget) in self.budgets.iter().enumerate() {
            if budget == 0 || budget > train {
                let expected = format!("1 to {train}, the rows to select from");
                return refuse("budgets", budget.to_string(), expected);
            }
            if self.budgets[..at].contains(&budget) {
                return refuse("budgets", format!("{budget} twice"), "each once");
            }
        }
        let names: Vec<&String> = contenders.iter().map(|c| &c.name).collect();
        if names.is_empty() {
            return refuse("contenders", "none", "at least one");
        }
        match (1..names.len()).find(|&at| names[..at].contains(&names[at])) {
            Some(at) => refuse("contenders", format!("{} twice", names[at]), "each once"),
            None => Ok(()),
        }
    }

    /// The selections of all budgets, in order; rows that an error names are those of the matrix.
    fn pick(
        &self,
        train: &Train<'_>,
        selector: &dyn Selector,
        listener: &mut Listener<'_>,
    ) -> Result<Vec<Selection>, Error> {
        let mut select = |budget| {
            let picked = selector.select_with(train.pool, budget, listener);
            picked.map_err(|error| match error {
                Error::ZeroRow { row, need } => Error::ZeroRow {
                    row: train.rows[row],
                    need,
                },
                // Picks of a split are no picks of the matrix.
                error => error.with_partial(Selection::empty()),
            })
        };
        if !selector.nests() {
            return self.budgets.iter().map(|&budget| select(budget)).collect();
        }
        let most = self.budgets.iter().copied().max().unwrap_or_default();
        let all = select(most)?;
        let first = |&budget: &usize| {
            let missing = budget.saturating_sub(all.picks.len());
            let short = all.shortfall.filter(|_| missing > 0);
            Selection {
                picks: all.picks[..budget - missing].to_vec(),
                shortfall: short.map(|short| Shortfall { missing, ..short }),
                warnings: all.warnings.clone(),
                ..Selection::empty()
            }
        };
        Ok(self.budgets.iter().map(first).collect())
    }
}

impl Compared {
    fn warn(&mut self, place: usize, warnings: &[Warning]) {
        for warning in warnings {
            let known = |(of, other): &(usize, Warning)| {
                *of == place && discriminant(other) == discriminant(warning)
            };
            if !self.warnings.iter().any(known) {
                self.warnings.push((place, *warning));
            }
        }
    }
}

impl Train<'_> {
    fn judge(
        &self,
        selection: Selection,
        (name, seed): (&str, u64),
        test: &HeldOut<'_>,
    ) -> Result<Made, Error> {
        let Selection {
            picks, shortfall, ..
        } = selection;
        if picks.is_empty() {
            let found = format!("{name}, which picks nothing at seed {seed},");
            return refuse("contenders", found, "at least one pick");
        }
        let evaluation = Evaluation::new(self.pool, &picks)?;
        let nearest = test.nearest_accuracy(&evaluation, self.labels)?;
        let coverage = evaluation.class_coverage(self.labels)?.share();
        Ok(Made {
            picks,
            shortfall,
            nearest,
            coverage,
        })
    }

    /// Fits a classifier to every selection, and tests it.
    fn trials(&self, made: Vec<Made>, test: &HeldOut<'_>) -> Result<Vec<Trial>, Error> {
        let fit = |made: &Made| {
            let evaluation = Evaluation::new(self.pool, &made.picks)?;
            test.probe(&evaluation, self.labels)
        };
        let probes = made.par_iter().map(fit);
        let probes: Vec<LinearProbe> = probes.collect::<Result<_, Error>>()?;
        let accuracies = test.probe_accuracies(&probes)?;
        let trial = |(made, probe): (Made, f64)| Trial {
            picks: made.picks.iter().map(|&row| self.rows[row]).collect(),
            shortfall: made.shortfall,
            scores: Scores {
                probe,
                nearest: made.nearest,
                coverage: made.coverage,
            },
        };
        Ok(made.into_iter().zip(accuracies).map(trial).collect())
    }
}

/// Refuses rows to select from that are all of one class.
fn check_classes(labels: &[u32], seed: u64) -> Result<(), Error> {
    if labels.iter().any(|&label| label != labels[0]) {
        return Ok(());
    }
    let found = format!(
        "one class alone among the {} rows to select from at seed {seed}",
        labels.len()
    );
    refuse("labels", found, "at least two classes")
}

fn refuse<T>(
    argument: &'static str,
    found: impl Into<String>,
    expected: impl Into<String>,
) -> Result<T, Error> {
    Err(Error::Argument {
        argument,
        found: found.into(),
        expected: expected.into(),
    })
}
