//! Rows near to each other across shards: blocks of integer rows visit the other shards.

use super::parts::{Cuts, Parts, lock, side_by_side};
use crate::error::Error;
use crate::kernels::neighbours::{NearMasks, Neighbours, Thresholds};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::sync::{Mutex, MutexGuard};

/// Bytes of the rows that visit a shard at a time.
const VISITING: usize = 64 << 20;

pub(super) struct ShardNeighbours<'a> {
    cuts: &'a Cuts,
    dim: usize,
    /// Each is asked by one thread at a time.
    shards: Vec<Mutex<Box<dyn Neighbours + 'a>>>,
}

impl<'a> ShardNeighbours<'a> {
    pub(super) fn new(shards: &'a Parts<'_>) -> Result<Self, Error> {
        Ok(Self {
            cuts: &shards.cuts,
            dim: shards.dim(),
            shards: shards.each(|_, pool| pool.neighbours().map(Mutex::new))?,
        })
    }

    fn shard(&self, shard: usize) -> MutexGuard<'_, Box<dyn Neighbours + 'a>> {
        lock(&self.shards[shard])
    }

    fn each<T: Send>(
        &self,
        work: impl Fn(usize) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        side_by_side((0..self.shards.len()).collect(), work)
    }

    /// Rows that visit a shard at a time, at most.
    fn visiting(&self) -> usize {
        (VISITING / (2 * IntegerRows::pitch_of(self.dim))).max(1)
    }

    /// Has every pair of shards meet once, block by block: `meet` is told which shard is visited, by which
    /// rows of all, and those. In every round a shard is visited by one other and visits one, or none.
    fn round<T: Send>(
        &self,
        meet: impl Fn(usize, &[usize], &IntegerRows) -> Result<T, Error> + Sync,
        mut take: impl FnMut(usize, &[usize], T),
    ) -> Result<(), Error> {
        let shards = self.shards.len();
        let at_once = self.visiting();
        for step in 1..=shards / 2 {
            // With an even number the last round would meet every pair twice.
            let visited = if 2 * step == shards { step } else { shards };
            let visit = |shard: usize| {
                let guest = (shard + step) % shards;
                let rows: Vec<usize> = self.cuts.rows(guest).collect();
                let first = rows[0];
                let mut found = Vec::new();
                for block in rows.chunks(at_once) {
                    let local: Vec<usize> = block.iter().map(|row| row - first).collect();
                    let visitors = self.shard(guest).rows(&local)?;
                    found.push((block.to_vec(), meet(shard, block, &visitors)?));
                }
                Ok(found)
            };
            for (shard, found) in side_by_side((0..visited).collect(), visit)?
                .into_iter()
                .enumerate()
            {
                for (block, found) in found {
                    take(shard, &block, found);
                }
            }
        }
        Ok(())
    }
}

impl Neighbours for ShardNeighbours<'_> {
    fn count_within(&self, least: i32, pass: &Pass<'_>) -> Result<Vec<u32>, Error> {
        let mut counts = self
            .each(|shard| self.shard(shard).count_within(least, pass))?
            .concat();
        self.round(
            |shard, _, visitors| self.shard(shard).count_visitors(visitors, least, pass),
            |shard, block, [of_rows, of_visitors]| {
                add(&mut counts[self.cuts.rows(shard)], &of_rows);
                add(&mut counts[block[0]..][..block.len()], &of_visitors);
            },
        )?;
        Ok(counts)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        let visitors = self.rows(marked)?;
        self.mark_visitors(&visitors, among, thresholds)
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        let mut counts = vec![0; among.len()];
        for marked in marked.chunks(self.visiting()) {
            let visitors = self.rows(marked)?;
            let of_visitors = self.count_marked_visitors(&visitors, among, thresholds)?;
            add(&mut counts, &of_visitors);
        }
        Ok(counts)
    }

    fn at_once(&self) -> usize {
        let shards = 0..self.shards.len();
        let at_once = shards.map(|shard| self.shard(shard).at_once());
        at_once.fold(0, usize::saturating_add)
    }

    fn nearest_other_label(&self, labels: &[u32], pass: &Pass<'_>) -> Result<Vec<i32>, Error> {
        let of = |shard| &labels[self.cuts.rows(shard)];
        let own = self.each(|shard| self.shard(shard).nearest_other_label(of(shard), pass))?;
        let mut largest = own.concat();
        self.round(
            |shard, block, visitors| {
                let theirs = &labels[block[0]..][..block.len()];
                (self.shard(shard)).nearest_visitors(of(shard), visitors, theirs, pass)
            },
            |shard, block, [of_rows, of_visitors]| {
                raise(&mut largest[self.cuts.rows(shard)], &of_rows);
                raise(&mut largest[block[0]..][..block.len()], &of_visitors);
            },
        )?;
        Ok(largest)
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        let pitch = IntegerRows::pitch_of(self.dim);
        let of_shard = |shard: usize, rows: &[usize]| {
            let made = self.shard(shard).rows(rows)?;
            Ok(made.values().to_vec())
        };
        let values = self.cuts.joined(rows, pitch, of_shard)?;
        Ok(IntegerRows::of(values, pitch))
    }

    fn count_visitors(
        &self,
        visitors: &IntegerRows,
        least: i32,
        pass: &Pass<'_>,
    ) -> Result<[Vec<u32>; 2], Error> {
        let found = self.each(|shard| self.shard(shard).count_visitors(visitors, least, pass))?;
        let (mut counts, mut of_visitors) = (Vec::new(), vec![0; visitors.rows()]);
        for [of_rows, theirs] in found {
            counts.extend(of_rows);
            add(&mut of_visitors, &theirs);
        }
        Ok([counts, of_visitors])
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        self.cuts.joined(among, 1, |shard, among| {
            self.shard(shard).mark_visitors(visitors, among, thresholds)
        })
    }

    fn count_marked_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        self.cuts.joined(among, 1, |shard, among| {
            let shard = self.shard(shard);
            shard.count_marked_visitors(visitors, among, thresholds)
        })
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
        pass: &Pass<'_>,
    ) -> Result<[Vec<i32>; 2], Error> {
        let found = self.each(|shard| {
            let labels = &labels[self.cuts.rows(shard)];
            (self.shard(shard)).nearest_visitors(labels, visitors, labels_of_visitors, pass)
        })?;
        let (mut largest, mut of_visitors) = (Vec::new(), vec![i32::MIN; visitors.rows()]);
        for [of_rows, theirs] in found {
            largest.extend(of_rows);
            raise(&mut of_visitors, &theirs);
        }
        Ok([largest, of_visitors])
    }
}

fn add(counts: &mut [u32], found: &[u32]) {
    counts
        .iter_mut()
        .zip(found)
        .for_each(|(count, found)| *count += found);
}

fn raise(largest: &mut [i32], found: &[i32]) {
    largest
        .iter_mut()
        .zip(found)
        .for_each(|(largest, found)| *largest = (*largest).max(*found));
}
