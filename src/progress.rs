//! What a selector reports while it works.

use crate::checkpoint::Checkpoint;
use crate::control::interrupted;
use crate::error::Error;
use crate::selection::{ClassShare, Storage};
use std::fmt;
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// Who hears how far a selection has come, and says whether it is to go on: after a
/// [`Break`](ControlFlow::Break) it fails with [`Error::Interrupted`], which carries the picks made.
///
/// It may be called from any thread, by one at a time.
pub type Listener<'a> = dyn FnMut(Progress<'_>) -> ControlFlow<()> + Send + 'a;

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
    /// So many centres have been placed, at which k-means or swaps will begin.
    Centres {
        /// Centres placed.
        placed: usize,
        /// Centres wanted.
        clusters: usize,
    },
    /// One of Lloyd's sweeps has been made.
    Sweep {
        /// Sweeps made.
        sweep: usize,
        /// Squared distances of all rows to the means of their clusters, added up.
        inertia: f64,
    },
    /// A kernel compares each row with the others of its class, cluster or pool. Told at the start and
    /// then some times a second.
    Pairs {
        /// Pairs met so far; either order of two rows is one.
        met: u64,
        /// Pairs to meet, at most.
        of: u64,
    },
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
    /// For so many rows all that is near to them has been found ([`Duplicates`](crate::Duplicates) only).
    Rows {
        /// Rows done.
        done: usize,
        /// Rows of the pool.
        of: usize,
    },
    /// So many selections of a comparison have been made ([`Comparison`](crate::compare::Comparison) only).
    Trials {
        /// Selections made.
        done: usize,
        /// Selections to make.
        of: usize,
    },
    /// Something has been settled that a later run need not do again: what there is so far
    /// ([`Selector::resume`](crate::Selector::resume) only).
    Settled(&'a Checkpoint),
}

/// A pass over pairs of rows. A kernel that makes one counts the pairs that it has met, and ends once the
/// listener wants no more.
pub struct Pass<'a> {
    met: AtomicU64,
    of: u64,
    /// None where nobody listens.
    ear: Option<Mutex<Ear<'a>>>,
    is_over: AtomicBool,
}

struct Ear<'a> {
    listener: &'a mut Listener<'a>,
    told: Instant,
}

impl<'a> Pass<'a> {
    /// How often a listener is told, at most.
    const EVERY: Duration = Duration::from_millis(100);

    /// A pass of which nobody hears.
    #[must_use]
    pub const fn unheard() -> Self {
        Self {
            met: AtomicU64::new(0),
            of: 0,
            ear: None,
            is_over: AtomicBool::new(false),
        }
    }

    /// Tells that a pass over so many pairs begins; fails where the listener wants no more.
    pub(crate) fn begin(of: u64, listener: &'a mut Listener<'_>) -> Result<Self, Error> {
        tell(listener, Progress::Pairs { met: 0, of })?;
        let told = Instant::now();
        Ok(Self {
            of,
            ear: Some(Mutex::new(Ear { listener, told })),
            ..Self::unheard()
        })
    }

    /// Counts pairs that have been met, and tells the listener now and then: for a kernel to call from any
    /// of its threads, after some milliseconds of work at most.
    ///
    /// # Errors
    ///
    /// [`Error::Interrupted`], once the listener has said that it wants no more.
    pub fn met(&self, pairs: u64) -> Result<(), Error> {
        self.met.fetch_add(pairs, Relaxed);
        // Whoever finds it taken leaves the telling to the other.
        let ear = self.ear.as_ref().and_then(|ear| ear.try_lock().ok());
        if let Some(mut ear) = ear
            && ear.told.elapsed() >= Self::EVERY
        {
            ear.told = Instant::now();
            let (met, of) = (self.count(), self.of);
            let ended = tell(ear.listener, Progress::Pairs { met, of });
            self.is_over.fetch_or(ended.is_err(), Relaxed);
        }
        if self.is_over.load(Relaxed) {
            return Err(interrupted());
        }
        Ok(())
    }

    /// Pairs met so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.met.load(Relaxed)
    }
}

impl fmt::Debug for Pass<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} pairs", self.count(), self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rayon::prelude::*;

    /// From several threads, at most ten times a second, and no more after a break.
    #[test]
    fn passes_tell_now_and_then_and_end() {
        let mut told = Vec::new();
        let began = Instant::now();
        let mut listener = |progress: Progress<'_>| {
            let Progress::Pairs { met, of } = progress else {
                unreachable!()
            };
            told.push((met, of, began.elapsed()));
            match told.len() {
                4 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        let pass = Pass::begin(1 << 40, &mut listener).unwrap();
        let ended = (0..u64::MAX).into_par_iter().try_for_each(|_| pass.met(2));
        assert!(matches!(ended, Err(Error::Interrupted { .. })));
        assert_eq!(told.len(), 4);
        assert_eq!((told[0].0, told[0].1), (0, 1 << 40));
        for pair in told.windows(2) {
            assert!(pair[0].0 < pair[1].0 && pair[1].1 == 1 << 40);
            assert!(pair[1].2 - pair[0].2 >= Duration::from_millis(99));
        }
        assert!(Pass::unheard().met(u64::MAX).is_ok());
    }
}
