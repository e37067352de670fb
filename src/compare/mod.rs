//! Selectors against each other: which picks more is learnt from, by labels that none of them sees.
//!
//! A [`Comparison`] splits labelled rows anew for every seed, into some to select from and others to test on. All
//! contenders and budgets of a seed have its split, so that they are compared by their difference from a contender seed by
//! seed: what a lucky split adds to all of them falls out. [`Compared::summary`] gives means, differences, their standard
//! errors and how many seeds are for or against.

mod compared;
mod run;
mod split;
mod summary;

pub use compared::{Compared, Score, Scores, Split, Trial};
pub use run::{Comparison, Contender, MakeSplitPool};
pub use summary::{Difference, Summary};
