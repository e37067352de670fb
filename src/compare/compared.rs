//! What has been compared: every selection, and its scores.

use crate::names::names;
use crate::selection::{Shortfall, Warning};

/// What selectors have picked, split by split, and what that is worth.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Compared {
    /// The names of the contenders, in order.
    pub contenders: Vec<String>,
    /// The budgets, in order.
    pub budgets: Vec<usize>,
    /// A split for each seed from 0 on.
    pub splits: Vec<Split>,
    /// What contenders warned of, by their place: of each kind the first.
    pub warnings: Vec<(usize, Warning)>,
}

/// What has been picked from the rows of a split.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Split {
    /// The seed of the split, and of the selectors.
    pub seed: u64,
    /// The rows to test on, ascending.
    pub held_out: Vec<usize>,
    /// Of every contender, in order, its trials by budget, in order.
    pub trials: Vec<Vec<Trial>>,
}

/// A selection, and what it is worth.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Trial {
    /// Rows of the whole matrix, in the order of the picks.
    pub picks: Vec<usize>,
    /// Why they are fewer than the budget, if they are.
    pub shortfall: Option<Shortfall>,
    /// What they are worth.
    pub scores: Scores,
}

/// What a selection is worth: shares from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Scores {
    /// Of the rows to test on, those that a linear classifier fitted to the picks gets right
    /// ([`Evaluation::probe_accuracy`](crate::evaluate::Evaluation::probe_accuracy)).
    pub probe: f64,
    /// Those that have the label of their nearest pick, by Euclidean distance.
    pub nearest: f64,
    /// Of the classes of the rows to select from, those that a pick has.
    pub coverage: f64,
}

/// One of the [`Scores`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Score {
    /// [`Scores::probe`].
    Probe,
    /// [`Scores::nearest`].
    Nearest,
    /// [`Scores::coverage`].
    Coverage,
}

names!(Score {
    Probe = "linear-probe", "Test rows that a linear classifier fitted to the picks gets right";
    Nearest = "nearest-pick", "Test rows that have the label of their nearest pick";
    Coverage = "class-coverage", "Classes that a pick has";
});

impl Scores {
    /// One of them.
    #[must_use]
    pub fn of(&self, score: Score) -> f64 {
        match score {
            Score::Probe => self.probe,
            Score::Nearest => self.nearest,
            Score::Coverage => self.coverage,
        }
    }
}
