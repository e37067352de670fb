//! SAS: subsets that keep each latent class's augmentations similar.

mod block;
mod double_greedy;
mod group;
mod views;
mod weights;

use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{Examples, Round, Similarities, stored_bytes};
use crate::lp::Lp;
use crate::progress::Listener;
use crate::progress::Progress;
use crate::progress::tell;
use crate::quantise::{FIXED_BITS, Length};
use crate::random::Numbering;
use crate::select::classes::{Classes, Partition};
use crate::select::norm::largest_norm;
use crate::select::parallel;
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, apportion, labelled_mask, places, with_partial};
use crate::selection::{ClassShare, Road, Selection, ShortfallReason};
use double_greedy::{Rule, double_greedy};
use group::{Frame, Group};
use std::ops::Range;
use views::mean_views;

/// SAS: in every latent class, the rows that are most similar to the rest of their class.
///
/// With s_ij the similarity of rows i and j of one class V, ⟨f_i, f_j⟩ above the threshold and else
/// 0, the picks S of the class greedily maximise the graph cut
///
/// ```text
/// F(S) = Σ_{i∈V∖S} Σ_{j∈S} s_ij        gain(e | S) = Σ_{i∈V} s_ie − s_ee − 2 Σ_{j∈S} s_ej
/// ```
///
/// and are then refined by double greedy (S. Joshi and B. Mirzasoleiman, *Data-Efficient Contrastive
/// Self-supervised Learning: Most Beneficial Examples for Supervised Learning Contribute the Least*,
/// ICML 2023, arXiv:2302.09195, Algorithm 1). Ties go to the lower row.
///
/// **Departures.** A class's share of the budget is exact, by largest remainder in proportion to its
/// rows that are not labelled; the paper's loop takes one row more. The default refinement fills up
/// what double greedy dropped. The authors' released code ranks by static row sums instead:
/// [`Objective::RowSum`].
///
/// **Similarities are whole numbers.** Rows are rounded to 15 fractional bits and similarities to 16
/// (without a threshold to 30), and then every sum and comparison is exact: the picks are the same
/// on every device and by every road. Against unrounded f64, F differs by less than 10⁻⁴ on real
/// pools.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `views · examples` x `dim` | any |
/// | `picks` | `budget` | examples, by ascending class, in pick order within one |
/// | `scores` | `budget` | gain of each pick over those before it, a similarity |
/// | `classes` | one an occupied class | rows, budget, picks and F |
///
/// Cost, for a class of n rows of which r are picked: with [`Road::Stored`] n²·dim flops and 2n²
/// bytes, then 2·n·r bytes read; with [`Road::MatrixFree`] n²·dim + 2·n·r·dim flops and 8 bytes a
/// row. Without a threshold nothing is quadratic: 2·n·r·dim flops.
///
/// # Errors
///
/// [`Error::Argument`] for a threshold that is negative or not finite, views that do not divide
/// the rows, classes that do not fit them, [`Road::Stored`] without a threshold, or a block of 0;
/// [`Error::ZeroRow`] under [`Similarity::Cosine`]; else as [`Selector::select`]. The picks that
/// [`Error::Interrupted`] carries are those of whole classes; where none is dropped again, as with
/// [`Refine::None`], also the first of classes that were under way side by side.
///
/// # Example
///
/// ```
/// use coresift::{Classes, CpuPool, Features, Sas, Selector};
///
/// // Two classes; in each, the row between the others is most similar to them.
/// let x = [1.0, 0.0, 0.9, 0.3, 0.7, 0.7, -1.0, 0.1, -1.0, 0.0, -1.0, -0.2];
/// let pool = CpuPool::new(Features::new(&x, 6, 2)?);
/// let sas = Sas { classes: Classes::Given(vec![0, 0, 0, 1, 1, 1]), ..Sas::default() };
/// assert_eq!(sas.select(&pool, 2)?.picks, [1, 4]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sas {
    /// The latent classes.
    pub classes: Classes,
    /// Similarities up to this count as 0; not negative. `None`: all count, negative ones too.
    pub threshold: Option<f64>,
    /// What similarity is.
    pub similarity: Similarity,
    /// What is maximised.
    pub objective: Objective,
    /// What follows the greedy picks; only of the cut, and not of the worst.
    pub refine: Refine,
    /// Seed of the randomised double greedy.
    pub seed: u64,
    /// Rows that every class gets at least, or all it has, where the budget pays for that.
    pub min_per_class: usize,
    /// Rows that an example has, consecutively: its augmented views. Picks, classes and labelled
    /// rows are then examples.
    pub views: usize,
    /// Pick what adds least, for ablations.
    pub worst: bool,
    /// Whether similarities are kept. No pick depends on it.
    pub road: Road,
    /// Rows already labelled: in S from the start, never picked.
    pub labelled: Vec<usize>,
    /// Rows among which the host picks between two passes, where similarities are not kept. Speed
    /// only: no pick depends on it.
    pub block: usize,
}

impl Default for Sas {
    /// One class, cosine above 0, the cut, topped up; one view, blocks of 1024.
    fn default() -> Self {
        Self {
            classes: Classes::default(),
            threshold: Some(0.0),
            similarity: Similarity::default(),
            objective: Objective::default(),
            refine: Refine::default(),
            seed: 0,
            min_per_class: 0,
            views: 1,
            worst: false,
            road: Road::default(),
            labelled: Vec::new(),
            block: 1024,
        }
    }
}

/// What the similarity of two rows is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Similarity {
    /// The cosine of their angle.
    #[default]
    Cosine,
    /// Their inner product over the square of the pool's largest length.
    Dot,
}

/// What SAS maximises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Objective {
    /// The graph cut F.
    #[default]
    Cut,
    /// Σ_{i∈V} s_ie of each pick by itself, ties to the *higher* row: what the authors' released
    /// code computes, for comparison.
    RowSum,
}

/// What follows the greedy picks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Refine {
    /// Double greedy; what it drops is picked anew, greedily, after what it keeps.
    #[default]
    TopUp,
    /// Nothing: the greedy ranking, of which smaller budgets give a prefix, class by class.
    None,
    /// Double greedy alone; may leave fewer picks than the budget.
    DoubleGreedy,
    /// The same, kept at random.
    RandomDoubleGreedy,
}

impl Sealed for Sas {}

impl Selector for Sas {
    fn select_with(
        &self,
        pool: &dyn Pool,
        budget: usize,
        progress: &mut Listener<'_>,
    ) -> Result<Selection, Error> {
        self.check(pool)?;
        let examples = pool.rows() / self.views;
        let labelled = labelled_mask(&self.labelled, examples, budget)?;
        let length = self.length(pool)?;
        let partition = self.partition(pool, length, progress)?;
        let classes: Vec<&[usize]> = partition.classes.iter().map(|c| &*c.rows).collect();
        let examples = Examples {
            classes: &classes,
            views: self.views,
            length,
        };
        let (ranges, order) = (examples.ranges(), classes.concat());
        let similarities = pool.similarities(examples, self.threshold_in_products())?;
        let squares = similarities.squares()?;
        let is_labelled: Vec<bool> = order.iter().map(|&example| labelled[example]).collect();
        let frame = Frame {
            ranges: &ranges,
            order: &order,
            squares: &squares,
            is_labelled: &is_labelled,
            threshold: self.threshold_in_products(),
            worst: self.worst,
            candidates: self.block,
            stop: pool.stop(),
        };
        let open = |class| {
            ranges
                .class(class)
                .filter(|&place| !is_labelled[place])
                .count()
        };
        let open: Vec<usize> = (0..ranges.classes()).map(open).collect();
        let mut run = Run {
            options: self,
            frame,
            budgets: apportion(&open, budget, self.min_per_class),
            selection: Selection {
                epochs: vec![0],
                passes: partition.passes + 1,
                warnings: parallel::warning(pool)?.into_iter().collect(),
                ..Selection::default()
            },
            partition: &partition,
            numbering: pool.numbering(),
            progress,
        };
        match run.finish(similarities) {
            Ok(()) => Ok(run.selection.finish(budget, ShortfallReason::Refined)),
            Err(error) => Err(with_partial(error, run.selection)),
        }
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
            if self.road == Road::Stored {
                return Err(Error::Argument {
                    argument: "road",
                    found: "stored".to_owned(),
                    expected: "auto or matrix-free where there is no threshold".to_owned(),
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
    /// The threshold in the unit of products, at most the largest i32.
    fn threshold_in_products(&self) -> Option<i32> {
        let unit = f64::from(1u32 << (2 * FIXED_BITS));
        self.threshold
            .map(|threshold| (threshold * unit).floor() as i32)
    }

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

    /// Whether greedy picks are never dropped again.
    fn is_final(&self) -> bool {
        self.worst || self.refine == Refine::None
    }

    /// The value of one unit of whole-number similarities.
    fn unit(&self) -> f64 {
        let bits = if self.threshold.is_some() { 16 } else { 30 };
        1.0 / f64::from(1u32 << bits)
    }
}

/// A selection under way.
struct Run<'a> {
    options: &'a Sas,
    frame: Frame<'a>,
    partition: &'a Partition,
    numbering: Numbering<'a>,
    budgets: Vec<usize>,
    selection: Selection,
    progress: &'a mut Listener<'a>,
}

impl Run<'_> {
    fn finish(&mut self, mut similarities: Box<dyn Similarities + '_>) -> Result<(), Error> {
        let mut row_sums = None;
        let groups = self.groups(&*similarities);
        let plan = self.plan(&groups);
        tell(self.progress, Progress::Plan(&plan))?;
        for (classes, stored) in groups {
            let sums = if stored {
                self.tell_pairs(classes.clone())?;
                None
            } else {
                if row_sums.is_none() {
                    self.tell_pairs(0..self.frame.ranges.classes())?;
                    row_sums = Some(similarities.row_sums()?);
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
                self.take(&plan[classes.clone()], &picks, &values?);
            }
            done?;
            tell(self.progress, Progress::Picks(self.selection.picks.len()))?;
        }
        Ok(())
    }

    /// Tells that a pass over all pairs of rows of some classes begins.
    fn tell_pairs(&mut self, classes: Range<usize>) -> Result<(), Error> {
        let rows = |class| self.frame.ranges.class(class).len() as u64;
        let pairs = classes.map(|class| rows(class).pow(2)).sum();
        tell(self.progress, Progress::Pairs(pairs))
    }

    /// Runs of classes that are worked on together, and whether their similarities are kept.
    fn groups(&self, similarities: &dyn Similarities) -> Vec<(Range<usize>, bool)> {
        let ranges = self.frame.ranges;
        let room = similarities.room();
        let together = similarities.batch().min(room);
        let bytes = |class: usize| stored_bytes(ranges.class(class).len());
        let mut groups: Vec<(Range<usize>, bool)> = Vec::new();
        let mut used = 0;
        for class in 0..ranges.classes() {
            let stored = self.frame.threshold.is_some()
                && match self.options.road {
                    Road::Auto => bytes(class) <= room,
                    Road::Stored => true,
                    Road::MatrixFree => false,
                };
            match groups.last_mut() {
                Some((classes, alike))
                    if *alike == stored && (!stored || used + bytes(class) <= together) =>
                {
                    classes.end = class + 1;
                    used += bytes(class);
                }
                _ => {
                    groups.push((class..class + 1, stored));
                    used = bytes(class);
                }
            }
        }
        groups
    }

    /// What is to come of each class, of which nothing is picked yet.
    fn plan(&self, groups: &[(Range<usize>, bool)]) -> Vec<ClassShare> {
        let share = |class: usize, road: Road| ClassShare {
            class: self.partition.classes[class].class,
            rows: self.partition.classes[class].rows.len(),
            budget: self.budgets[class],
            picks: 0,
            value: None,
            road: Some(road),
        };
        let of_group = |(classes, stored): &(Range<usize>, bool)| {
            let road = if *stored {
                Road::Stored
            } else {
                Road::MatrixFree
            };
            classes.clone().map(move |class| share(class, road))
        };
        groups.iter().flat_map(of_group).collect()
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
                numbering: self.numbering,
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
    fn take(&mut self, planned: &[ClassShare], picks: &[Vec<Round>], values: &[i64]) {
        let unit = self.options.unit();
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
                value: Some(*value as f64 * unit),
                ..share.clone()
            });
        }
    }
}
