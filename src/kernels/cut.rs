//! Whole latent classes of which picks are made where their similarities are: what SAS leaves to a pool that is far away,
//! so that a class is one message.

use crate::names::names;

/// What [`Sas`](crate::Sas) maximises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Objective {
    /// The graph cut F.
    #[default]
    Cut,
    /// Σ_{i∈V} s_ie of each pick by itself, ties to the *higher* row: what the authors' released
    /// code computes, for comparison.
    RowSum,
}

names!(Objective {
    Cut = "cut", "The graph cut";
    RowSum = "row-sum", "Static row sums, as the authors' released code";
});

/// What follows the greedy picks of [`Sas`](crate::Sas).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refine {
    /// Double greedy; what it drops is picked anew, greedily, after what it keeps.
    #[default]
    TopUp,
    /// Nothing: the greedy ranking, of which smaller budgets give a prefix, class by class.
    None,
    /// Double greedy alone; may leave fewer picks than the budget.
    DoubleGreedy,
    /// The same, kept at random.
    RandomDoubleGreedy,
}

names!(Refine {
    TopUp = "top-up", "Double greedy, then greedy picks up to the budget";
    None = "none", "Nothing: the greedy ranking";
    DoubleGreedy = "double-greedy", "Double greedy; may leave fewer picks";
    RandomDoubleGreedy = "random-double-greedy", "Randomised double greedy; may leave fewer picks";
});

/// How the picks of classes are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CutRule {
    /// What is maximised.
    pub objective: Objective,
    /// What follows the greedy picks.
    pub refine: Refine,
    /// Whether what adds least is picked.
    pub worst: bool,
    /// Rows among which picks are made between two passes, where similarities are not kept; at least 1. No pick depends
    /// on it.
    pub block: usize,
    /// The seed of randomised double greedy.
    pub seed: u64,
    /// Stages of the selection before this one: they have numbers of their own of a seed.
    pub stage: u64,
}

/// A class of which picks are to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The class.
    pub class: usize,
    /// Picks, at most as many as there are rows that are not labelled.
    pub budget: usize,
    /// Whether its similarities are kept meanwhile.
    pub is_kept: bool,
    /// The places of its labelled rows.
    pub labelled: Vec<usize>,
    /// The number of each of its rows, of which randomised double greedy makes one at random; else empty.
    pub numbers: Vec<usize>,
}
