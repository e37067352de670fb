//! SAS: subsets that keep each latent class's augmentations similar.

mod block;
mod double_greedy;
mod group;
mod options;
mod views;
mod weights;

use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{Examples, Round, Similarities, stored_bytes};
use crate::lp::Lp;
use crate::progress::Listener;
use crate::progress::Pass;
use crate::progress::Progress;
use crate::progress::tell;
use crate::quantise::Length;
use crate::random::RowIds;
use crate::select::classes::{ClassRows, Partition};
use crate::select::norm::largest_norm;
use crate::select::parallel;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, apportion, begin, end, places};
use crate::selection::{ClassShare, Details, SasClass, Selection, ShortfallReason, Storage};
use double_greedy::{Rule, double_greedy};
use group::{Frame, Group};
pub use options::{Objective, Refine, Sas, Similarity};
use std::ops::Range;
use views::mean_views;

impl Sealed for Sas {}

impl Selector for Sas {
    fn select_with(
        &self,
        pool: &dyn Pool,
        budget: usize,
        progress: &mut Listener<'_>,
    ) -> Result<Selection, Error> {
        let (labelled, mut selection) = begin(self, pool, budget)?;
        let length = self.length(pool)?;
        let partition = self.partition(pool, length, progress)?;
        let classes: Vec<&[usize]> = partition.classes.iter().map(|c| &*c.rows).collect();
        let examples = Examples {
            classes: &classes,
            views: self.views,
            length,
        };
        let (ranges, order) = (examples.ranges(), classes.concat());
        let function = self.kernel_function();
        let similarities = pool.similarities(examples, &function)?;
        let squares = similarities.squares()?;
        let is_labelled: Vec<bool> = order.iter().map(|&example| labelled[example]).collect();
        let frame = Frame {
            ranges: &ranges,
            order: &order,
            squares: &squares,
            is_labelled: &is_labelled,
            function: &function,
            worst: self.worst,
            candidates: self.block,
            stop: pool.stop(),
        };
        let open = |class| ranges.class(class).filter(|&at| !is_labelled[at]).count();
        let open: Vec<usize> = (0..ranges.classes()).map(open).collect();
        selection.passes = partition.passes + 1;
        selection.warnings.extend(parallel::warning(pool)?);
        let mut run = Run {
            options: self,
            frame,
            budgets: apportion(&open, budget, self.min_per_class),
            selection,
            of_classes: Vec::new(),
            partition: &partition,
            row_ids: pool.row_ids(),
            progress,
        };
        let done = run.finish(similarities);
        let selection = Selection {
            details: Details::Sas(run.of_classes),
            ..run.selection
        };
        end(done.map(|()| ShortfallReason::Refined), selection, budget)
    }

    fn check(&self, pool: &dyn Pool) -> Result<(), Error> {
        let rows = pool.rows();
        if self.views == 0 || !rows.is_multiple_of(self.views) {
            return Err(Error::Argument {
                argument: "views",
                found: self.views.to_string(),
                expected: format!("a divisor of the {rows} rows"),
            });
        }
        if self.block == 0 {
            return Err(Error::Argument {
                argument: "block",
                found: "0".to_owned(),
                expected: "at least 1".to_owned(),
            });
        }
        self.classes.check(rows / self.views, pool.dim())?;
        let Some(threshold) = self.threshold else {
            if self.storage == Storage::Dense {
                return Err(Error::Argument {
                    argument: "storage",
                    found: self.storage.to_string(),
                    expected: format!(
                        "{} or {} where there is no threshold",
                        Storage::Auto,
                        Storage::OnTheFly
                    ),
                });
            }
            return Ok(());
        };
        if !(threshold >= 0.0 && threshold.is_finite()) {
            return Err(Error::Argument {
                argument: "threshold",
                found: threshold.to_string(),
                expected: "a finite number that is not negative, or none".to_owned(),
            });
        }
        Ok(())
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: self.classes.among(pool, rows)?,
            ..*self
        }))
    }

    fn views(&self) -> usize {
        self.views
    }
}

impl Sas {
    /// What views are divided by.
    fn length(&self, pool: &dyn Pool) -> Result<Length, Error> {
        match self.similarity {
            Similarity::Cosine => Ok(Length::Own),
            Similarity::Dot => {
                let norms = pool.row_norms(Lp::L2)?;
                let all: Vec<usize> = (0..pool.rows()).collect();
                largest_norm(pool, Lp::L2, &norms, &all).map(Length::Given)
            }
        }
    }

    /// The latent classes of the examples.
    fn partition(
        &self,
        pool: &dyn Pool,
        length: Length,
        progress: &mut Listener<'_>,
    ) -> Result<Partition, Error> {
        if self.views == 1 {
            return self.classes.partition(pool, progress);
        }
        let means = mean_views(pool, self.views, length)?;
        let means = Features::new(&means, pool.rows() / self.views, pool.dim())?;
        let means = CpuPool::new(means).with_stop(pool.stop().clone());
        self.classes.partition(&means, progress)
    }
}

/// A selection under way.
struct Run<'a> {
    options: &'a Sas,
    frame: Frame<'a>,
    partition: &'a Partition,
    row_ids: RowIds<'a>,
    budgets: Vec<usize>,
    selection: Selection,
    /// What is to be told of the classes in the selection.
    of_classes: Vec<SasClass>,
    progress: &'a mut Listener<'a>,
}

impl Run<'_> {
    fn finish(&mut self, mut similarities: Box<dyn Similarities + '_>) -> Result<(), Error> {
        let mut row_sums = None;
        let groups = self.groups(&*similarities);
        let plan = self.plan();
        let of_group = |(classes, storage): &(Range<usize>, Storage)| vec![*storage; classes.len()];
        let storage: Vec<Storage> = groups.iter().flat_map(of_group).collect();
        let told = Progress::Plan {
            classes: &plan,
            storage: &storage,
        };
        tell(self.progress, told)?;
        for (classes, storage) in groups {
            let sums = if storage == Storage::Dense {
                let pass = self.pass_over(classes.clone())?;
                similarities.store(classes.clone(), &pass)?;
                None
            } else {
                if row_sums.is_none() {
                    row_sums = Some(self.row_sums(&*similarities)?);
                }
                row_sums.as_deref()
            };
            let mut group = Group::new(self.frame, &mut *similarities, classes.clone(), sums)?;
            let mut picks = vec![Vec::new(); group.len()];
            let done = self.pick(&mut group, classes.clone(), &mut picks);
            let values = match self.options.objective {
                Objective::Cut => Ok(group.values(&picks)),
                Objective::RowSum => group.values_of_sets(&picks),
            };
            if done.is_ok() || self.options.is_final() {
                self.take((&plan[classes.clone()], storage), &picks, &values?);
            }
            done?;
            tell(self.progress, Progress::Picks(self.selection.picks.len()))?;
        }
        Ok(())
    }

    /// Every row's sum over its class: of a linear function without a look at pairs.
    fn row_sums(&mut self, similarities: &dyn Similarities) -> Result<Vec<i64>, Error> {
        if self.frame.function.is_linear() {
            return similarities.row_sums(&Pass::unheard());
        }
        let pass = self.pass_over(0..self.frame.ranges.classes())?;
        similarities.row_sums(&pass)
    }

    /// A pass over all pairs of rows of some classes.
    fn pass_over(&mut self, classes: Range<usize>) -> Result<Pass<'_>, Error> {
        let rows = |class| self.frame.ranges.class(class).len() as u64;
        let pairs = classes.map(|class| rows(class).pow(2)).sum();
        Pass::begin(pairs, self.progress)
    }

    /// Runs of classes that are worked on together, and whether their similarities are kept.
    fn groups(&self, similarities: &dyn Similarities) -> Vec<(Range<usize>, Storage)> {
        let ranges = self.frame.ranges;
        let room = similarities.room();
        let together = similarities.batch().min(room);
        let bytes = |class: usize| stored_bytes(ranges.class(class).len());
        let mut groups: Vec<(Range<usize>, Storage)> = Vec::new();
        let mut used = 0;
        for class in 0..ranges.classes() {
            let storage = match self.options.storage {
                _ if self.frame.function.is_linear() => Storage::OnTheFly,
                Storage::Auto if bytes(class) <= room => Storage::Dense,
                Storage::Auto => Storage::OnTheFly,
                asked => asked,
            };
            let is_dense = storage == Storage::Dense;
            let fits = |first: usize| match is_dense {
                true => used + bytes(class) <= together,
                false => similarities.together(first).contains(&class),
            };
            match groups.last_mut() {
                Some((classes, alike)) if *alike == storage && fits(classes.start) => {
                    classes.end = class + 1;
                    used += bytes(class);
                }
                _ => {
                    groups.push((class..class + 1, storage));
                    used = bytes(class);
                }
            }
        }
        groups
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

    /// Picks from each class of a group.
    fn pick(
        &mut self,
        group: &mut Group<'_>,
        classes: Range<usize>,
        picks: &mut Vec<Vec<Round>>,
    ) -> Result<(), Error> {
        let budgets = &self.budgets[classes.clone()];
        if self.options.objective == Objective::RowSum {
            *picks = group.by_row_sum(budgets);
            return Ok(());
        }
        let number = |class: usize| self.partition.classes[class].class;
        let before = self.selection.picks.len();
        let listener = &mut *self.progress;
        let mut progress = |picks: &[Vec<Round>]| {
            let round = Progress::Round {
                classes: number(classes.start)..=number(classes.end - 1),
                round: picks.iter().map(Vec::len).max().unwrap_or(0),
                rounds: budgets.iter().copied().max().unwrap_or(0),
                picks: before + picks.iter().map(Vec::len).sum::<usize>(),
            };
            tell(listener, round)
        };
        group.greedy(picks, budgets, &mut progress)?;
        let rule = match self.options.refine {
            _ if self.options.worst => return Ok(()),
            Refine::None => return Ok(()),
            Refine::RandomDoubleGreedy => Rule::Random {
                seed: self.options.seed,
                row_ids: self.row_ids,
            },
            Refine::TopUp | Refine::DoubleGreedy => Rule::Certain,
        };
        let kept = double_greedy(group, picks, rule)?;
        let dropped = kept
            .iter()
            .zip(&*picks)
            .any(|(kept, picks)| kept.len() < picks.len());
        *picks = kept;
        if dropped && self.options.refine == Refine::TopUp {
            group.restart(picks)?;
            group.greedy(picks, budgets, &mut progress)?;
        }
        Ok(())
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
