//! The rows of a pool as a cover sees them: one by one, or those that are alike as one.

use crate::error::Error;
use crate::random;
use crate::select::alike::first_alike;
use crate::select::unit_rows::UnitRows;
use std::collections::HashSet;

/// Rows that are alike are counted as one where all are so many times as many as the different ones.
const TIMES: usize = 8;
/// Rows that are looked at to tell whether that may be so, for the root of the number of all: of an
/// eighth of different rows, 8 · 8 of the pairs among them are alike on average.
const LOOKED_AT: f64 = 4.0;
/// Fewer such pairs do not count.
const PAIRS: usize = 16;

/// What is picked and covered as one.
pub(super) enum Items {
    /// Every row by itself.
    Rows {
        /// Picked or labelled.
        is_taken: Vec<bool>,
    },
    /// All rows that are alike at length 1.
    Groups {
        /// Each row's group.
        of_row: Vec<u32>,
        /// The rows of each group that are neither picked nor labelled, descending: the last is next.
        left: Vec<Vec<u32>>,
        /// The first row of each.
        leaders: Vec<usize>,
        /// Rows of each.
        sizes: Vec<u32>,
    },
}

impl Items {
    /// The rows, as groups where that makes far fewer.
    pub(super) fn of(rows: &UnitRows<'_>, is_taken: Vec<bool>) -> Result<Self, Error> {
        if !may_be_alike(rows)? {
            return Ok(Self::Rows { is_taken });
        }
        let first = first_alike(rows.len(), rows.dim(), |some, take| {
            rows.gather(some, |_, z| {
                take(z);
                Ok(())
            })
        })?;
        let leaders: Vec<usize> = (0..first.len())
            .filter(|&row| first[row] as usize == row)
            .collect();
        if leaders.len() * TIMES > first.len() {
            return Ok(Self::Rows { is_taken });
        }
        let mut of_row = vec![0; first.len()];
        let mut left = vec![Vec::new(); leaders.len()];
        let mut sizes = vec![0; leaders.len()];
        for (group, &leader) in (0..).zip(&leaders) {
            of_row[leader] = group;
        }
        for row in (0..first.len()).rev() {
            let group = of_row[first[row] as usize];
            of_row[row] = group;
            sizes[group as usize] += 1;
            if !is_taken[row] {
                left[group as usize].push(row as u32);
            }
        }
        Ok(Self::Groups {
            of_row,
            left,
            leaders,
            sizes,
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Rows { is_taken } => is_taken.len(),
            Self::Groups { left, .. } => left.len(),
        }
    }

    /// What a row is part of.
    pub(super) fn of_row(&self, row: usize) -> usize {
        match self {
            Self::Rows { .. } => row,
            Self::Groups { of_row, .. } => of_row[row] as usize,
        }
    }

    /// The next row of an item to be picked.
    pub(super) fn next(&self, item: usize) -> Option<u32> {
        match self {
            Self::Rows { is_taken } => (!is_taken[item]).then_some(item as u32),
            Self::Groups { left, .. } => left[item].last().copied(),
        }
    }

    /// Picks the next row of an item.
    pub(super) fn take(&mut self, item: usize) {
        match self {
            Self::Rows { is_taken } => is_taken[item] = true,
            Self::Groups { left, .. } => {
                left[item].pop();
            }
        }
    }

    /// The rows of an item that are neither picked nor labelled.
    pub(super) fn left(&self, item: usize) -> u32 {
        match self {
            Self::Rows { is_taken } => u32::from(!is_taken[item]),
            Self::Groups { left, .. } => left[item].len() as u32,
        }
    }
}

/// Whether a look at a few rows, anywhere in the pool, finds many that are alike.
fn may_be_alike(rows: &UnitRows<'_>) -> Result<bool, Error> {
    let count = (LOOKED_AT * (rows.len() as f64).sqrt()) as usize;
    let looked_at = random::sample(rows.len(), count);
    let z = rows.rows(&looked_at)?;
    let different: HashSet<Vec<u64>> = (z.chunks_exact(rows.dim()))
        .map(|z| z.iter().map(|v| v.to_bits()).collect())
        .collect();
    Ok(different.len() + PAIRS <= looked_at.len())
}
