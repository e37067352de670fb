//! Greedy picks by what they add to the cover of all rows.

use super::strip::Strip;
use crate::checkpoint::Entry;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{MASK, Round, Similarities, is_masked, stored_bytes};
use crate::progress::Pass;
use crate::select::spread::similarities;
use crate::selection::Storage;

/// Picks that are made of kept similarities at a time: a device is waited for once, and a run that is ended loses
/// no more than these.
const AT_ONCE: usize = 64;
/// The same where they are not kept, and a pool far away picks by itself.
const FAR_AT_ONCE: usize = 8;

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
    /// A device picks, so many rows at a time: what each row adds, or more.
    There(Vec<i64>, usize),
    /// The host picks.
    Here(Strip),
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
        let mut similarities = similarities(pool, ground.rows, ground.function)?;
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
            order: Order::There(Vec::new(), 0),
            met: 0,
        };
        let gains = greedy.first_gains(is_stored, weights.is_some(), course)?;
        greedy.order = match (is_stored, greedy.similarities.picks_by_itself()) {
            (true, _) => Order::There(gains, AT_ONCE),
            (false, true) => Order::There(gains, FAR_AT_ONCE),
            (false, false) => Order::Here(Strip::new(gains)),
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
            Order::There(gains, _) => rows.iter().for_each(|&row| gains[row] = MASK),
            Order::Here(strip) => strip.close(rows),
        }
        Ok(())
    }

    /// Chooses the rows that add most, one after the other, ties to the lower row, and says how much each does:
    /// `most` at most, and one at least unless that is 0 or all are chosen.
    pub(in crate::select) fn choose_next(&mut self, most: usize) -> Result<Vec<Round>, Error> {
        let strip = match &mut self.order {
            Order::There(gains, at_once) => {
                let open = gains.iter().filter(|&&gain| !is_masked(gain)).count();
                let count = most.min(open).min(*at_once);
                return self.similarities.cover_rounds(0, gains, count);
            }
            Order::Here(strip) => strip,
        };
        let mut met = 0;
        let first = match most {
            0 => None,
            _ => strip.next(&mut *self.similarities, &mut met)?,
        };
        self.met += (met * self.rows) as u64;
        if let Some(round) = first {
            self.choose(&[round.row])?;
        }
        Ok(first.into_iter().collect())
    }
}
