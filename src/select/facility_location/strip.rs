//! Picks of rows whose similarities are not kept: gains are made anew of a few rows at a time.

use crate::error::Error;
use crate::kernels::similarities::{Round, Similarities};
use crate::lazy::{First, Lazy};

/// Gains, and the rows that they were asked of last, whose similarities are there.
pub(super) struct Strip {
    lazy: Lazy,
    rows: Vec<usize>,
}

impl Strip {
    pub(super) fn new(gains: Vec<i64>) -> Self {
        Self {
            lazy: Lazy::new(gains),
            rows: Vec::new(),
        }
    }

    /// Counts rows as chosen.
    pub(super) fn close(&mut self, rows: &[usize]) {
        self.lazy.close(rows);
    }

    /// The row that adds most, none where all are chosen; `met` gets the columns that are made.
    pub(super) fn next(
        &mut self,
        similarities: &mut dyn Similarities,
        met: &mut usize,
    ) -> Result<Option<Round>, Error> {
        loop {
            let row = match self.lazy.first() {
                None => return Ok(None),
                Some(First::Sure(row, gain)) => return Ok(Some(Round { row, gain })),
                Some(First::Old(row)) => row,
            };
            if !self.rows.contains(&row) {
                self.rows = self.lazy.take_old(similarities.columns_at_once());
                *met += self.rows.len();
            }
            let found = similarities.gain_columns(&self.rows)?;
            for (&row, gain) in self.rows.iter().zip(found) {
                self.lazy.set(row, gain);
            }
        }
    }
}

/// Greedy rounds of the cover of one class that is not kept, as
/// [`cover_rounds`](Similarities::cover_rounds) makes them of one that is.
#[cfg(feature = "remote")] // for workers alone
pub(crate) fn rounds(
    similarities: &mut dyn Similarities,
    gains: &mut [i64],
    count: usize,
) -> Result<Vec<Round>, Error> {
    use crate::kernels::similarities::{MASK, is_masked};
    let mut strip = Strip::new(gains.to_vec());
    let masked: Vec<usize> = (0..gains.len())
        .filter(|&row| is_masked(gains[row]))
        .collect();
    strip.close(&masked);
    let mut rounds = Vec::with_capacity(count);
    while rounds.len() < count
        && let Some(round) = strip.next(similarities, &mut 0)?
    {
        similarities.raise(&[round.row])?;
        strip.close(&[round.row]);
        rounds.push(round);
    }
    strip.lazy.tell(gains);
    rounds.iter().for_each(|round| gains[round.row] += MASK);
    Ok(rounds)
}
