//! A cover under way: what is uncovered, and what each row would cover.

use super::queue::{Queue, Rank};
use crate::select::unit_rows::UnitRows;
use crate::{Error, MARKED, Neighbours, Reach, sums};
use rayon::prelude::*;
use std::cmp::Reverse;
use std::ops::Range;

/// Neighbours of held rows that are kept for each row of the pool, on average: 12 bytes.
const HELD_FOR_ROW: usize = 3;
/// And as many as that in any case.
const HELD_ALWAYS: usize = 1 << 16;

/// Where no more than so many times as many rows as it pays to mark at a time may lose by a pick,
/// all of them are told at once.
const FEW: usize = 4;

/// Otherwise those within so many times the distance of the pick are: most of what is lost is there.
/// The others are told when they come up.
const CLOSE: f64 = 1.15;

/// Rows newly covered from which on that is done: with fewer, finding the close rows takes longer
/// than what it saves.
const WORTH_A_PASS: usize = 32;

pub(super) struct Cover<'a> {
    rows: &'a UnitRows<'a>,
    neighbours: &'a dyn Neighbours,
    reach: Reach,
    /// Of rows close to a pick.
    close: Reach,
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
    /// Rows that have ceased to count, in order, as they did.
    ceased: Vec<Vec<u32>>,
    queue: Queue,
    /// How many entries of `ceased` each row's bound knows of,
    known: Vec<u32>,
    /// and what it has lost by later ones already.
    lost: Vec<u32>,
    held: Vec<Held>,
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
            close: Reach::of((CLOSE * delta).min(2.0), rows.dim()),
            delta_sq: delta * delta,
            passes: 1,
            most: neighbours.count_within(reach.possible)?,
            is_uncovered: vec![true; rows.len()],
            uncovered: rows.len(),
            completed: false,
            is_taken,
            ceased: Vec::new(),
            queue: Queue::default(),
            known: vec![0; rows.len()],
            lost: vec![0; rows.len()],
            held: Vec::new(),
        };
        new.queue = new.all_rows();
        Ok(new)
    }

    /// All rows that may be picked, with what they would cover of the whole pool at most.
    fn all_rows(&self) -> Queue {
        Queue::new(&self.most, |row| !self.is_taken[row])
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
        self.queue = self.all_rows();
        self.known.fill(0);
        self.lost.fill(0);
        let rows = 0..self.is_taken.len() as u32;
        let taken = rows.filter(|&row| self.is_taken[row as usize]);
        self.ceased = vec![taken.collect()];
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
        let is_uncovered = &mut self.is_uncovered;
        let was_uncovered = |&row: &u32| std::mem::replace(&mut is_uncovered[row as usize], false);
        let newly: Vec<u32> = near.iter().copied().filter(was_uncovered).collect();
        self.uncovered -= newly.len();
        self.ceased.push(newly);
    }

    /// Takes the row that covers most; gives it, and how many rows that newly covers.
    pub(super) fn pick(&mut self) -> Result<(usize, usize), Error> {
        let best = self.best()?;
        let Held { row, near } = self.held.swap_remove(best);
        self.is_taken[row as usize] = true;
        self.cover(&near);
        self.tell_close(row as usize)?;
        let is_uncovered = &self.is_uncovered;
        let held = self.held.par_iter_mut().with_min_len(MARKED);
        held.for_each(|held| {
            held.near.retain(|&row| is_uncovered[row as usize]);
        });
        Ok((row as usize, near.len()))
    }

    /// Tells the rows that may lose by the last pick what they do, where that is worth a pass: all,
    /// if those are few, or else those close to it.
    fn tell_close(&mut self, pick: usize) -> Result<(), Error> {
        let last = self.ceased.len() - 1;
        if self.ceased[last].len() < WORTH_A_PASS {
            return Ok(());
        }
        let ceased = self.ceased(last..last + 1);
        let mut told = self.candidates(&ceased);
        told.retain(|&row| !self.is_taken[row]);
        let are_all = told.len() <= self.neighbours.at_once().saturating_mul(FEW);
        if !are_all {
            let marks = (self.neighbours).mark_within(&[pick], &told, self.close)?;
            let mut marks = marks.iter();
            told.retain(|_| marks.next().is_some_and(|marks| marks.possible != 0));
        }
        let counts = (self.neighbours).count_marked(&ceased, &told, self.reach)?;
        let knew_all = |known: u32| known as usize == last;
        for (&row, count) in told.iter().zip(counts) {
            self.queue.lower(row, count);
            if !knew_all(self.known[row]) {
                self.lost[row] += count;
            } else if !are_all {
                self.known[row] += 1;
            }
        }
        if are_all {
            let knew_all = self.known.iter_mut().filter(|known| knew_all(**known));
            knew_all.for_each(|known| *known += 1);
        }
        self.passes += 1;
        Ok(())
    }

    /// Rows that ceased to count.
    fn ceased(&self, entries: Range<usize>) -> Vec<usize> {
        let ceased = self.ceased[entries].iter().flatten();
        ceased.map(|&row| row as usize).collect()
    }

    /// The place of the held row that covers most of all rows: bounds are brought up to date, and
    /// rows held, until it does.
    fn best(&mut self) -> Result<usize, Error> {
        loop {
            let best = (0..self.held.len()).max_by_key(|&place| self.held[place].rank());
            let rank = best.map(|place| self.held[place].rank());
            let next = self.queue.first();
            match (best, next) {
                (Some(best), _) if next <= rank => return Ok(best),
                (_, Some((_, Reverse(row)))) if self.is_stale(row) => self.update(rank)?,
                _ => self.hold(rank)?,
            }
        }
    }

    fn is_stale(&self, row: u32) -> bool {
        (self.known[row as usize] as usize) < self.ceased.len()
    }

    /// Brings the bounds up to date of some rows that may be better than `best`.
    fn update(&mut self, best: Option<Rank>) -> Result<(), Error> {
        let mut ranks = Vec::new();
        while ranks.len() < self.neighbours.at_once() && self.queue.first() > best {
            ranks.extend(self.queue.take());
        }
        // Those that know least first: what one has to learn, all before it have to.
        ranks.par_sort_unstable_by_key(|(_, Reverse(row))| (self.known[*row as usize], *row));
        let known = |rank: &Rank| self.known[rank.1.0 as usize] as usize;
        let among: Vec<usize> = ranks
            .iter()
            .map(|(_, Reverse(row))| *row as usize)
            .collect();
        let mut learnt = ranks.first().map_or(0, known);
        let mut lost = vec![0; ranks.len()];
        while learnt < self.ceased.len() {
            let concerned = ranks.partition_point(|rank| known(rank) <= learnt);
            let next = ranks.get(concerned).map_or(self.ceased.len(), known);
            let (ceased, among) = (self.ceased(learnt..next), &among[..concerned]);
            let counts = self.neighbours.count_marked(&ceased, among, self.reach)?;
            for (lost, count) in lost.iter_mut().zip(counts) {
                *lost += count;
            }
            self.passes += 1;
            learnt = next;
        }
        for ((bound, Reverse(row)), lost) in ranks.into_iter().zip(lost) {
            let told = std::mem::take(&mut self.lost[row as usize]);
            self.known[row as usize] = self.ceased.len() as u32;
            self.queue.put((bound + told - lost, Reverse(row)));
        }
        Ok(())
    }

    /// Holds some rows that may be better than `best`, and whose bounds are up to date.
    fn hold(&mut self, best: Option<Rank>) -> Result<(), Error> {
        let mut rows = Vec::new();
        while rows.len() < MARKED {
            match self.queue.first() {
                Some(next) if Some(next) > best && !self.is_stale(next.1.0) => {
                    rows.push(next.1.0 as usize);
                    self.queue.take();
                }
                _ => break,
            }
        }
        self.release();
        let near = self.near(&rows)?;
        let held = rows.into_iter().zip(near);
        self.held.extend(held.map(|(row, near)| Held {
            row: row as u32,
            near,
        }));
        Ok(())
    }

    /// Lets the worse half of the held rows go, where they hold too much: what they would cover is
    /// known exactly then.
    fn release(&mut self) {
        let kept: usize = self.held.iter().map(|held| held.near.len()).sum();
        if kept <= HELD_ALWAYS.max(HELD_FOR_ROW * self.most.len()) {
            return;
        }
        self.held.sort_unstable_by_key(|held| Reverse(held.rank()));
        for held in self.held.drain(self.held.len() / 2..) {
            self.known[held.row as usize] = self.ceased.len() as u32;
            self.lost[held.row as usize] = 0;
            self.queue.put(held.rank());
        }
    }

    /// The rows that may be near to some.
    fn candidates(&self, rows: &[usize]) -> Vec<usize> {
        let candidates = self.neighbours.candidates(rows, self.reach);
        candidates.unwrap_or_else(|| (0..self.is_taken.len()).collect())
    }

    /// For each of at most [`MARKED`] rows the uncovered rows within the distance, ascending.
    fn near(&mut self, rows: &[usize]) -> Result<Vec<Vec<u32>>, Error> {
        let mut uncovered = self.candidates(rows);
        uncovered.retain(|&row| self.is_uncovered[row]);
        let marks = self.neighbours.mark_within(rows, &uncovered, self.reach)?;
        self.passes += 1;
        let mut near = vec![Vec::new(); rows.len()];
        let (mut open, mut open_marks) = (Vec::new(), Vec::new());
        for (&row, marks) in uncovered.iter().zip(marks) {
            each_bit(marks.certain, |bit| near[bit].push(row as u32));
            let is_open = marks.possible & !marks.certain;
            if is_open != 0 {
                open.push(row);
                open_marks.push(is_open);
            }
        }
        self.settle(rows, &open, &open_marks, &mut near)?;
        near.par_iter_mut().for_each(|near| near.sort_unstable());
        Ok(near)
    }

    /// Adds those of the `open` rows that lie within the distance after all; `marks` has a bit for
    /// each of `rows` with which that is open.
    fn settle(
        &self,
        rows: &[usize],
        open: &[usize],
        marks: &[u32],
        near: &mut [Vec<u32>],
    ) -> Result<(), Error> {
        if open.is_empty() {
            return Ok(());
        }
        let (z, dim, delta_sq) = (self.rows.rows(rows)?, self.rows.dim(), self.delta_sq);
        let is_near = |bit: usize, other: &[f64]| {
            let own = &z[bit * dim..][..dim];
            sums::vectorised!(sums::distance_sq(own, other)) < delta_sq
        };
        let mut marks = marks;
        self.rows.gather(open, |open, others| {
            let here;
            (here, marks) = marks.split_at(open.len());
            let bits: Vec<u32> = (here.par_iter().zip(others.par_chunks_exact(dim)))
                .map(|(&marks, other)| {
                    let mut bits = 0;
                    each_bit(marks, |bit| bits |= u32::from(is_near(bit, other)) << bit);
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
