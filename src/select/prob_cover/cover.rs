//! A cover under way: what is uncovered, and what each row would cover.

use crate::select::unit_rows::UnitRows;
use crate::{Error, MARKED, Marks, Neighbours, Reach, sums};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Neighbours of held rows that are kept for each row of the pool, on average: 16 bytes.
const HELD_FOR_ROW: usize = 4;
/// And as many as that in any case.
const HELD_ALWAYS: usize = 1 << 16;

/// A number of rows that a row would newly cover, and the row: the larger number first, then the
/// lower row.
type Rank = (u32, Reverse<u32>);

pub(super) struct Cover<'a> {
    rows: &'a UnitRows<'a>,
    neighbours: &'a dyn Neighbours,
    reach: Reach,
    delta_sq: f64,
    /// Passes made over the features.
    pub(super) passes: usize,
    /// Rows near each, at most.
    most: Vec<u32>,
    is_uncovered: Vec<bool>,
    uncovered: usize,
    /// Whether all rows have been covered before.
    completed: bool,
    /// Picked or labelled.
    is_taken: Vec<bool>,
    /// Rows that may be picked and are not held, with what they would cover at most. They know
    /// nothing of the `pending` rows' being covered.
    bounds: BinaryHeap<Rank>,
    /// Rows that no longer count, but that the bounds still do.
    pending: Vec<usize>,
    held: Vec<Held>,
    /// Rows held since nothing was pending.
    held_since: usize,
}

/// A row with the uncovered rows that are near to it, ascending.
struct Held {
    row: u32,
    near: Vec<u32>,
}

impl Held {
    fn rank(&self) -> Rank {
        (self.near.len() as u32, Reverse(self.row))
    }
}

impl<'a> Cover<'a> {
    /// Counts every row's neighbours.
    pub(super) fn new(
        rows: &'a UnitRows<'a>,
        neighbours: &'a dyn Neighbours,
        reach: Reach,
        delta: f64,
        is_taken: Vec<bool>,
    ) -> Result<Self, Error> {
        let mut new = Self {
            rows,
            neighbours,
            reach,
            delta_sq: delta * delta,
            passes: 1,
            most: neighbours.count_within(reach.possible)?,
            is_uncovered: vec![true; rows.len()],
            uncovered: rows.len(),
            completed: false,
            is_taken,
            bounds: BinaryHeap::new(),
            pending: Vec::new(),
            held: Vec::new(),
            held_since: 0,
        };
        new.bounds = new.all_bounds();
        Ok(new)
    }

    /// Bounds of what rows would cover of the whole pool.
    fn all_bounds(&self) -> BinaryHeap<Rank> {
        let able = (0..).zip(&self.most).zip(&self.is_taken);
        let able = able.filter(|(_, is_taken)| !**is_taken);
        able.map(|((row, &most), _)| (most, Reverse(row))).collect()
    }

    /// Whether all rows are covered.
    pub(super) fn is_done(&self) -> bool {
        self.uncovered == 0
    }

    /// Rows within the distance of a row that is taken.
    pub(super) fn covered(&self) -> usize {
        let rows = self.is_uncovered.len();
        if self.completed {
            rows
        } else {
            rows - self.uncovered
        }
    }

    /// Begins anew, with the rows not taken to be covered.
    pub(super) fn restart(&mut self) {
        self.completed = true;
        self.is_uncovered = self.is_taken.iter().map(|taken| !taken).collect();
        self.uncovered = self.is_uncovered.iter().filter(|u| **u).count();
        self.held.clear();
        self.held_since = 0;
        self.bounds = self.all_bounds();
        let taken = (0..self.is_taken.len()).filter(|&row| self.is_taken[row]);
        self.pending = taken.collect();
    }

    /// Covers what is near to some rows.
    pub(super) fn cover_with(&mut self, rows: &[usize]) -> Result<(), Error> {
        for rows in rows.chunks(MARKED) {
            for near in self.near(rows)? {
                self.cover(&near);
            }
        }
        Ok(())
    }

    fn cover(&mut self, near: &[u32]) {
        for &row in near {
            let row = row as usize;
            if std::mem::replace(&mut self.is_uncovered[row], false) {
                self.uncovered -= 1;
                self.pending.push(row);
            }
        }
    }

    /// Takes the row that covers most; gives it, and how many rows that newly covers.
    pub(super) fn pick(&mut self) -> Result<(usize, usize), Error> {
        let best = self.best()?;
        let Held { row, near } = self.held.swap_remove(best);
        self.is_taken[row as usize] = true;
        self.cover(&near);
        let is_uncovered = &self.is_uncovered;
        self.held.par_iter_mut().for_each(|held| {
            held.near.retain(|&row| is_uncovered[row as usize]);
        });
        Ok((row as usize, near.len()))
    }

    /// The place of the held row that covers most of all rows: others are held until it does.
    fn best(&mut self) -> Result<usize, Error> {
        loop {
            let best = (0..self.held.len()).max_by_key(|&place| self.held[place].rank());
            let rank = best.map(|place| self.held[place].rank());
            let next = self.bounds.peek().copied();
            match best {
                Some(best) if next <= rank => return Ok(best),
                _ => self.look_further(rank)?,
            }
        }
    }

    /// Holds the rows that may be better than `best`, or, where that has not paid, brings all bounds
    /// up to date.
    ///
    /// A pass for each [`MARKED`] rows either way: so whichever is right, the cost is at most twice
    /// the least.
    fn look_further(&mut self, best: Option<Rank>) -> Result<(), Error> {
        let kept: usize = self.held.iter().map(|held| held.near.len()).sum();
        let room = HELD_ALWAYS.max(HELD_FOR_ROW * self.most.len());
        let is_stale = !self.pending.is_empty();
        if is_stale && (self.held_since >= self.pending.len().max(MARKED) || kept > room) {
            return self.refresh();
        }
        let (mut rows, mut bound) = (Vec::new(), kept);
        while rows.len() < MARKED && (rows.is_empty() || bound <= room) {
            match self.bounds.peek() {
                Some(next) if Some(*next) > best => bound += next.0 as usize,
                _ => break,
            }
            let (_, Reverse(row)) = self.bounds.pop().expect("it was seen");
            rows.push(row as usize);
        }
        self.held_since += rows.len();
        let near = self.near(&rows)?;
        let held = rows.into_iter().zip(near);
        self.held.extend(held.map(|(row, near)| Held {
            row: row as u32,
            near,
        }));
        Ok(())
    }

    /// Takes the pending rows out of all bounds, and the held rows, whose own are exact, back among
    /// them.
    fn refresh(&mut self) -> Result<(), Error> {
        let mut bounds = std::mem::take(&mut self.bounds).into_vec();
        for pending in self.pending.chunks(MARKED) {
            let marks = self.neighbours.mark_within(pending, self.reach)?;
            self.passes += 1;
            bounds.par_iter_mut().for_each(|(bound, Reverse(row))| {
                *bound -= marks[*row as usize].certain.count_ones();
            });
        }
        bounds.extend(self.held.drain(..).map(|held| held.rank()));
        self.bounds = bounds.into();
        self.pending.clear();
        self.held_since = 0;
        Ok(())
    }

    /// For each of at most [`MARKED`] rows the uncovered rows within the distance, ascending.
    fn near(&mut self, rows: &[usize]) -> Result<Vec<Vec<u32>>, Error> {
        let marks = self.neighbours.mark_within(rows, self.reach)?;
        self.passes += 1;
        let mut near = vec![Vec::new(); rows.len()];
        let mut open = Vec::new();
        for (row, marks) in marks.iter().enumerate() {
            if marks.possible == 0 || !self.is_uncovered[row] {
                continue;
            }
            each_bit(marks.certain, |bit| near[bit].push(row as u32));
            if marks.possible != marks.certain {
                open.push(row);
            }
        }
        self.settle(rows, &marks, &open, &mut near)?;
        near.par_iter_mut().for_each(|near| near.sort_unstable());
        Ok(near)
    }

    /// Adds those of the `open` rows that lie within the distance after all.
    fn settle(
        &self,
        rows: &[usize],
        marks: &[Marks],
        open: &[usize],
        near: &mut [Vec<u32>],
    ) -> Result<(), Error> {
        if open.is_empty() {
            return Ok(());
        }
        let (z, dim, delta_sq) = (self.rows.rows(rows)?, self.rows.dim(), self.delta_sq);
        let is_near = |bit: usize, other: &[f64]| {
            let own = &z[bit * dim..][..dim];
            sums::vectorised(|| sums::distance_sq(own, other)) < delta_sq
        };
        self.rows.gather(open, |open, others| {
            let bits: Vec<u32> = (open.par_iter().zip(others.par_chunks_exact(dim)))
                .map(|(&row, other)| {
                    let (mut bits, marks) = (0, marks[row]);
                    each_bit(marks.possible & !marks.certain, |bit| {
                        bits |= u32::from(is_near(bit, other)) << bit;
                    });
                    bits
                })
                .collect();
            for (&row, bits) in open.iter().zip(bits) {
                each_bit(bits, |bit| near[bit].push(row as u32));
            }
        })
    }
}

/// The places of the bits that are set.
fn each_bit(mut bits: u32, mut work: impl FnMut(usize)) {
    while bits != 0 {
        work(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}
