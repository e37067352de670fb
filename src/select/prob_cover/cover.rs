//! A cover under way: what is uncovered, and what each row would cover.

use super::exact::Exact;
use super::items::Items;
use super::near::{ByKernels, Near};
use super::queue::{Queue, Rank};
use crate::error::Error;
use crate::kernels::neighbours::{MARKED, Neighbours};
use crate::select::unit_rows::UnitRows;
use rayon::prelude::*;
use std::cmp::Reverse;
use std::ops::Range;

/// Neighbours of held rows that are kept for each row of the pool, on average: 12 bytes.
const HELD_FOR_ROW: usize = 3;
/// And as many as that in any case.
const HELD_ALWAYS: usize = 1 << 16;

/// Rows are held at once until their bounds come to so many times as many as there are rows: where a
/// row covers much of the pool, what they cover changes before most of them are looked at.
const HELD_AT_ONCE: usize = 4;

/// Where no more than so many times as many rows as it pays to mark at a time may lose by a pick,
/// all of them are told at once; otherwise those close to the pick. The others are told when they come
/// up.
const FEW: usize = 4;

/// Rows newly covered from which on that is done: with fewer, finding the close rows takes longer
/// than what it saves.
const WORTH_A_PASS: usize = 32;

/// One in so many of all pairs may be settled one by one; then distances are found on the host, since
/// kernels cannot tell these rows apart. To settle so many takes a good part of what that takes.
const PAIRS_OF_DOUBT: usize = 64;

/// Items are rows, or all rows that are alike.
pub(super) struct Cover<'a> {
    rows: &'a UnitRows<'a>,
    delta: f64,
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
    /// Pairs met to tell rows at once what they lose, and to tell those that came up.
    told: u64,
    asked: u64,
}

/// How it is found which rows are near.
enum Found<'a> {
    Kernels(ByKernels<'a>),
    Host(Exact<'a>),
}

impl Found<'_> {
    fn by(&self) -> &dyn Near {
        match self {
            Self::Kernels(near) => near,
            Self::Host(near) => near,
        }
    }
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

impl<'a> Cover<'a> {
    /// Counts every row's neighbours.
    pub(super) fn new(
        rows: &'a UnitRows<'a>,
        neighbours: &'a dyn Neighbours,
        delta: f64,
        is_taken: Vec<bool>,
    ) -> Result<Self, Error> {
        let taken = (0..rows.len()).filter(|&row| is_taken[row]).collect();
        let items = Items::of(rows, is_taken)?;
        let (near, uncovered) = match &items {
            Items::Rows { .. } => {
                let near = ByKernels::new(rows, neighbours, delta);
                (Found::Kernels(near), vec![1; rows.len()])
            }
            Items::Groups { leaders, sizes, .. } => {
                let near = Exact::new(rows, leaders.clone(), sizes.clone(), delta)?;
                (Found::Host(near), sizes.clone())
            }
        };
        let mut new = Self {
            rows,
            delta,
            most: near.by().count()?,
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
    pub(super) fn restart(&mut self) -> Result<(), Error> {
        self.completed = true;
        let items = 0..self.items.len();
        self.uncovered = items.map(|item| self.items.left(item)).collect();
        self.left = self.uncovered.iter().map(|&rows| rows as usize).sum();
        let taken = std::mem::take(&mut self.taken);
        if let (Items::Groups { .. }, Found::Host(near)) = (&self.items, &mut self.near) {
            // Of some items fewer rows count than before: few items, counted anew.
            near.weights.copy_from_slice(&self.uncovered);
            self.most = near.count()?;
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

    /// Goes on by distances found on the host.
    fn find_on_host(&mut self) -> Result<(), Error> {
        let rows = self.rows.len();
        let near = Exact::new(self.rows, (0..rows).collect(), vec![1; rows], self.delta)?;
        self.most = near.count()?;
        self.passes += 1;
        self.near = Found::Host(near);
        self.taken = (0..rows).filter(|&row| self.items.left(row) == 0).collect();
        let covered = (0..rows as u32).filter(|&row| self.uncovered[row as usize] == 0);
        self.begin(covered.collect());
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

    /// Takes the row that covers most; gives it, and how many rows that newly covers.
    pub(super) fn pick(&mut self) -> Result<(usize, usize), Error> {
        let best = self.best()?;
        let Held { row, near, covers } = self.held.swap_remove(best);
        let item = self.items.of_row(row as usize);
        self.items.take(item);
        self.taken.push(row as usize);
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
    /// All that is ever told takes as many pairs as there are, and twice those that are met besides:
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

    /// The place of the held row that covers most of all rows: bounds are brought up to date, and
    /// rows held, until it does.
    fn best(&mut self) -> Result<usize, Error> {
        loop {
            let best = (0..self.held.len()).max_by_key(|&place| self.held[place].rank());
            let rank = best.map(|place| self.held[place].rank());
            let next = self.first();
            match (best, next) {
                (Some(best), _) if next <= rank => return Ok(best),
                (_, Some((_, Reverse(row)))) if self.is_stale(row) => self.update(rank)?,
                _ => self.hold(rank)?,
            }
            let rows = self.rows.len();
            let is_poor = self.doubts > rows.saturating_mul(rows) / PAIRS_OF_DOUBT;
            if is_poor && matches!(self.near, Found::Kernels(_)) {
                self.find_on_host()?;
            }
        }
    }

    /// The first of the queue.
    fn first(&mut self) -> Option<Rank> {
        let items = &self.items;
        self.queue.first(|row| items.of_row(row as usize))
    }

    fn is_stale(&self, row: u32) -> bool {
        (self.known[self.items.of_row(row as usize)] as usize) < self.ceased.len()
    }

    /// Brings the bounds up to date of some rows that may be better than `best`.
    fn update(&mut self, best: Option<Rank>) -> Result<(), Error> {
        let mut ranks = Vec::new();
        while ranks.len() < self.near.by().at_once() && self.first() > best {
            ranks.extend(self.queue.take());
        }
        let item_of = |rank: &Rank| self.items.of_row(rank.1.0 as usize);
        let known = |rank: &Rank| self.known[item_of(rank)] as usize;
        // Those that know least first: what one has to learn, all before it have to.
        ranks.par_sort_unstable_by_key(|rank| (known(rank), rank.1.0));
        let among: Vec<usize> = ranks.iter().map(item_of).collect();
        let left = self.left_of(&among);
        let first = ranks.first().map_or(0, known);
        let pairs: usize = (first..self.ceased.len())
            .map(|entry| {
                self.ceased[entry].len() * ranks.partition_point(|rank| known(rank) <= entry)
            })
            .sum();
        self.asked += pairs.min(left.len() * among.len()) as u64;
        if left.len() * among.len() < pairs {
            self.count_anew(&among, &left)?;
            self.passes += 1;
            let ranks = ranks.into_iter().zip(among);
            let bounds: Vec<Rank> = ranks
                .map(|((_, row), item)| (self.queue.bound(item), row))
                .collect();
            bounds.into_iter().for_each(|rank| self.put(rank));
            return Ok(());
        }
        let mut learnt = first;
        let mut lost = vec![0; ranks.len()];
        while learnt < self.ceased.len() {
            let concerned = ranks.partition_point(|rank| known(rank) <= learnt);
            let next = ranks.get(concerned).map_or(self.ceased.len(), known);
            let (ceased, among) = (self.ceased(learnt..next), &among[..concerned]);
            let counts = self.near.by().count_least(&ceased, among)?;
            for (lost, count) in lost.iter_mut().zip(counts) {
                *lost += count;
            }
            self.passes += 1;
            learnt = next;
        }
        for (((bound, row), lost), item) in ranks.into_iter().zip(lost).zip(among) {
            let told = std::mem::take(&mut self.lost[item]);
            self.known[item] = self.ceased.len() as u32;
            self.put((bound + told - lost, row));
        }
        Ok(())
    }

    /// Has a row wait that did not.
    fn put(&mut self, rank: Rank) {
        self.queue.put(rank, self.items.of_row(rank.1.0 as usize));
    }

    /// Holds some rows that may be better than `best`, and whose bounds are up to date.
    fn hold(&mut self, best: Option<Rank>) -> Result<(), Error> {
        let most = HELD_AT_ONCE * self.rows.len();
        let (mut rows, mut covered) = (Vec::new(), 0);
        while rows.len() < MARKED && covered <= most {
            match self.first() {
                Some(next) if Some(next) > best && !self.is_stale(next.1.0) => {
                    rows.push(next.1.0);
                    covered += next.0 as usize;
                    self.queue.take();
                }
                _ => break,
            }
        }
        self.release();
        let items: Vec<usize> = rows
            .iter()
            .map(|&row| self.items.of_row(row as usize))
            .collect();
        let near = self.near(&items)?;
        let uncovered = &self.uncovered;
        let held = rows.into_iter().zip(near).map(|(row, near)| Held {
            row,
            covers: near.iter().map(|&item| uncovered[item as usize]).sum(),
            near,
        });
        self.held.extend(held);
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
        for held in self.held.split_off(self.held.len() / 2) {
            let item = self.items.of_row(held.row as usize);
            self.known[item] = self.ceased.len() as u32;
            self.lost[item] = 0;
            self.put(held.rank());
        }
    }

    /// The items that may be near to some.
    fn candidates(&self, items: &[usize]) -> Vec<usize> {
        let candidates = self.near.by().candidates(items);
        candidates.unwrap_or_else(|| (0..self.items.len()).collect())
    }

    /// For each of at most [`MARKED`] items the uncovered ones within the distance, in any order.
    fn near(&mut self, items: &[usize]) -> Result<Vec<Vec<u32>>, Error> {
        let left = self.left_of(items);
        let (near, doubts) = self.near.by().within(items, &left)?;
        self.passes += 1;
        self.doubts += doubts;
        Ok(near)
    }
}
