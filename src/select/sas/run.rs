//! A selection under way: classes in groups, one group after the other.

use super::group::{Frame, Group};
use super::kept::Kept;
use super::options::Sas;
use super::pick::{Watch, pick, values};
use super::storage::Room;
use crate::checkpoint::Entry;
use crate::course::{Course, Step};
use crate::error::Error;
use crate::kernels::similarities::{Round, Similarities};
use crate::progress::{Pass, Progress};
use crate::random::RowIds;
use crate::select::classes::{ClassRows, Partition};
use crate::selection::{ClassShare, SasClass, Selection, Storage};
use std::ops::Range;

/// A selection under way.
pub(super) struct Run<'a> {
    pub(super) options: &'a Sas,
    pub(super) frame: Frame<'a>,
    pub(super) partition: &'a Partition,
    pub(super) row_ids: RowIds<'a>,
    pub(super) budgets: Vec<usize>,
    pub(super) selection: Selection,
    /// What is to be told of the classes in the selection.
    pub(super) of_classes: Vec<SasClass>,
    pub(super) course: Course<'a>,
}

impl Run<'_> {
    /// Picks from every class.
    pub(super) fn finish(
        &mut self,
        mut similarities: Box<dyn Similarities + '_>,
    ) -> Result<(), Error> {
        let groups = self.groups(&*similarities);
        let plan = self.plan();
        let of_group = |(classes, storage): &(Range<usize>, Storage)| vec![*storage; classes.len()];
        let storage: Vec<Storage> = groups.iter().flat_map(of_group).collect();
        let told = Progress::Plan {
            classes: &plan,
            storage: &storage,
        };
        self.course.tell(told)?;
        if similarities.picks_by_itself() {
            return self.finish_afar(&mut *similarities, &plan, &storage);
        }
        let row_sums = self.row_sums(&*similarities, storage.iter().all(is_dense))?;
        let kept = Kept::open(&mut self.course, &self.frame, &self.budgets)?;
        for (classes, _) in groups {
            let planned = (&plan[classes.clone()], &storage[classes.clone()]);
            let sums = row_sums.as_deref();
            self.finish_group(&mut *similarities, classes, planned, sums, &kept)?;
        }
        Ok(())
    }

    /// Picks from some classes side by side, all stored alike.
    fn finish_group(
        &mut self,
        similarities: &mut dyn Similarities,
        classes: Range<usize>,
        planned: (&[ClassShare], &[Storage]),
        row_sums: Option<&[i64]>,
        kept: &Kept,
    ) -> Result<(), Error> {
        if let Some((picks, values)) = kept.whole(classes.clone()) {
            self.take(planned, &picks, &values);
            return Ok(());
        }
        let sums = if planned.1.iter().all(is_dense) {
            let pass = self.pass_over(classes.clone())?;
            similarities.store(classes.clone(), &pass)?;
            None
        } else {
            row_sums
        };
        let mut group = Group::new(self.frame, similarities, classes.clone(), sums)?;
        let mut picks = Vec::new();
        let done = self.pick(&mut group, classes.clone(), &mut picks, kept);
        let values = values(&group, self.options.objective, &picks)?;
        if done.is_ok() || self.options.is_final() {
            self.take(planned, &picks, &values);
        }
        done?;
        self.course
            .tell(Progress::Picks(self.selection.picks.len()))?;
        kept.conclude(classes, (&picks, &values), &mut self.course)
    }

    /// Every row's sum over its class, where some similarities are not kept: of a linear function without a
    /// look at pairs, else by a pass, unless an earlier run has made it.
    fn row_sums(
        &mut self,
        similarities: &dyn Similarities,
        all_are_kept: bool,
    ) -> Result<Option<Vec<i64>>, Error> {
        let (step, kept) = self.sums_step()?;
        if all_are_kept || kept.is_some() {
            return Ok(kept);
        }
        if self.frame.function.is_linear() {
            return similarities.row_sums(&Pass::unheard()).map(Some);
        }
        let pass = self.pass_over(0..self.frame.ranges.classes())?;
        let sums = similarities.row_sums(&pass)?;
        self.course
            .keep(step, |entry| *entry = Entry::Sums(sums.clone()))?;
        Ok(Some(sums))
    }

    /// The step that keeps every row's sum, and what an earlier run has kept there.
    pub(super) fn sums_step(&mut self) -> Result<(Step, Option<Vec<i64>>), Error> {
        let places = self.frame.ranges.places();
        self.course.step(|entry| match entry {
            Entry::Sums(sums) if sums.len() == places => Some(sums.clone()),
            _ => None,
        })
    }

    /// A pass over all pairs of rows of some classes.
    fn pass_over(&mut self, classes: Range<usize>) -> Result<Pass<'_>, Error> {
        let rows = |class| self.frame.ranges.class(class).len() as u64;
        let pairs = classes.map(|class| rows(class).pow(2)).sum();
        Pass::begin(pairs, self.course.listener())
    }

    /// Runs of classes that are worked on together, and whether their similarities are kept.
    fn groups(&self, similarities: &dyn Similarities) -> Vec<(Range<usize>, Storage)> {
        let ranges = self.frame.ranges;
        let sizes = (0..ranges.classes()).map(|class| ranges.class(class).len());
        let room = Room {
            most: similarities.room(),
            together: similarities.batch(),
        };
        let beside = |class| similarities.together(class);
        self.options
            .groups(&sizes.collect::<Vec<usize>>(), &room, beside)
    }

    /// What is to come of each class, of which nothing is picked yet.
    fn plan(&self) -> Vec<ClassShare> {
        let classes = self.partition.classes.iter().zip(&self.budgets);
        let share = |(class, &budget): (&ClassRows, &usize)| ClassShare {
            class: class.class,
            rows: class.rows.len(),
            budget,
            picks: 0,
        };
        classes.map(share).collect()
    }

    /// Picks from each class of a group, going on from what is kept.
    fn pick(
        &mut self,
        group: &mut Group<'_>,
        classes: Range<usize>,
        picks: &mut Vec<Vec<Round>>,
        kept: &Kept,
    ) -> Result<(), Error> {
        let budgets = self.budgets[classes.clone()].to_vec();
        let is_refined;
        (*picks, is_refined) = kept.begun(classes.clone(), &mut self.course)?;
        let rule = (&self.options.rule(self.row_ids.stage), self.row_ids);
        let mut watch = GroupWatch {
            run: self,
            classes,
            kept,
        };
        pick(group, rule, &budgets, (picks, is_refined), &mut watch)
    }

    /// Tells what has been picked of some classes, and keeps it.
    fn tell_round(
        &mut self,
        classes: &Range<usize>,
        picks: &[Vec<Round>],
        kept: &Kept,
    ) -> Result<(), Error> {
        let number = |class: usize| self.partition.classes[class].class;
        let budgets = self.budgets[classes.clone()].iter();
        let made: usize = picks.iter().map(Vec::len).sum();
        self.course.tell(Progress::Round {
            classes: number(classes.start)..=number(classes.end - 1),
            round: picks.iter().map(Vec::len).max().unwrap_or(0),
            rounds: budgets.copied().max().unwrap_or(0),
            picks: self.selection.picks.len() + made,
        })?;
        kept.grow(classes.clone(), picks, &mut self.course)
    }

    /// Takes what was picked from these classes into the selection.
    pub(super) fn take(
        &mut self,
        (planned, storage): (&[ClassShare], &[Storage]),
        picks: &[Vec<Round>],
        values: &[i64],
    ) {
        let unit = self.frame.function.unit();
        let selection = &mut self.selection;
        for (((share, &storage), picks), value) in
            planned.iter().zip(storage).zip(picks).zip(values)
        {
            selection
                .picks
                .extend(picks.iter().map(|round| self.frame.order[round.row]));
            selection
                .scores
                .extend(picks.iter().map(|round| round.gain as f64 * unit));
            selection.classes.push(ClassShare {
                picks: picks.len(),
                ..share.clone()
            });
            self.of_classes.push(SasClass {
                class: share.class,
                value: *value as f64 * unit,
                storage,
            });
        }
    }
}

/// Tells of a group's picks, and keeps them.
struct GroupWatch<'w, 'a> {
    run: &'w mut Run<'a>,
    classes: Range<usize>,
    kept: &'w Kept,
}

impl Watch for GroupWatch<'_, '_> {
    fn grown(&mut self, picks: &[Vec<Round>]) -> Result<(), Error> {
        self.run.tell_round(&self.classes, picks, self.kept)
    }

    fn refined(&mut self, picks: &[Vec<Round>]) -> Result<(), Error> {
        let classes = self.classes.clone();
        self.kept.refine(classes, picks, &mut self.run.course)
    }
}

/// Whether a class's similarities are kept.
pub(super) fn is_dense(storage: &Storage) -> bool {
    *storage == Storage::Dense
}
