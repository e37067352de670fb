//! The row that covers most: bounds brought up to date, and rows held, until one does for certain.

use super::{Cover, Held, count};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::neighbours::MARKED;
use crate::select::near::{Exact, Found};
use crate::select::prob_cover::queue::Rank;
use rayon::prelude::*;
use std::cmp::Reverse;

/// Neighbours of held rows that are kept for each row of the pool, on average: 12 bytes.
const HELD_FOR_ROW: usize = 3;
/// And as many as that in any case.
const HELD_ALWAYS: usize = 1 << 16;

/// Rows are held at once until their bounds come to so many times as many as there are rows: where a
/// row covers much of the pool, what they cover changes before most of them are looked at.
const HELD_AT_ONCE: usize = 4;

impl Cover<'_> {
    /// The place of the held row that covers most of all rows: bounds are brought up to date, and
    /// rows held, until it does.
    pub(super) fn best(&mut self, course: &mut Course<'_>) -> Result<usize, Error> {
        loop {
            let best = (0..self.held.len()).max_by_key(|&place| self.held[place].rank());
            let rank = best.map(|place| self.held[place].rank());
            let next = self.first();
            match (best, next) {
                (Some(best), _) if next <= rank => return Ok(best),
                (_, Some((_, Reverse(row)))) if self.is_stale(row) => self.update(rank)?,
                _ => self.hold(rank)?,
            }
            if self.near.are_poor(self.doubts, self.rows.len()) {
                self.find_on_host(course)?;
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

    /// Goes on by distances found on the host.
    fn find_on_host(&mut self, course: &mut Course<'_>) -> Result<(), Error> {
        let rows = self.rows.len();
        let near = Exact::new(self.rows, (0..rows).collect(), vec![1; rows], self.reach)?;
        self.most = count(&near, rows, course)?;
        self.passes += 1;
        self.near = Found::Host(near);
        self.taken = (0..rows).filter(|&row| self.items.left(row) == 0).collect();
        let covered = (0..rows as u32).filter(|&row| self.uncovered[row as usize] == 0);
        self.begin(covered.collect());
        Ok(())
    }
}
