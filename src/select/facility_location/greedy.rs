//! Greedy picks by what they add to the cover of all rows.

use crate::checkpoint::Entry;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{Examples, MASK, Round, Similarities, is_masked, stored_bytes};
use crate::lazy::{First, Lazy};
use crate::progress::Pass;
use crate::quantise::Length;
use crate::selection::Storage;

/// Picks that are made of kept similarities at a time: a device is waited for once, and a run that is ended loses
/// no more than these.
const AT_ONCE: usize = 64;

/// Rows of one class, and what each would add to the cover by those chosen.
pub(in crate::select) struct Greedy<'a> {
    pub(in crate::select) similarities: Box<dyn Similarities + 'a>,
    rows: usize,
    order: Order,
    /// Pairs of a row and a column whose similarity has been made.
    pub(in crate::select) met: u64,
}

/// What the next picks come of.
enum Order {
    /// All similarities are kept, and a device picks: what each row adds, or more.
    Kept(Vec<i64>),
    /// Gains, and the rows whose similarities are there: those that gains were asked of last.
    Strip(Lazy, Vec<usize>),
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
        weights: Option<&[u16]>,
        course: &mut Course<'_>,
    ) -> Result<Self, Error> {
        let rows = ground.rows.len();
        let examples = Examples {
            classes: &[ground.rows],
            views: 1,
            length: Length::Own,
        };
        let mut similarities = pool.similarities(examples, ground.function)?;
        let is_stored = match ground.storage {
            Storage::Auto => stored_bytes(rows) <= similarities.room(),
            storage => storage == Storage::Dense,
        };
        if weights.is_some() {
            let best = &vec![0; rows];
            similarities.set_cover(Cover { best, weights })?;
        }
        let mut greedy = Self {
            similarities,
            rows,
            order: Order::Kept(Vec::new()),
            met: 0,
        };
        let gains = greedy.first_gains(is_stored, weights.is_some(), course)?;
        greedy.order = match is_stored {
            true => Order::Kept(gains),
            false => Order::Strip(Lazy::new(gains), Vec::new()),
        };
        Ok(greedy)
    }

    /// What each row would add where nothing is chosen.
    fn first_gains(
        &mut self,
        is_stored: bool,
        is_weighted: bool,
        course: &mut Course<'_>,
    ) -> Result<Vec<i64>, Error> {
        let rows = self.rows;
        let (step, kept) = course.step(|entry| match entry {
            Entry::Sums(sums) if sums.len() == rows => Some(sums.clone()),
            _ => None,
        })?;
        if let (Some(kept), false) = (&kept, is_stored) {
            return Ok(kept.clone());
        }
        let pairs = (rows as u64).pow(2);
        self.met += pairs;
        let pass = Pass::begin(pairs, course.listener())?;
        let all: Vec<usize> = (0..rows).collect();
        if is_stored {
            self.similarities.store(0..1, &pass)?;
            return match is_weighted {
                true => self.similarities.gain_stored(&all),
                false => self.similarities.sum_stored(&all),
            };
        }
        let gains = if is_weighted {
            let mut gains = Vec::with_capacity(rows);
            for some in all.chunks(self.similarities.columns_at_once()) {
                gains.extend(self.similarities.gain_columns(some)?);
                pass.met((some.len() * rows) as u64)?;
            }
            gains
        } else {
            self.similarities.row_sums(&pass)?
        };
        course.keep(step, |entry| *entry = Entry::Sums(gains.clone()))?;
        Ok(gains)
    }

    /// Counts rows as chosen.
    pub(in crate::select) fn choose(&mut self, rows: &[usize]) -> Result<(), Error> {
        for some in rows.chunks(self.similarities.columns_at_once()) {
            self.similarities.raise(some)?;
        }
        match &mut self.order {
            Order::Kept(gains) => rows.iter().for_each(|&row| gains[row] = MASK),
            Order::Strip(lazy, _) => lazy.close(rows),
        }
        Ok(())
    }

    /// Chooses the rows that add most, one after the other, ties to the lower row, and says how much each does:
    /// `most` at most, and one at least unless that is 0 or all are chosen.
    pub(in crate::select) fn choose_next(&mut self, most: usize) -> Result<Vec<Round>, Error> {
        if let Order::Kept(gains) = &mut self.order {
            let open = gains.iter().filter(|&&gain| !is_masked(gain)).count();
            let count = most.min(open).min(AT_ONCE);
            return self.similarities.cover_rounds(0, gains, count);
        }
        let first = if most == 0 { None } else { self.first()? };
        if let Some(round) = first {
            self.choose(&[round.row])?;
        }
        Ok(first.into_iter().collect())
    }

    /// The row that adds most, where similarities are not kept.
    fn first(&mut self) -> Result<Option<Round>, Error> {
        while let Order::Strip(lazy, strip) = &mut self.order {
            let row = match lazy.first() {
                None => return Ok(None),
                Some(First::Sure(row, gain)) => return Ok(Some(Round { row, gain })),
                Some(First::Old(row)) => row,
            };
            if !strip.contains(&row) {
                *strip = lazy.take_old(self.similarities.columns_at_once());
                self.met += (strip.len() * self.rows) as u64;
            }
            let found = self.similarities.gain_columns(strip)?;
            for (&row, gain) in strip.iter().zip(found) {
                lazy.set(row, gain);
            }
        }
        Ok(None)
    }
}
