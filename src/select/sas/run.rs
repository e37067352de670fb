//! A selection under way: classes in groups, one group after the other.

use super::double_greedy::{Rule, double_greedy};
use super::group::{Frame, Group};
use super::kept::Kept;
use super::options::{Objective, Refine, Sas};
use super::storage::Room;
use crate::checkpoint::Entry;
use crate::course::Course;
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
    /// Picks from every class, group by group.
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
        let is_kept = |storage: &Storage| *storage == Storage::Dense;
        let row_sums = self.row_sums(&*similarities, storage.iter().all(is_kept))?;
        let kept = Kept::open(&mut self.course, &self.frame, &self.budgets)?;
        for (classes, storage) in groups {
            let planned = (&plan[classes.clone()], storage);
            if let Some((picks, values)) = kept.whole(classes.clone()) {
                self.take(planned, &picks, &values);
                continue;
            }
            let sums = if is_kept(&storage) {
                let pass = self.pass_over(classes.clone())?;
                similarities.store(classes.clone(), &pass)?;
                None
            } else {
                row_sums.as_deref()
            };
            let mut group = Group::new(self.frame, &mut *similarities, classes.clone(), sums)?;
            let mut picks = Vec::new();
            let done = self.pick(&mut group, classes.clone(), &mut picks, &kept);
            let values = match self.options.objective {
                Objective::Cut => group.values(&picks),
                Objective::RowSum => group.values_of_sets(&picks)?,
            };
            if done.is_ok() || self.options.is_final() {
                self.take(planned, &picks, &values);
            }
            done?;
            self.course
                .tell(Progress::Picks(self.selection.picks.len()))?;
            kept.conclude(classes, (&picks, &values), &mut self.course)?;
        }
        Ok(())
    }

    /// Every row's sum over its class, where some similarities are not kept: of a linear function without a
    /// look at pairs, else by a pass, unless an earlier run has made it.
    fn row_sums(
        &mut self,
        similarities: &dyn Similarities,
        all_are_kept: bool,
    ) -> Result<Option<Vec<i64>>, Error> {
        let places = self.frame.ranges.places();
        let (step, kept) = self.course.step(|entry| match entry {
            Entry::Sums(sums) if sums.len() == places => Some(sums.clone()),
            _ => None,
        })?;
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
        if self.options.objective == Objective::RowSum {
            *picks = group.by_row_sum(&budgets);
            return Ok(());
        }
        if !is_refined {
            if picks.iter().any(|picks| !picks.is_empty()) {
                group.restart(picks)?;
            }
            let mut tell = |picks: &[Vec<Round>]| self.tell_round(classes.clone(), picks, kept);
            group.greedy(picks, &budgets, &mut tell)?;
            let Some(rule) = self.rule() else {
                return Ok(());
            };
            *picks = double_greedy(group, picks, rule)?;
            kept.refine(classes.clone(), picks, &mut self.course)?;
        }
        let is_short = |(picks, &budget): (&Vec<Round>, &usize)| picks.len() < budget;
        if self.options.refine == Refine::TopUp && picks.iter().zip(&budgets).any(is_short) {
            group.restart(picks)?;
            let mut tell = |picks: &[Vec<Round>]| self.tell_round(classes.clone(), picks, kept);
            group.greedy(picks, &budgets, &mut tell)?;
        }
        Ok(())
    }

    /// Tells what has been picked of some classes, and keeps it.
    fn tell_round(
        &mut self,
        classes: Range<usize>,
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
        kept.grow(classes, picks, &mut self.course)
    }

    /// How greedy picks are refined, if they are.
    fn rule(&self) -> Option<Rule<'_>> {
        match self.options.refine {
            _ if self.options.worst => None,
            Refine::None => None,
            Refine::RandomDoubleGreedy => Some(Rule::Random {
                seed: self.options.seed,
                row_ids: self.row_ids,
            }),
            Refine::TopUp | Refine::DoubleGreedy => Some(Rule::Certain),
        }
    }

    /// Takes what was picked from these classes into the selection.
    fn take(
        &mut self,
        (planned, storage): (&[ClassShare], Storage),
        picks: &[Vec<Round>],
        values: &[i64],
    ) {
        let unit = self.frame.function.unit();
        let selection = &mut self.selection;
        for ((share, picks), value) in planned.iter().zip(picks).zip(values) {
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
