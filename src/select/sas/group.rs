//! Classes that are worked on together, all stored alike.

use super::block::{CandidateGroup, Horizon, block};
use super::weights::Weights;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::kernels::similarities::{MASK, Round, Similarities, Update, is_masked};
use crate::quantise::{ClassRanges, IntegerRows};
use rayon::prelude::*;
use std::ops::Range;

/// Rows of all classes together that are fetched from a device at a time, or those of one class.
const FETCHED: usize = 4096;
/// Rounds that a device makes in one go: so often progress is reported.
const ROUNDS: usize = 4096;

/// What all groups of a run share.
#[derive(Clone, Copy)]
pub(super) struct Frame<'a> {
    /// The places of each class.
    pub(super) ranges: &'a ClassRanges,
    /// The example at each place.
    pub(super) order: &'a [usize],
    /// By place, the row's product with itself.
    pub(super) squares: &'a [i32],
    /// By place.
    pub(super) is_labelled: &'a [bool],
    pub(super) function: &'a KernelFunction,
    pub(super) worst: bool,
    pub(super) candidates: usize,
    /// What ends the work.
    pub(super) stop: &'a Stop,
}

/// Some classes under way. Rows go by their places; what there is for each begins with place
/// `first`.
pub(super) struct Group<'a> {
    pub(super) frame: Frame<'a>,
    similarities: &'a mut dyn Similarities,
    classes: Range<usize>,
    pub(super) first: usize,
    /// Whether the similarities are kept, or computed anew for each block of picks.
    stored: bool,
    /// Σⱼ s_ij over the class.
    row_sums: Vec<i64>,
    /// s_ii.
    pub(super) own: Vec<i64>,
    /// Gains over the labelled rows, of every row.
    pub(super) start: Vec<i64>,
    /// Gains over labelled rows and picks; masked are those of both.
    gains: Vec<i64>,
    /// F of each class's labelled rows.
    labelled_value: Vec<i64>,
}

impl<'a> Group<'a> {
    /// Classes of which nothing is picked. `row_sums` are those of all rows where similarities are
    /// not kept; else those of these classes are.
    pub(super) fn new(
        frame: Frame<'a>,
        similarities: &'a mut dyn Similarities,
        classes: Range<usize>,
        row_sums: Option<&[i64]>,
    ) -> Result<Self, Error> {
        let places = frame.ranges.span(classes.clone());
        let sums = match row_sums {
            Some(sums) => sums[places.clone()].to_vec(),
            None => similarities.sum_stored(&places.clone().collect::<Vec<_>>())?,
        };
        let own_of = |&square: &i32| i64::from(frame.function.of(square, 0));
        let own: Vec<i64> = frame.squares[places.clone()].iter().map(own_of).collect();
        let mut group = Self {
            frame,
            similarities,
            classes,
            first: places.start,
            stored: row_sums.is_none(),
            start: sums.iter().zip(&own).map(|(sum, own)| sum - own).collect(),
            row_sums: sums,
            own,
            gains: Vec::new(),
            labelled_value: Vec::new(),
        };
        let labelled = group.labelled();
        let mut start = std::mem::take(&mut group.start);
        group.add(&mut start, &labelled, -2)?;
        group.start = start;
        group.labelled_value = group.values_over(&group.start, &labelled);
        group.gains = group.start.clone();
        group.mask(&labelled);
        Ok(group)
    }

    /// Number of classes.
    pub(super) fn len(&self) -> usize {
        self.classes.len()
    }

    /// The places of a class, which is numbered within the group.
    fn places(&self, class: usize) -> Range<usize> {
        self.frame.ranges.class(self.classes.start + class)
    }

    /// Each class's places and what there is for them.
    fn by_class<'g, T>(&self, values: &'g [T]) -> Vec<(Range<usize>, &'g [T])> {
        let of_class = |class| {
            let places = self.places(class);
            let values = &values[places.start - self.first..places.end - self.first];
            (places, values)
        };
        (0..self.len()).map(of_class).collect()
    }

    /// Adds `step` · Σ s_ij over the columns j to the gain of every row.
    pub(super) fn add(&self, gains: &mut [i64], columns: &[usize], step: i64) -> Result<(), Error> {
        if columns.is_empty() {
            return Ok(());
        }
        let sums = if self.stored {
            self.similarities.sum_stored(columns)?
        } else {
            let mut sums = self.similarities.sum_columns(columns)?;
            sums.drain(..self.first);
            sums
        };
        gains
            .iter_mut()
            .zip(sums)
            .for_each(|(gain, sum)| *gain += step * sum);
        Ok(())
    }

    fn mask(&mut self, places: &[usize]) {
        for place in places {
            self.gains[place - self.first] += MASK;
        }
    }

    /// The gains of all rows, also of those that are masked.
    pub(super) fn gains_of_all(&self) -> Vec<i64> {
        let unmasked = |&gain: &i64| if is_masked(gain) { gain - MASK } else { gain };
        self.gains.iter().map(unmasked).collect()
    }

    /// Each class's F of the set S that `gains` are over:
    /// Σ_{j∈S} (Σ_i s_ij − Σ_{i∈S} s_ij), where gain_j = Σ_i s_ij − s_jj − 2·Σ_{i∈S} s_ij.
    fn values_over(&self, gains: &[i64], set: &[usize]) -> Vec<i64> {
        let value = |&place: &usize| {
            let at = place - self.first;
            let inside = (self.row_sums[at] - self.own[at] - gains[at]) / 2;
            self.row_sums[at] - inside
        };
        let of_class = |class| {
            let places = self.places(class);
            set.iter()
                .filter(|place| places.contains(place))
                .map(value)
                .sum()
        };
        (0..self.len()).map(of_class).collect()
    }

    /// As [`values`](Self::values), of picks whose gains are not those over the picks before.
    pub(super) fn values_of_sets(&self, picks: &[Vec<Round>]) -> Result<Vec<i64>, Error> {
        let mut set: Vec<usize> = picks.iter().flatten().map(|round| round.row).collect();
        let mut gains = self.start.clone();
        self.add(&mut gains, &set, -2)?;
        set.extend(self.labelled());
        Ok(self.values_over(&gains, &set))
    }

    /// The largest row sums of each class, or with `worst` the smallest, ties to the higher row.
    pub(super) fn by_row_sum(&self, budgets: &[usize]) -> Vec<Vec<Round>> {
        let sign = if self.frame.worst { -1 } else { 1 };
        let classes = self.by_class(&self.row_sums);
        let of_class = |((places, sums), &budget): ((Range<usize>, &[i64]), &usize)| {
            let rounds = places.zip(sums).map(|(row, &gain)| Round { row, gain });
            let open = rounds.filter(|round| !self.frame.is_labelled[round.row]);
            let mut rounds: Vec<Round> = open.collect();
            rounds.sort_unstable_by_key(|round| std::cmp::Reverse((sign * round.gain, round.row)));
            rounds.truncate(budget);
            rounds
        };
        classes.into_iter().zip(budgets).map(of_class).collect()
    }

    /// The labelled rows of the group.
    fn labelled(&self) -> Vec<usize> {
        let places = self.first..self.first + self.row_sums.len();
        places
            .filter(|&place| self.frame.is_labelled[place])
            .collect()
    }

    /// Each class's F of its labelled rows and these picks.
    pub(super) fn values(&self, picks: &[Vec<Round>]) -> Vec<i64> {
        let gained = |picks: &Vec<Round>| picks.iter().map(|round| round.gain).sum::<i64>();
        self.labelled_value
            .iter()
            .zip(picks)
            .map(|(value, picks)| value + gained(picks))
            .collect()
    }

    /// Leaves the group as these picks have left it.
    pub(super) fn restart(&mut self, picks: &[Vec<Round>]) -> Result<(), Error> {
        let picks: Vec<usize> = picks.iter().flatten().map(|round| round.row).collect();
        let mut gains = self.start.clone();
        self.add(&mut gains, &picks, -2)?;
        self.gains = gains;
        self.mask(&self.labelled());
        self.mask(&picks);
        Ok(())
    }

    /// Adds greedy picks until each class has as many as `counts` says. `progress` hears of those
    /// that have been made, and may end it.
    pub(super) fn greedy(
        &mut self,
        picks: &mut [Vec<Round>],
        counts: &[usize],
        progress: &mut impl FnMut(&[Vec<Round>]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        // The least gain is the largest with its sign turned.
        let step = if self.frame.worst { 2 } else { -2 };
        let sign = step / -2;
        self.turn(sign);
        let mut weights = self.weights()?;
        loop {
            let missing: Vec<usize> = counts
                .iter()
                .zip(&*picks)
                .map(|(count, picks)| count - picks.len())
                .collect();
            if missing.iter().all(|&missing| missing == 0) {
                break;
            }
            let rounds = if self.stored {
                let counts: Vec<usize> =
                    missing.iter().map(|&missing| missing.min(ROUNDS)).collect();
                self.similarities
                    .greedy_rounds(&mut self.gains, &counts, Update::Cut { step })?
            } else {
                self.blocks(&missing, step, &mut weights)?
            };
            for (picks, rounds) in picks.iter_mut().zip(rounds) {
                picks.extend(rounds.iter().map(|round| Round {
                    gain: sign * round.gain,
                    ..*round
                }));
            }
            progress(picks)?;
        }
        self.turn(sign);
        Ok(())
    }

    /// Multiplies the gains that are not masked by `sign`; those that are, but for their mask.
    fn turn(&mut self, sign: i64) {
        for gain in &mut self.gains {
            *gain = if is_masked(*gain) {
                sign * (*gain - MASK) + MASK
            } else {
                sign * *gain
            };
        }
    }

    /// What `work` makes of some rows of each class: it is given the class and those of its rows that
    /// `wanted` names by place, in that order. Few rows are fetched at a time.
    pub(super) fn with_rows<T: Send>(
        &self,
        wanted: &[Vec<usize>],
        work: impl Fn(usize, &IntegerRows, Range<usize>) -> T + Sync,
    ) -> Result<Vec<T>, Error> {
        let mut done = Vec::with_capacity(wanted.len());
        let mut rest = wanted;
        while !rest.is_empty() {
            let ranges = ClassRanges::new(rest.iter().map(Vec::len));
            let fits = |&count: &usize| count == 1 || ranges.span(0..count).end <= FETCHED;
            let count = (1..=rest.len()).take_while(fits).last().unwrap_or(1);
            let (some, after) = rest.split_at(count);
            self.frame.stop.check()?;
            let rows = self.similarities.rows(&some.concat())?;
            let first = done.len();
            let of_class = |class| work(first + class, &rows, ranges.class(class));
            done.par_extend((0..count).into_par_iter().map(of_class));
            rest = after;
        }
        Ok(done)
    }

    /// A block of picks in each class, decided on the host.
    fn blocks(
        &mut self,
        missing: &[usize],
        step: i64,
        weights: &mut [Weights],
    ) -> Result<Vec<Vec<Round>>, Error> {
        let frame = self.frame;
        let horizon = |class: usize| Horizon {
            function: frame.function,
            worst: frame.worst,
            linear: weights.get(class),
            stop: frame.stop,
        };
        let classes = self.by_class(&self.gains).into_par_iter();
        let candidates: Vec<CandidateGroup> = classes
            .map(|(places, gains)| CandidateGroup::new(places, gains, frame.candidates))
            .collect();
        let wanted = |(candidates, &missing): (&CandidateGroup, &usize)| {
            // A class that has all its picks needs no rows.
            let count = candidates.places.len() * usize::from(missing > 0);
            candidates.places[..count].to_vec()
        };
        let places: Vec<Vec<usize>> = candidates.iter().zip(missing).map(wanted).collect();
        let decided = self.with_rows(&places, |class, rows, among| {
            block(
                rows,
                among,
                &candidates[class],
                missing[class],
                step,
                horizon(class),
            )
        })?;
        let decided: Vec<(Vec<Round>, Vec<f64>)> = decided.into_iter().collect::<Result<_, _>>()?;
        let (rounds, drifts): (Vec<Vec<Round>>, Vec<Vec<f64>>) = decided.into_iter().unzip();
        let picks: Vec<usize> = rounds.iter().flatten().map(|round| round.row).collect();
        let mut gains = std::mem::take(&mut self.gains);
        let added = self.add(&mut gains, &picks, step);
        self.gains = gains;
        added?;
        self.mask(&picks);
        for (weights, drift) in weights.iter_mut().zip(&drifts) {
            weights.take(drift);
        }
        Ok(rounds)
    }

    /// Each class's weights, of a linear function.
    fn weights(&self) -> Result<Vec<Weights>, Error> {
        if !self.frame.function.is_linear() {
            return Ok(Vec::new());
        }
        let of_class = |(class, (places, gains)): (usize, (Range<usize>, &[i64]))| {
            let total = self.similarities.total(self.classes.start + class)?;
            let mut weights = Weights::new(&total, &self.frame.squares[places.clone()]);
            let taken = places.zip(gains).filter(|(_, gain)| is_masked(**gain));
            let taken: Vec<usize> = taken.map(|(place, _)| place).collect();
            for some in taken.chunks(FETCHED) {
                weights.take(&sum_of(&self.similarities.rows(some)?));
            }
            Ok(weights)
        };
        let classes = self.by_class(&self.gains).into_iter().enumerate();
        classes.map(of_class).collect()
    }
}

/// The sum of some rows.
fn sum_of(rows: &IntegerRows) -> Vec<f64> {
    let mut sum = vec![0.0; rows.pitch()];
    for z in rows.values().chunks_exact(rows.pitch()) {
        sum.iter_mut()
            .zip(z)
            .for_each(|(sum, &z)| *sum += f64::from(z));
    }
    sum
}
