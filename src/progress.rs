//! What a selector reports while it works.

use crate::control::interrupted;
use crate::error::Error;
use crate::selection::{ClassShare, Storage};
use std::ops::{ControlFlow, RangeInclusive};

/// Who hears how far a selection has come, and says whether it is to go on: after a
/// [`Break`](ControlFlow::Break) it fails with [`Error::Interrupted`], which carries the picks made.
pub type Listener<'a> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + 'a;

/// Tells a listener; fails where it wants no more.
pub(crate) fn tell(listener: &mut Listener<'_>, progress: Progress<'_>) -> Result<(), Error> {
    match listener(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(interrupted()),
    }
}

/// A listener that nobody is behind.
pub(crate) fn unheard(_: Progress<'_>) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

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
    /// A pass over so many pairs of rows begins: a kernel compares each with the others of its class,
    /// cluster or pool.
    Pairs(u64),
    /// What is to be done, before any pick is made ([`Sas`](crate::Sas) only).
    Plan {
        /// The classes to be worked on, ascending, and the budget of each.
        classes: &'a [ClassShare],
        /// How the similarities of each will be stored: never [`Storage::Auto`].
        storage: &'a [Storage],
    },
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
