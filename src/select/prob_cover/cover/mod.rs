//! A cover under way: what is uncovered, and what each row would cover.

mod best;

use super::items::Items;
use super::queue::{Queue, Rank};
use crate::checkpoint::Entry;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::neighbours::{MARKED, Neighbours};
use crate::progress::Pass;
use crate::select::near::{ByKernels, Exact, Found, Near, Reach, each_bit};
use crate::select::unit_rows::UnitRows;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::ops::Range;

/// Where no more than so many times as many rows as it pays to mark at a time may lose by a pick,
/// all of them are updated at once; otherwise those close to the pick. The others are updated when they come
/// up.
const FEW: usize = 4;

/// Rows newly covered from which on that is done: with fewer, finding the close rows takes longer
/// than what it saves.
const WORTH_A_PASS: usize = 32;

/// Items are rows, or all rows that are alike.
pub(super) struct Cover<'a> {
    rows: &'a UnitRows<'a>,
    reach: Reach,
    items: Items,
    near: Found<'a>,
    /// Passes made over the features.
    pub(super) passes: usize,
    /// Rows near each item, at most.
    most: Vec<u32>,
    /// Rows of each item that a pick would newly cover.
    uncovered: Vec<u32>,
    /// All of them.
    left: usize,
    /// Whether all rows have been covered before.
    completed: bool,
    /// Rows picked or labelled of which `most` does not know yet.
    taken: Vec<usize>,
    /// Items that have ceased to count, in order, as they did.
    ceased: Vec<Vec<u32>>,
    queue: Queue,
    /// How many entries of `ceased` each item's bound knows of,
    known: Vec<u32>,
    /// and what it has lost by later ones already.
    lost: Vec<u32>,
    held: Vec<Held>,
    /// Pairs of which the kernels left open whether they are near.
    doubts: usize,
    /// Pairs met to update rows at once, and to update those that came up.
    told: u64,
    asked: u64,
}

/// A row with the uncovered items that are near to it.
struct Held {
    row: u32,
    near: Vec<u32>,
    /// Uncovered rows of these.
    covers: u32,
}

impl Held {
    fn rank(&self) -> Rank {
        (self.covers, Reverse(self.row))
    }
}

/// How many rows lie within δ of each of so many items, at most.
fn count(near: &dyn Near, items: usize, course: &mut Course<'_>) -> Result<Vec<u32>, Error> {
    near.count(&Pass::begin((items as u64).pow(2), course.listener())?)
}

/// The count that a cover begins with, or what an earlier run has kept of it.
fn first_count(near: &dyn Near, items: usize, course: &mut Course<'_>) -> Result<Vec<u32>, Error> {
    let (step, kept) = course.step(|entry| match entry {
        Entry::Counts(counts) if counts.len() == items => Some(counts.clone()),
        _ => None,
    })?;
    if let Some(counts) = kept {
        return Ok(counts);
    }
    let counts = count(near, items, course)?;
    course.keep(step, |entry| *entry = Entry::Counts(counts.clone()))?;
    Ok(counts)
}

impl<'a> Cover<'a> {
    /// Counts every row's neighbours.
    pub(super) fn new(
        rows: &'a UnitRows<'a>,
        neighbours: &'a dyn Neighbours,
        delta: f64,
        is_taken: Vec<bool>,
        course: &mut Course<'_>,
    ) -> Result<Self, Error> {
        let taken = (0..rows.len()).filter(|&row| is_taken[row]).collect();
        let reach = Reach::below(delta);
        let items = Items::of(rows, is_taken)?;
        let (near, uncovered) = match &items {
            Items::Rows { .. } => {
                let near = ByKernels::new(rows, neighbours, reach);
                (Found::Kernels(near), vec![1; rows.len()])
            }
            Items::Groups { leaders, sizes, .. } => {
                let near = Exact::new(rows, leaders.clone(), sizes.clone(), reach)?;
                (Found::Host(near), sizes.clone())
            }
        };
        let mut new = Self {
            rows,
            reach,
            most: first_count(near.by(), items.len(), course)?,
            known: vec![0; items.len()],
            lost: vec![0; items.len()],
            near,
            passes: 1,
            uncovered,
            left: rows.len(),
            completed: false,
            taken,
            ceased: Vec::new(),
            queue: Queue::default(),
            held: Vec::new(),
            items,
            doubts: 0,
            told: 0,
            asked: 0,
        };
        new.begin(Vec::new());
        Ok(new)
    }

    /// All rows that may be picked come up, with what they would cover of the whole pool at most; some
    /// items have ceased to count.
    fn begin(&mut self, ceased: Vec<u32>) {
        self.rows.settled().add(self.most.len());
        self.held.clear();
        self.queue = Queue::new(&self.most, |item| self.items.next(item));
        self.known.fill(0);
        self.lost.fill(0);
        self.ceased = if ceased.is_empty() {
            Vec::new()
        } else {
            vec![ceased]
        };
    }

    /// Whether all rows are covered.
    pub(super) fn is_done(&self) -> bool {
        self.left == 0
    }

    /// Rows within the distance of a row that is taken.
    pub(super) fn covered(&self) -> usize {
        let rows = self.rows.len();
        if self.completed {
            rows
        } else {
            rows - self.left
        }
    }

    /// Begins anew, with the rows not taken to be covered.
    pub(super) fn restart(&mut self, course: &mut Course<'_>) -> Result<(), Error> {
        self.completed = true;
        let items = 0..self.items.len();
        self.uncovered = items.map(|item| self.items.left(item)).collect();
        self.left = self.uncovered.iter().map(|&rows| rows as usize).sum();
        let taken = std::mem::take(&mut self.taken);
        if let (Items::Groups { .. }, Found::Host(near)) = (&self.items, &mut self.near) {
            // Of some items fewer rows count than before: few items, counted anew.
            near.weights.copy_from_slice(&self.uncovered);
            self.most = count(near, self.items.len(), course)?;
        } else {
            let told = self.candidates(&taken);
            let counts = self.near.by().count_least(&taken, &told)?;
            for (item, count) in told.into_iter().zip(counts) {
                self.most[item] -= count;
            }
        }
        self.passes += 1;
        self.begin(Vec::new());
        Ok(())
    }

    /// Covers what is near to some rows.
    pub(super) fn cover_with(&mut self, rows: &[usize]) -> Result<(), Error> {
        for rows in rows.chunks(MARKED) {
            let items: Vec<usize> = rows.iter().map(|&row| self.items.of_row(row)).collect();
            for near in self.near(&items)? {
                self.cover(&near);
            }
        }
        Ok(())
    }

    fn cover(&mut self, near: &[u32]) {
        let (mut newly, mut rows) = (Vec::new(), 0);
        for &item in near {
            let of_item = std::mem::take(&mut self.uncovered[item as usize]);
            if of_item > 0 {
                newly.push(item);
                rows += of_item as usize;
            }
        }
        self.left -= rows;
        self.ceased.push(newly);
    }

    /// Makes picks again: those of covers that are over, then some of the cover under way.
    pub(super) fn pick_again(
        &mut self,
        over: &[usize],
        under_way: &[usize],
        course: &mut Course<'_>,
    ) -> Result<(), Error> {
        if over.is_empty() && under_way.is_empty() {
            return Ok(());
        }
        for &row in over {
            self.take(row);
        }
        if !over.is_empty() || self.is_done() && !under_way.is_empty() {
            self.restart(course)?;
        }
        for &row in under_way {
            self.take(row);
        }
        self.cover_with(under_way)?;
        let ceased = std::mem::take(&mut self.ceased);
        self.begin(Vec::new()); // without those picks
        self.ceased = ceased;
        Ok(())
    }

    /// Takes a row; gives its item.
    fn take(&mut self, row: usize) -> usize {
        let item = self.items.of_row(row);
        self.items.take(item);
        self.taken.push(row);
        item
    }

    /// Takes the row that covers most; gives it, and how many rows that newly covers.
    pub(super) fn pick(&mut self, course: &mut Course<'_>) -> Result<(usize, usize), Error> {
        let best = self.best(course)?;
        let Held { row, near, covers } = self.held.swap_remove(best);
        let item = self.take(row as usize);
        self.cover(&near);
        if !self.is_done() {
            self.tell_close(item)?;
            let looks = self.held.iter().map(|held| held.near.len()).sum();
            self.rows.settled().add(looks);
            let uncovered = &self.uncovered;
            let held = self.held.par_iter_mut().with_min_len(MARKED);
            held.for_each(|held| {
                held.near.retain(|&item| uncovered[item as usize] > 0);
                held.covers = held.near.iter().map(|&item| uncovered[item as usize]).sum();
            });
        }
        Ok((row as usize, covers as usize))
    }

    /// Tells the rows that may lose by the last pick what they do, where that is worth a pass: all,
    /// if those are few, or else those close to it.
    ///
    /// All updates ever made take as many pairs as there are, and twice those that are met besides:
    /// where every cover takes a few picks, rows that come up are better asked by themselves.
    fn tell_close(&mut self, pick: usize) -> Result<(), Error> {
        let last = self.ceased.len() - 1;
        if self.ceased[last].len() < WORTH_A_PASS {
            return Ok(());
        }
        let ceased = self.ceased(last..last + 1);
        let mut told = self.candidates(&ceased);
        told.retain(|&item| self.items.next(item).is_some());
        let near = self.near.by();
        let are_all = told.len() <= near.at_once().saturating_mul(FEW);
        if !are_all {
            near.retain_close(pick, &mut told)?;
        }
        let left = self.left_of(&told);
        let pairs = ceased.len().min(left.len()) as u64 * told.len() as u64;
        let rows = self.most.len() as u64;
        if self.told + pairs > rows * rows + self.asked {
            return Ok(());
        }
        self.told += pairs;
        self.passes += 1;
        let knew_all = |known: u32| known as usize == last;
        if left.len() < ceased.len() {
            self.count_anew(&told, &left)?;
        } else {
            let counts = near.count_least(&ceased, &told)?;
            for (&item, count) in told.iter().zip(counts) {
                self.queue.lower(item, count);
                if !knew_all(self.known[item]) {
                    self.lost[item] += count;
                } else if !are_all {
                    self.known[item] += 1;
                }
            }
        }
        if are_all {
            let knew_all = self.known.iter_mut().filter(|known| knew_all(**known));
            knew_all.for_each(|known| *known += 1);
        }
        Ok(())
    }

    /// The uncovered items that may be near to some.
    fn left_of(&self, items: &[usize]) -> Vec<usize> {
        let mut left = self.candidates(items);
        left.retain(|&item| self.uncovered[item] > 0);
        left
    }

    /// Counts what some items would cover of what is `left`, and lowers their bounds to that.
    fn count_anew(&mut self, items: &[usize], left: &[usize]) -> Result<(), Error> {
        let counts = self.near.by().count_most(left, items)?;
        for (&item, count) in items.iter().zip(counts) {
            self.queue.lower_to(item, count);
            self.known[item] = self.ceased.len() as u32;
            self.lost[item] = 0;
        }
        Ok(())
    }

    /// Items that ceased to count.
    fn ceased(&self, entries: Range<usize>) -> Vec<usize> {
        let ceased = self.ceased[entries].iter().flatten();
        ceased.map(|&row| row as usize).collect()
    }

    /// The items that may be near to some.
    fn candidates(&self, items: &[usize]) -> Vec<usize> {
        let candidates = self.near.by().candidates(items);
        candidates.unwrap_or_else(|| (0..self.items.len()).collect())
    }

    /// For each of at most [`MARKED`] items the uncovered ones within the distance, in any order.
    fn near(&mut self, items: &[usize]) -> Result<Vec<Vec<u32>>, Error> {
        let left = self.left_of(items);
        let (marks, doubts) = self.near.by().marks(items, &left)?;
        self.passes += 1;
        self.doubts += doubts;
        let mut near = vec![Vec::new(); items.len()];
        for (item, marks) in left.into_iter().zip(marks) {
            each_bit(marks, |bit| near[bit].push(item as u32));
        }
        Ok(near)
    }
}
