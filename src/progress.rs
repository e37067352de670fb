//! What a selector tells while it works.

use crate::selection::ClassShare;
use std::ops::RangeInclusive;

/// How far a selection has come.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// So many picks have been made.
    Picks(usize),
    /// The first stage of [`Then`](crate::Then) has chosen so many of the rows from which the
    /// second will pick.
    Stage {
        /// Rows chosen.
        chosen: usize,
        /// Rows to choose.
        of: usize,
    },
    /// k-means++ has placed so many centres.
    Centres {
        /// Centres placed.
        placed: usize,
        /// Centres wanted.
        clusters: usize,
    },
    /// So many of Lloyd's sweeps have been made.
    Sweep(usize),
    /// The classes to be worked on, ascending, before any is: the budget of each and the road by
    /// which its similarities will be come by ([`Sas`](crate::Sas) only).
    Plan(&'a [ClassShare]),
    /// Rounds made in some classes side by side; in a round each gets a pick, until its budget is
    /// reached ([`Sas`](crate::Sas) only).
    Round {
        /// The first and the last of the classes, by their own numbers.
        classes: RangeInclusive<usize>,
        /// Rounds made.
        round: usize,
        /// Rounds to make: the largest budget among the classes.
        rounds: usize,
        /// Picks made so far, in all classes.
        picks: usize,
    },
}
