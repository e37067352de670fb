//! Picks changed for other rows while that raises F: partitioning around medoids.

use crate::control::Stop;
use crate::error::Error;
use crate::kernels::similarities::Similarities;
use crate::selection::Refined;
use rayon::prelude::*;
use std::cmp::Reverse;

/// Rows that are tried at a time.
const TRIED: usize = 64;
/// A swap has to raise F by more than this share of what it is at the start, as a power of two.
const LEAST_SHARE: u32 = 20;
/// How often each row is tried, at most.
const ROUNDS: usize = 2;

/// Chosen rows, and of every row the two that it is most similar to.
struct Chosen {
    /// Labelled rows, which stay, and then picks.
    rows: Vec<usize>,
    labelled: usize,
    /// The similarities of all rows to each.
    columns: Vec<Vec<u16>>,
    /// Of every row the place of the chosen row that is most similar, the lowest such; how similar that is, and
    /// the second.
    near: Vec<usize>,
    best: Vec<u16>,
    second: Vec<u16>,
}

/// Swaps of picks from `start` on; picks by the rows that they stand for, the most first, ties to the earlier.
pub(super) fn swap(
    similarities: &dyn Similarities,
    labelled: &[usize],
    start: &[usize],
    stop: &Stop,
) -> Result<(Vec<usize>, Refined), Error> {
    let mut chosen = Chosen::new(similarities, labelled, start)?;
    let rows = chosen.near.len();
    let all = || chosen.best.iter().map(|&best| i64::from(best));
    let least = all().sum::<i64>() >> LEAST_SHARE;
    let (mut swaps, mut tried, mut since) = (0, 0, 0);
    'rounds: for first in (0..ROUNDS).flat_map(|_| (0..rows).step_by(TRIED)) {
        let block: Vec<usize> = (first..rows.min(first + TRIED)).collect();
        let columns = columns_of(similarities, &block)?;
        let mut at = 0;
        while at < block.len() {
            stop.check()?;
            let found = (block[at..].par_iter())
                .zip(&columns[at..])
                .map(|(&row, column)| chosen.gain_by_swap(row, column));
            let found: Vec<Option<(i64, usize)>> = found.collect();
            let is_more =
                |found: &Option<(i64, usize)>| found.is_some_and(|(gain, _)| gain > least);
            let taken = found.iter().position(is_more);
            let passed = taken.map_or(found.len(), |taken| taken + 1);
            // All rows in a row without a swap: nothing is left to be swapped.
            if since + taken.unwrap_or(passed) >= rows {
                break 'rounds;
            }
            (since, tried) = (since + passed, tried + passed);
            if let (Some(taken), Some((_, place))) = (taken, taken.and_then(|taken| found[taken])) {
                chosen.swap(place, block[at + taken], columns[at + taken].clone());
                (swaps, since) = (swaps + 1, 0);
            }
            at += passed;
        }
    }
    debug_assert!(tried <= ROUNDS * rows);
    Ok(chosen.by_size(start, swaps))
}

/// The similarities of all rows to some.
fn columns_of(similarities: &dyn Similarities, rows: &[usize]) -> Result<Vec<Vec<u16>>, Error> {
    let found = similarities.columns(rows)?;
    let column = |at: usize| found.iter().skip(at).step_by(rows.len());
    let columns = (0..rows.len()).into_par_iter().map(column);
    Ok(columns
        .map(|column| column.map(|&similarity| similarity as u16).collect())
        .collect())
}

impl Chosen {
    fn new(
        similarities: &dyn Similarities,
        labelled: &[usize],
        start: &[usize],
    ) -> Result<Self, Error> {
        let rows = [labelled, start].concat();
        let mut columns = Vec::with_capacity(rows.len());
        for some in rows.chunks(TRIED) {
            columns.extend(columns_of(similarities, some)?);
        }
        let count = columns.first().map_or(0, Vec::len);
        let mut chosen = Self {
            rows,
            labelled: labelled.len(),
            columns,
            near: vec![0; count],
            best: vec![0; count],
            second: vec![0; count],
        };
        chosen.update();
        Ok(chosen)
    }

    /// Finds of every row the two most similar chosen rows anew.
    fn update(&mut self) {
        let columns = &self.columns;
        let states = (self.near.par_iter_mut())
            .zip(&mut self.best)
            .zip(&mut self.second);
        states
            .enumerate()
            .with_min_len(256)
            .for_each(|(row, ((near, best), second))| {
                (*near, *best, *second) = (0, columns[0][row], 0);
                for (place, column) in columns.iter().enumerate().skip(1) {
                    let similarity = column[row];
                    if similarity > *best {
                        (*near, *second, *best) = (place, *best, similarity);
                    } else {
                        *second = similarity.max(*second);
                    }
                }
            });
    }

    /// By how much F would rise if a row took the place of the pick for which that is most, ties to the earlier
    /// pick; none of a chosen row.
    fn gain_by_swap(&self, row: usize, column: &[u16]) -> Option<(i64, usize)> {
        if self.rows.contains(&row) {
            return None;
        }
        let (mut gain, mut lost) = (0, vec![0i64; self.rows.len()]);
        let states = self.best.iter().zip(&self.second).zip(&self.near);
        for (&similarity, ((&best, &second), &near)) in column.iter().zip(states) {
            if similarity > best {
                gain += i64::from(similarity - best);
            } else {
                lost[near] += i64::from(best - similarity.max(second));
            }
        }
        let picks = lost.iter().enumerate().skip(self.labelled);
        let (place, lost) = picks.min_by_key(|&(place, lost)| (*lost, place))?;
        Some((gain - lost, place))
    }

    fn swap(&mut self, place: usize, row: usize, column: Vec<u16>) {
        self.rows[place] = row;
        self.columns[place] = column;
        self.update();
    }

    fn by_size(self, start: &[usize], swaps: usize) -> (Vec<usize>, Refined) {
        let mut sizes = vec![0; self.rows.len()];
        self.near.iter().for_each(|&near| sizes[near] += 1);
        let mut places: Vec<usize> = (self.labelled..self.rows.len()).collect();
        places.sort_by_key(|&place| Reverse(sizes[place])); // stable
        let refined = Refined {
            start: start.to_vec(),
            steps: swaps,
            sizes: places.iter().map(|&place| sizes[place]).collect(),
        };
        (
            places.iter().map(|&place| self.rows[place]).collect(),
            refined,
        )
    }
}
