//! What is kept of the classes' picks, for a run that goes on with them.

use super::group::Frame;
use crate::checkpoint::{ClassPicks, Entry, check_rows, unfit};
use crate::course::{Course, Step};
use crate::error::Error;
use crate::kernels::similarities::Round;
use std::ops::Range;

/// The step that keeps the classes' picks, and what an earlier run has kept there.
pub(super) struct Kept {
    step: Step,
    classes: Vec<ClassPicks>,
}

impl Kept {
    /// What an earlier run has kept of classes with these budgets, or nothing yet.
    pub(super) fn open(
        course: &mut Course<'_>,
        frame: &Frame<'_>,
        budgets: &[usize],
    ) -> Result<Self, Error> {
        let (step, found) = course.step(|entry| match entry {
            Entry::Classes(classes) if classes.len() == budgets.len() => Some(classes.clone()),
            _ => None,
        })?;
        let Some(classes) = found else {
            let classes = vec![ClassPicks::default(); budgets.len()];
            course.keep(step, |entry| *entry = Entry::Classes(classes.clone()))?;
            return Ok(Self { step, classes });
        };
        for (class, (kept, &budget)) in classes.iter().zip(budgets).enumerate() {
            let rows: Vec<usize> = kept.rounds.iter().map(|round| round.0).collect();
            let places = frame.ranges.class(class);
            if rows.len() > budget || !rows.iter().all(|row| places.contains(row)) {
                return Err(unfit());
            }
            check_rows(&rows, frame.is_labelled)?;
        }
        Ok(Self { step, classes })
    }

    /// All picks of some classes and their values, where there are no more to come.
    pub(super) fn whole(&self, classes: Range<usize>) -> Option<(Vec<Vec<Round>>, Vec<i64>)> {
        let classes = &self.classes[classes];
        let values: Option<Vec<i64>> = classes.iter().map(|class| class.value).collect();
        values.map(|values| (classes.iter().map(rounds).collect(), values))
    }

    /// The picks that some classes begin with, and whether they are refined: none where the classes were
    /// not worked on together before, so that they have come differently far.
    pub(super) fn begun(
        &self,
        classes: Range<usize>,
        course: &mut Course<'_>,
    ) -> Result<(Vec<Vec<Round>>, bool), Error> {
        let kept = &self.classes[classes.clone()];
        let are_all = |is: bool| kept.iter().all(|class| class.is_refined == is);
        let is_open = kept.iter().all(|class| class.value.is_none());
        if is_open && (are_all(false) || are_all(true)) {
            return Ok((kept.iter().map(rounds).collect(), are_all(true)));
        }
        self.keep(classes.clone(), course, |_, kept| {
            *kept = ClassPicks::default();
        })?;
        Ok((vec![Vec::new(); classes.len()], false))
    }

    /// Keeps the picks that some classes have come to.
    pub(super) fn grow(
        &self,
        classes: Range<usize>,
        picks: &[Vec<Round>],
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        self.keep(classes, course, |class, kept| {
            let new = picks[class][kept.rounds.len()..].iter();
            kept.rounds.extend(new.map(|round| (round.row, round.gain)));
        })
    }

    /// Keeps what double greedy has left of them.
    pub(super) fn refine(
        &self,
        classes: Range<usize>,
        picks: &[Vec<Round>],
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        self.keep(classes, course, |class, kept| {
            kept.rounds = picks[class]
                .iter()
                .map(|round| (round.row, round.gain))
                .collect();
            kept.is_refined = true;
        })
    }

    /// Keeps the last of their picks, and their values.
    pub(super) fn conclude(
        &self,
        classes: Range<usize>,
        (picks, values): (&[Vec<Round>], &[i64]),
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        self.refine(classes.clone(), picks, course)?;
        self.keep(classes, course, |class, kept| {
            kept.value = Some(values[class]);
        })
    }

    /// Changes what is kept of some classes, each given with its place among them.
    fn keep(
        &self,
        classes: Range<usize>,
        course: &mut Course<'_>,
        mut change: impl FnMut(usize, &mut ClassPicks),
    ) -> Result<(), Error> {
        course.keep(self.step, |entry| {
            if let Entry::Classes(kept) = entry {
                let kept = kept[classes].iter_mut().enumerate();
                kept.for_each(|(class, kept)| change(class, kept));
            }
        })
    }
}

/// The picks of a class, as a group has them.
fn rounds(class: &ClassPicks) -> Vec<Round> {
    let rounds = class.rounds.iter();
    rounds.map(|&(row, gain)| Round { row, gain }).collect()
}
