//! Rows of one class that are in several shards and stay there: blocks of integer rows visit the others.

use super::parts::{Cuts, Name, Parts, lock, side_by_side};
use super::quantise::of_all;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::function::KernelFunction;
use crate::kernels::visited::{Digits, Visited};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::ops::Range;
use std::sync::Mutex;

/// Values of the rows that are on their way to all shards at a time: 64 MiB.
const VISITING: usize = 1 << 25;

/// Those of the rows that a shard has.
struct Part<'a> {
    name: Name,
    places: Range<usize>,
    /// Asked by one thread at a time.
    rows: Mutex<Box<dyn Visited + 'a>>,
}

impl<'a> Part<'a> {
    /// What the shard answers; where it is lost the error says which it was.
    fn ask<T>(
        &self,
        ask: impl FnOnce(&mut (dyn Visited + 'a)) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.name.put(ask(&mut **lock(&self.rows)))
    }
}

pub(super) struct ShardVisited<'a> {
    pitch: usize,
    parts: Vec<Part<'a>>,
    cuts: Cuts,
    visitors: usize,
}

impl<'a> ShardVisited<'a> {
    /// Of some rows, which ascend.
    pub(super) fn new(
        shards: &'a Parts<'_>,
        rows: &[usize],
        function: &KernelFunction,
    ) -> Result<Self, Error> {
        let begins = |shard: usize| {
            let first = shards.cuts.rows(shard).start;
            rows.partition_point(|&row| row < first)
        };
        let made = shards.each(|shard, pool| {
            let here = shards.cuts.rows(shard);
            let places = begins(shard)..rows.partition_point(|&row| row < here.end);
            if places.is_empty() {
                return Ok(None);
            }
            let own = rows[places.clone()].iter().map(|row| row - here.start);
            let made = pool.visited(&own.collect::<Vec<_>>(), function);
            Ok(Some(Part {
                name: shards.cuts.name(shard),
                places,
                rows: Mutex::new(made.map_err(|error| of_all(error, here.start))?),
            }))
        })?;
        let parts: Vec<Part<'_>> = made.into_iter().flatten().collect();
        Ok(Self {
            pitch: IntegerRows::pitch_of(shards.dim()),
            cuts: Cuts::new(parts.iter().map(|part| part.places.len())),
            parts,
            visitors: 0,
        })
    }

    /// What the shards answer, side by side.
    fn each<T: Send>(
        &self,
        ask: impl Fn(&Range<usize>, &mut (dyn Visited + 'a)) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        side_by_side(self.parts.iter().collect(), |part: &Part<'a>| {
            part.ask(|rows| ask(&part.places, rows))
        })
    }

    /// Adds to the sums those of every pair of shards, which meet once, block by block: in every round a shard is
    /// visited by one other and visits one, or none.
    fn meet(&self, sums: &mut [i64], pass: &Pass<'_>) -> Result<(), Error> {
        let parts = self.parts.len();
        let at_once = (VISITING / (self.pitch * parts.max(1))).max(1);
        for step in 1..=parts / 2 {
            // With an even number the last round would meet every pair twice.
            let visited = if 2 * step == parts { step } else { parts };
            let visit = |at: usize| {
                let (part, guest) = (&self.parts[at], &self.parts[(at + step) % parts]);
                let (mut own, mut theirs) = (vec![0; part.places.len()], Vec::new());
                let all: Vec<usize> = (0..guest.places.len()).collect();
                for block in all.chunks(at_once) {
                    let others = guest.ask(|rows| rows.rows(block))?;
                    let [of_rows, of_others] = part.ask(|rows| rows.sums(&others, pass))?;
                    add(&mut own, &of_rows);
                    theirs.extend(of_others);
                }
                Ok([(part.places.clone(), own), (guest.places.clone(), theirs)])
            };
            for (places, found) in side_by_side((0..visited).collect(), visit)?
                .into_iter()
                .flatten()
            {
                add(&mut sums[places], &found);
            }
        }
        Ok(())
    }
}

impl Visited for ShardVisited<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let of_part = |part: usize, own: &[usize]| {
            let found = self.parts[part].ask(|rows| rows.rows(own))?;
            Ok(found.values().to_vec())
        };
        let values = self.cuts.joined(places, self.pitch, of_part)?;
        Ok(IntegerRows::of(values, self.pitch))
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        Ok(self.each(|_, rows| rows.squares())?.concat())
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        let mut sums = self.each(|_, rows| rows.row_sums(pass))?.concat();
        self.meet(&mut sums, pass)?;
        Ok(sums)
    }

    fn visit(&mut self, visitors: &IntegerRows) -> Result<(), Error> {
        self.visitors = visitors.rows();
        self.each(|_, rows| rows.visit(visitors))?;
        Ok(())
    }

    fn sums(&self, others: &IntegerRows, pass: &Pass<'_>) -> Result<[Vec<i64>; 2], Error> {
        let (mut of_rows, mut of_others) = (Vec::new(), vec![0; others.rows()]);
        for [own, theirs] in self.each(|_, rows| rows.sums(others, pass))? {
            of_rows.extend(own);
            add(&mut of_others, &theirs);
        }
        Ok([of_rows, of_others])
    }

    fn columns(&self, visitors: Range<usize>) -> Result<Vec<i32>, Error> {
        Ok(self
            .each(|_, rows| rows.columns(visitors.clone()))?
            .concat())
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        self.each(|places, rows| rows.set_cover(cover.part(places.clone())))?;
        Ok(())
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        Ok(self.each(|_, rows| rows.covered())?.concat())
    }

    fn raise(&mut self, chosen: &IntegerRows) -> Result<(), Error> {
        self.each(|_, rows| rows.raise(chosen))?;
        Ok(())
    }

    fn gains(&mut self) -> Result<Vec<i64>, Error> {
        let mut gains = vec![0; self.visitors];
        for found in self.each(|_, rows| rows.gains())? {
            add(&mut gains, &found);
        }
        Ok(gains)
    }

    fn at_once(&self) -> usize {
        let at_once = self.parts.iter().map(|part| lock(&part.rows).at_once());
        at_once.min().unwrap_or(1)
    }

    fn count_distances(&self, asked: &Digits<'_>) -> Result<Vec<u32>, Error> {
        let mut counts = vec![0; asked.halves.len() << asked.bits];
        for found in self.each(|_, rows| rows.count_distances(asked))? {
            let both = counts.iter_mut().zip(found);
            both.for_each(|(count, more)| *count += more);
        }
        Ok(counts)
    }
}

fn add(sums: &mut [i64], found: &[i64]) {
    sums.iter_mut()
        .zip(found)
        .for_each(|(sum, more)| *sum += more);
}
