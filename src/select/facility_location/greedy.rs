//! Greedy picks by what they add to the cover of all rows.

use crate::checkpoint::Entry;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{Examples, Similarities, stored_bytes};
use crate::progress::Pass;
use crate::quantise::Length;
use crate::selection::Storage;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Gains of kept similarities that are brought up to date at a time.
const AT_ONCE: usize = 24;

/// Rows of one class, and what each would add to the cover by those chosen.
///
/// Gains only fall as rows are chosen, so an old one bounds a new one: the row of the largest gain is the one
/// that comes first once its gain is up to date.
pub(in crate::select) struct Greedy<'a> {
    pub(in crate::select) similarities: Box<dyn Similarities + 'a>,
    /// Whether all similarities are kept; else those of the columns that gains were asked of last.
    pub(in crate::select) is_stored: bool,
    strip: Vec<usize>,
    best: Vec<u16>,
    weights: Option<Vec<u16>>,
    /// Of every row its gain when last computed, after how many choices that was, and whether it may be chosen.
    gains: Vec<i64>,
    computed_after: Vec<u32>,
    is_open: Vec<bool>,
    choices: u32,
    /// Rows by their gains, and such as are no longer theirs.
    order: BinaryHeap<(i64, Reverse<usize>)>,
    /// Pairs of a row and a column whose similarity has been made.
    pub(in crate::select) met: u64,
}

/// What is chosen from.
#[derive(Clone, Copy)]
pub(in crate::select) struct Ground<'g> {
    pub(in crate::select) rows: &'g [usize],
    pub(in crate::select) function: &'g KernelFunction,
    pub(in crate::select) storage: Storage,
}

impl<'a> Greedy<'a> {
    /// Nothing is chosen yet. A pass over all pairs of rows, unless an earlier run has made it.
    pub(in crate::select) fn new(
        pool: &'a dyn Pool,
        ground: Ground<'_>,
        weights: Option<Vec<u16>>,
        course: &mut Course<'_>,
    ) -> Result<Self, Error> {
        let rows = ground.rows.len();
        let examples = Examples {
            classes: &[ground.rows],
            views: 1,
            length: Length::Own,
        };
        let similarities = pool.similarities(examples, ground.function)?;
        let is_stored = match ground.storage {
            Storage::Auto => stored_bytes(rows) <= similarities.room(),
            storage => storage == Storage::Dense,
        };
        let mut greedy = Self {
            similarities,
            is_stored,
            strip: Vec::new(),
            best: vec![0; rows],
            weights,
            gains: vec![i64::MAX; rows],
            computed_after: vec![0; rows],
            is_open: vec![true; rows],
            choices: 0,
            order: BinaryHeap::new(),
            met: 0,
        };
        greedy.gains = greedy.first_gains(course)?;
        let by_gain = greedy.gains.iter().zip(0..);
        greedy.order = by_gain.map(|(&gain, row)| (gain, Reverse(row))).collect();
        Ok(greedy)
    }

    /// What each row would add where nothing is chosen.
    fn first_gains(&mut self, course: &mut Course<'_>) -> Result<Vec<i64>, Error> {
        let rows = self.best.len();
        let (step, kept) = course.step(|entry| match entry {
            Entry::Sums(sums) if sums.len() == rows => Some(sums.clone()),
            _ => None,
        })?;
        if let (Some(kept), false) = (&kept, self.is_stored) {
            return Ok(kept.clone());
        }
        let pairs = (rows as u64).pow(2);
        self.met += pairs;
        let pass = Pass::begin(pairs, course.listener())?;
        let all: Vec<usize> = (0..rows).collect();
        if self.is_stored {
            self.similarities.store(0..1, &pass)?;
            if self.weights.is_none() {
                return self.similarities.sum_stored(&all);
            }
            return self.gains_of(&all);
        }
        let gains = if self.weights.is_none() {
            self.similarities.row_sums(&pass)?
        } else {
            let mut gains = Vec::with_capacity(rows);
            for some in all.chunks(self.similarities.columns_at_once()) {
                gains.extend(self.gains_of(some)?);
                pass.met((some.len() * rows) as u64)?;
            }
            gains
        };
        course.keep(step, |entry| *entry = Entry::Sums(gains.clone()))?;
        Ok(gains)
    }

    /// What these rows would add now.
    fn gains_of(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let cover = Cover {
            best: &self.best,
            weights: self.weights.as_deref(),
        };
        if self.is_stored {
            return self.similarities.gain_stored(columns, cover);
        }
        self.similarities.gain_columns(columns, cover)
    }

    /// Counts rows as chosen.
    pub(in crate::select) fn choose(&mut self, rows: &[usize]) -> Result<(), Error> {
        for some in rows.chunks(self.similarities.columns_at_once()) {
            let columns = self.similarities.columns(some)?;
            let of_rows = columns.chunks_exact(some.len());
            for (best, of_row) in self.best.iter_mut().zip(of_rows) {
                let largest = of_row.iter().max().map_or(0, |&largest| largest as u16);
                *best = largest.max(*best);
            }
        }
        for &row in rows {
            self.is_open[row] = false;
            self.choices += 1;
        }
        Ok(())
    }

    /// The row that adds most, ties to the lower row, and how much that is; none where all are chosen.
    pub(in crate::select) fn next(&mut self) -> Result<Option<(usize, i64)>, Error> {
        loop {
            let Some(&(gain, Reverse(row))) = self.order.peek() else {
                return Ok(None);
            };
            if !self.is_in_order(gain, row) {
                self.order.pop();
            } else if self.computed_after[row] == self.choices {
                return Ok(Some((row, gain)));
            } else {
                self.update(row)?;
            }
        }
    }

    /// Whether a gain is a row's, and it may be chosen.
    fn is_in_order(&self, gain: i64, row: usize) -> bool {
        self.is_open[row] && self.gains[row] == gain
    }

    /// Brings a row's gain up to date, and those of rows that come soon after it.
    fn update(&mut self, row: usize) -> Result<(), Error> {
        let is_at_hand = !self.is_stored && self.strip.contains(&row);
        let columns = match is_at_hand {
            true => std::mem::take(&mut self.strip),
            false => self.take_first(),
        };
        let found = self.gains_of(&columns)?;
        if !is_at_hand {
            self.met += (columns.len() * self.best.len()) as u64;
        }
        for (&row, gain) in columns.iter().zip(found) {
            let is_new = !is_at_hand || gain != self.gains[row];
            self.gains[row] = gain;
            self.computed_after[row] = self.choices;
            if self.is_open[row] && is_new {
                self.order.push((gain, Reverse(row)));
            }
        }
        self.strip = columns;
        Ok(())
    }

    /// Takes the first rows in order whose gains are not up to date, as many as are updated at a time.
    fn take_first(&mut self) -> Vec<usize> {
        let most = match self.is_stored {
            true => AT_ONCE,
            false => self.similarities.columns_at_once(),
        };
        let (mut taken, mut up_to_date) = (Vec::with_capacity(most), Vec::new());
        while taken.len() < most
            && let Some((gain, Reverse(row))) = self.order.pop()
        {
            if !self.is_in_order(gain, row) {
                continue;
            }
            if self.computed_after[row] == self.choices {
                up_to_date.push((gain, Reverse(row)));
            } else {
                taken.push(row);
            }
        }
        self.order.extend(up_to_date);
        taken
    }
}
