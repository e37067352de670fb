//! Classes that are far away: their picks are made there, and come back class by class.

use super::kept::Kept;
use super::run::{Run, is_dense};
use crate::control::interrupted;
use crate::error::Error;
use crate::kernels::cut::{Cut, Refine};
use crate::kernels::similarities::{CutPicks, Similarities};
use crate::progress::Progress;
use crate::selection::{ClassShare, Storage};
use std::sync::mpsc;

impl Run<'_> {
    /// Has the picks of every class made where its similarities are. Picks are kept of whole classes alone.
    pub(super) fn finish_afar(
        &mut self,
        similarities: &mut dyn Similarities,
        plan: &[ClassShare],
        storage: &[Storage],
    ) -> Result<(), Error> {
        self.sums_step()?; // which they find by themselves
        let kept = Kept::open(&mut self.course, &self.frame, &self.budgets)?;
        let found = |class: usize| kept.whole(class..class + 1);
        let mut done: Vec<Option<CutPicks>> = (0..plan.len())
            .map(|class| {
                found(class).map(|(mut picks, values)| CutPicks {
                    rounds: picks.remove(0),
                    value: values[0],
                })
            })
            .collect();
        let open = (0..plan.len()).filter(|&class| done[class].is_none());
        let cuts: Vec<Cut> = open.map(|class| self.cut(class, &storage[class])).collect();
        let rule = self.options.rule(self.row_ids.stage);
        let (told, heard) = mpsc::channel();
        let all = std::thread::scope(|scope| {
            let work = scope.spawn(move || {
                // Who no longer listens has an error of their own.
                let tell = |class, picks| told.send((class, picks)).map_err(|_| interrupted());
                similarities.cuts(&cuts, &rule, &tell)
            });
            let taken = heard.iter().try_for_each(|(class, picks)| {
                self.conclude(class, &picks, &kept)?;
                done[class] = Some(picks);
                let made = done.iter().flatten().map(|picks| picks.rounds.len()).sum();
                self.course.tell(Progress::Picks(made))
            });
            drop(heard);
            let worked = work.join();
            let worked = worked.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            taken.and(worked)
        });
        for (class, picks) in done.into_iter().enumerate() {
            if let Some(CutPicks { rounds, value }) = picks {
                let planned = (&plan[class..class + 1], &storage[class..class + 1]);
                self.take(planned, &[rounds], &[value]);
            }
        }
        all
    }

    /// What is asked of a class.
    fn cut(&self, class: usize, storage: &Storage) -> Cut {
        let places = self.frame.ranges.class(class);
        let labelled = places
            .clone()
            .filter(|&place| self.frame.is_labelled[place]);
        let is_at_random = self.options.refine == Refine::RandomDoubleGreedy;
        let numbered = places.clone().filter(|_| is_at_random);
        Cut {
            class,
            budget: self.budgets[class],
            is_kept: is_dense(storage),
            labelled: labelled.collect(),
            numbers: numbered
                .map(|place| self.row_ids.number(self.frame.order[place]))
                .collect(),
        }
    }

    /// Keeps the picks of a class, which must be rows of it.
    fn conclude(&mut self, class: usize, picks: &CutPicks, kept: &Kept) -> Result<(), Error> {
        let places = self.frame.ranges.class(class);
        if let Some(round) = picks
            .rounds
            .iter()
            .find(|round| !places.contains(&round.row))
        {
            let (found, first, last) = (round.row, places.start, places.end - 1);
            return Err(Error::Device(format!(
                "an answer of row {found} found, of rows {first} to {last} expected"
            )));
        }
        let (rounds, value) = ([picks.rounds.clone()], [picks.value]);
        kept.conclude(class..class + 1, (&rounds, &value), &mut self.course)
    }
}
