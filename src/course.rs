//! The course of a selection: what it tells as it goes on, and what is kept of it.

use crate::checkpoint::{Checkpoint, Entry, Picks, PicksAgain, unfit};
use crate::error::Error;
use crate::progress::{Listener, Progress, tell};
use crate::selection::Selection;

/// A step of a selection: where its entry is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step(usize);

/// The course of a selection: who hears of it, and what keeps what it settles.
pub struct Course<'a> {
    listener: &'a mut Listener<'a>,
    /// None where nothing is kept.
    checkpoint: Option<&'a mut Checkpoint>,
}

impl<'a> Course<'a> {
    /// A course of which nothing is kept.
    pub(crate) fn new(listener: &'a mut Listener<'_>) -> Self {
        Self {
            listener,
            checkpoint: None,
        }
    }

    /// A course that goes on from what is kept.
    pub(crate) fn keeping(checkpoint: &'a mut Checkpoint, listener: &'a mut Listener<'_>) -> Self {
        Self {
            listener,
            checkpoint: Some(checkpoint),
        }
    }

    /// The same course, for as long as it is lent.
    pub(crate) fn lend(&mut self) -> Course<'_> {
        Course {
            listener: self.listener,
            checkpoint: self.checkpoint.as_deref_mut(),
        }
    }

    /// The same course, of which another listener hears, given ours.
    pub(crate) fn heard_by<T>(
        &mut self,
        mut hear: impl FnMut(Progress<'_>) -> Progress<'_> + Send,
        work: impl FnOnce(&mut Course<'_>) -> T,
    ) -> T {
        let listener = &mut *self.listener;
        let mut other = move |progress: Progress<'_>| listener(hear(progress));
        work(&mut Course {
            listener: &mut other,
            checkpoint: self.checkpoint.as_deref_mut(),
        })
    }

    /// Who hears of it.
    pub(crate) fn listener(&mut self) -> &mut Listener<'_> {
        self.listener
    }

    /// Tells the listener; fails where it wants no more.
    pub(crate) fn tell(&mut self, progress: Progress<'_>) -> Result<(), Error> {
        tell(self.listener, progress)
    }

    /// The next step, and what it has settled in an earlier run, as `read` finds it in its entry.
    pub(crate) fn step<T>(
        &mut self,
        read: impl FnOnce(&Entry) -> Option<T>,
    ) -> Result<(Step, Option<T>), Error> {
        let Some(Checkpoint { entries, next, .. }) = self.checkpoint.as_deref_mut() else {
            return Ok((Step(0), None));
        };
        let step = *next;
        *next += 1;
        let found = match entries.get(step) {
            None => {
                entries.push(Entry::Open);
                None
            }
            Some(Entry::Open) => None,
            Some(entry) => Some(read(entry).ok_or_else(unfit)?),
        };
        Ok((Step(step), found))
    }

    /// The step that makes picks, and those of an earlier run since its last restart, to be made again. The
    /// ones before are the selection's, and marked; a pick that is marked already is refused.
    pub(crate) fn picks(
        &mut self,
        marked: &mut [bool],
        budget: usize,
        selection: &mut Selection,
    ) -> Result<(Step, PicksAgain), Error> {
        let (step, kept) = self.step(|entry| match entry {
            Entry::Picks(picks) => Some(picks.clone()),
            _ => None,
        })?;
        let again = match kept {
            Some(kept) => kept.restore(marked, budget, selection)?,
            None => PicksAgain::default(),
        };
        Ok((step, again))
    }

    /// Whether anything is kept.
    pub(crate) fn keeps(&self) -> bool {
        self.checkpoint.is_some()
    }

    /// Keeps what a step has come to. The steps after it stay as they are.
    pub(crate) fn keep(
        &mut self,
        Step(step): Step,
        change: impl FnOnce(&mut Entry),
    ) -> Result<(), Error> {
        let Some(checkpoint) = self.checkpoint.as_deref_mut() else {
            return Ok(());
        };
        change(&mut checkpoint.entries[step]);
        tell(self.listener, Progress::Settled(checkpoint))
    }

    /// Keeps the outcome of a step that is made of others, which are needed no longer.
    pub(crate) fn conclude(
        &mut self,
        step: Step,
        outcome: impl FnOnce() -> Entry,
    ) -> Result<(), Error> {
        if let Some(Checkpoint { entries, next, .. }) = self.checkpoint.as_deref_mut() {
            *next = step.0 + 1;
            entries.truncate(*next);
        }
        self.keep(step, |entry| *entry = outcome())
    }

    /// Keeps those picks of a selection that are not kept yet.
    pub(crate) fn keep_picks(&mut self, step: Step, selection: &Selection) -> Result<(), Error> {
        self.keep(step, |entry| {
            if *entry == Entry::Open {
                *entry = Entry::Picks(Picks::default());
            }
            if let Entry::Picks(kept) = entry {
                kept.extend(selection);
            }
        })
    }
}
