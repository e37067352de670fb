//! An order of the rows in which those that are alike stand together, and which blocks of them have
//! any that are near to each other: most have none, and need not be looked at again.

use super::assign::assign;
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::products::TILE;
use crate::{rank, reduce};
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// Rows for each of those that lead the others, on average. Finding everybody's leader then takes a
/// small part of the time that all pairs take.
const ROWS_OF_LEADER: usize = TILE;

/// The most leaders that there are.
const LEADERS: usize = 1 << 10;

/// Where each row stands when rows are worked on. It changes the time taken and never an answer.
#[derive(Default)]
pub(super) struct Arrangement {
    rows: Vec<u32>,
    positions: Vec<u32>,
}

impl Arrangement {
    /// Some rows lead, one behind another that it is most alike; every row stands with the leader
    /// that it is most alike, by direction. `unit` gives a row at length 1.
    pub(super) fn by_likeness(
        features: &Features<'_>,
        unit: impl Fn(usize) -> Result<Vec<f32>, Error>,
        stop: &Stop,
    ) -> Result<Self, Error> {
        let rows = features.rows();
        let count = (rows / ROWS_OF_LEADER).clamp(1, LEADERS);
        let leaders: Result<_, Error> = (0..count).map(|k| unit(k * rows / count)).collect();
        let leaders = chained(leaders?).concat();
        let nearest = assign(
            features,
            &leaders,
            &vec![0.0; count],
            &vec![1.0; rows],
            stop,
        )?;
        let mut arranged: Vec<u32> = (0..rows as u32).collect();
        arranged.sort_by_key(|&row| nearest[row as usize].index);
        Ok(Self::of(arranged))
    }

    fn of(rows: Vec<u32>) -> Self {
        let mut positions = vec![0; rows.len()];
        for (position, &row) in (0..).zip(&rows) {
            positions[row as usize] = position;
        }
        Self { rows, positions }
    }

    /// The rows at some positions.
    pub(super) fn rows(&self, positions: Range<usize>) -> impl Iterator<Item = usize> + Clone {
        self.rows[positions].iter().map(|&row| row as usize)
    }

    /// Where a row stands.
    pub(super) fn position(&self, row: usize) -> usize {
        self.positions[row] as usize
    }

    /// The places of some rows in their list, as the rows stand.
    pub(super) fn order_of(&self, rows: &[usize]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by_key(|&at| self.position(rows[at]));
        order
    }

    /// What is told of each row, by position.
    pub(super) fn by_position<T: Copy>(&self, of_rows: &[T]) -> Vec<T> {
        self.rows.iter().map(|&row| of_rows[row as usize]).collect()
    }

    /// What is told of each position, by row.
    pub(super) fn by_row<T: Copy>(&self, of_positions: &[T]) -> Vec<T> {
        let positions = self.positions.iter();
        positions.map(|&at| of_positions[at as usize]).collect()
    }
}

/// The first of the vectors, then always that of those left which is most alike the last.
fn chained(mut left: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let mut chain = Vec::with_capacity(left.len());
    let mut next = Some(0);
    while let Some(at) = next {
        let last = left.swap_remove(at);
        let unlike = |other: &Vec<f32>| {
            -f64::from(reduce::vectorised!(reduce::dot_scaled(&last, 1.0, other)))
        };
        next = rank::argmin(left.iter().map(unlike).zip(0..)).map(|(_, at)| at);
        chain.push(last);
    }
    chain
}

/// Which blocks of positions have any two at a product above a limit: one bit for two blocks.
pub(super) struct Links {
    rows: usize,
    least: i32,
    /// Positions of a block.
    block: usize,
    /// Words of a block's bits.
    words: usize,
    bits: Vec<AtomicU64>,
}

impl Links {
    /// None as yet, of `rows` positions. At most 2 bytes a row.
    pub(super) fn new(rows: usize, least: i32) -> Self {
        // (rows / block)² bits in all.
        let tiles = (rows as f64 / 16.0).sqrt() / TILE as f64;
        let block = TILE * tiles.ceil().max(1.0) as usize;
        let blocks = rows.div_ceil(block);
        let words = blocks.div_ceil(64);
        let bits = (0..blocks * words).map(|_| 0.into()).collect();
        Self {
            rows,
            least,
            block,
            words,
            bits,
        }
    }

    /// Two positions have such a product.
    pub(super) fn link(&self, a: usize, b: usize) {
        let (a, b) = (a / self.block, b / self.block);
        for (of, to) in [(a, b), (b, a)] {
            let bits = &self.bits[of * self.words + to / 64];
            bits.fetch_or(1 << (to % 64), Ordering::Relaxed);
        }
    }

    /// Whether no two positions of blocks that are not linked have a product above `least`.
    pub(super) fn hold_above(&self, least: i32) -> bool {
        least >= self.least
    }

    /// The block of a position.
    pub(super) fn block_of(&self, position: usize) -> usize {
        position / self.block
    }

    pub(super) fn are_linked(&self, a: usize, b: usize) -> bool {
        self.word(a, b / 64) & (1 << (b % 64)) != 0
    }

    /// For each block whether it is linked with any of some.
    pub(super) fn linked_with(&self, blocks: &[usize]) -> Vec<bool> {
        let mut words = vec![0; self.words];
        for &block in blocks {
            let own = (0..self.words).map(|at| self.word(block, at));
            words.iter_mut().zip(own).for_each(|(all, own)| *all |= own);
        }
        let is_set = |block: usize| words[block / 64] & (1 << (block % 64)) != 0;
        (0..self.rows.div_ceil(self.block)).map(is_set).collect()
    }

    /// The positions of a block.
    pub(super) fn positions(&self, block: usize) -> Range<usize> {
        block * self.block..self.rows.min((block + 1) * self.block)
    }

    fn word(&self, block: usize, word: usize) -> u64 {
        self.bits[block * self.words + word].load(Ordering::Relaxed)
    }
}
