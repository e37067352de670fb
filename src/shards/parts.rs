//! The pools that make one, which rows each has, and which classes each works on.

use crate::error::{Error, MissingRows};
use crate::kernels::call::{Call, Watcher};
use crate::kernels::pool::Pool;
use crate::kernels::steps::PartSteps;
use crate::kernels::watched::Watched;
use crate::quantise::ClassRanges;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Pools of consecutive rows.
pub(super) struct Parts<'a> {
    pub(super) pools: Vec<Watched<'a, Name>>,
    pub(super) cuts: Cuts,
}

impl<'a> Parts<'a> {
    pub(super) fn new(pools: Vec<Box<dyn Pool + 'a>>) -> Self {
        let cuts = Cuts::new(pools.iter().map(|pool| pool.rows()));
        let named = pools.into_iter().enumerate().map(|(shard, pool)| {
            let name = cuts.name(shard);
            Watched::owning(pool, name)
        });
        let pools = named.collect();
        Self { pools, cuts }
    }

    /// Values per row.
    pub(super) fn dim(&self) -> usize {
        self.pools[0].dim()
    }

    /// What `work` makes of every shard, side by side.
    pub(super) fn each<'p, T: Send>(
        &'p self,
        work: impl Fn(usize, &'p dyn Pool) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        side_by_side(self.pools.iter().enumerate().collect(), |(shard, pool)| {
            work(shard, pool)
        })
    }

    /// Rows asked of the shards that have them.
    pub(super) fn fetch(
        &self,
        rows: &[usize],
        of_shard: impl Fn(&dyn Pool, &[usize]) -> Result<Vec<f32>, Error> + Sync,
    ) -> Result<Vec<f32>, Error> {
        let ask = |shard: usize, rows: &[usize]| of_shard(&self.pools[shard], rows);
        self.cuts.joined(rows, self.dim(), ask)
    }

    /// Who does steps of selectors, where every pool does.
    pub(super) fn steps(&self) -> Vec<PartSteps<'_>> {
        let mut all = Vec::new();
        for (shard, pool) in self.pools.iter().enumerate() {
            let (own, first) = (pool.pool().steps(), self.cuts.rows(shard).start);
            if own.is_empty() {
                return Vec::new();
            }
            all.extend(own.into_iter().map(|part| PartSteps {
                rows: first + part.rows.start..first + part.rows.end,
                ..part
            }));
        }
        all
    }

    /// The shard that has all of some rows.
    pub(super) fn home_of(&self, rows: &[usize]) -> Option<usize> {
        let shard = self.cuts.shard_of(*rows.first()?);
        let span = self.cuts.rows(shard);
        rows.iter().all(|row| span.contains(row)).then_some(shard)
    }
}

/// Has every call on a shard's pool say which shard it was that was lost, and which rows are missing.
pub(crate) struct Name {
    pub(crate) shard: usize,
    pub(crate) rows: Range<usize>,
}

impl Name {
    pub(crate) fn put<T>(&self, answer: Result<T, Error>) -> Result<T, Error> {
        let (shard, first, last) = (self.shard, self.rows.start, self.rows.end - 1);
        answer.map_err(|error| match error {
            Error::DeviceLost { reason, partial } => Error::DeviceLost {
                reason: format!("shard {shard} (rows {first} to {last}): {reason}"),
                partial,
            },
            Error::Interrupted {
                missing: Some(MissingRows { rows, reason }),
                partial,
            } => Error::Interrupted {
                missing: Some(MissingRows {
                    rows: self.rows.start + rows.start..self.rows.start + rows.end,
                    reason,
                }),
                partial,
            },
            error => error,
        })
    }
}

impl Watcher for Name {
    fn around<T>(&self, _: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        self.put(run())
    }
}

/// Consecutive classes for each shard, of about as many pairs.
pub(super) fn share_classes(ranges: &ClassRanges, shards: usize) -> Vec<Range<usize>> {
    let pairs = |class: usize| (ranges.class(class).len() as u128).pow(2);
    let all: u128 = (0..ranges.classes()).map(pairs).sum();
    let (mut first, mut before) = (0, 0);
    let mut groups = Vec::new();
    for shard in 1..=shards as u128 {
        let mut end = first;
        while end < ranges.classes() && before * (shards as u128) < all * shard {
            before += pairs(end);
            end += 1;
        }
        groups.push(first..end);
        first = end;
    }
    // Classes without rows at the end.
    if let Some(last) = groups.last_mut() {
        last.end = ranges.classes();
    }
    groups
}

/// Which rows each shard has.
#[derive(Debug)]
pub(super) struct Cuts {
    /// The first row of each and, at last, the number of rows.
    starts: Vec<usize>,
}

/// Those of some rows that a shard has.
pub(super) struct Part {
    /// Their indices in the shard.
    pub(super) rows: Vec<usize>,
    /// Their places among the rows.
    pub(super) places: Vec<usize>,
}

impl Cuts {
    pub(super) fn new(sizes: impl Iterator<Item = usize>) -> Self {
        let mut starts = vec![0];
        starts.extend(sizes.scan(0, |end, size| {
            *end += size;
            Some(*end)
        }));
        Self { starts }
    }

    pub(super) fn all(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    pub(super) fn rows(&self, shard: usize) -> Range<usize> {
        self.starts[shard]..self.starts[shard + 1]
    }

    /// How errors name a shard.
    pub(super) fn name(&self, shard: usize) -> Name {
        let rows = self.rows(shard);
        Name { shard, rows }
    }

    pub(super) fn shard_of(&self, row: usize) -> usize {
        self.starts.partition_point(|&start| start <= row) - 1
    }

    /// What the shards say of some rows, in the order of these: `width` values a row. Those are asked that have
    /// any, side by side; few rows are mostly those of one, which needs no thread.
    pub(super) fn joined<T: Copy + Default + Send>(
        &self,
        rows: &[usize],
        width: usize,
        ask: impl Fn(usize, &[usize]) -> Result<Vec<T>, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let parts = self.split(rows).into_iter().enumerate();
        let asked: Vec<(usize, Part)> = parts.filter(|(_, part)| !part.rows.is_empty()).collect();
        let found = side_by_side(asked.iter().collect(), |(shard, part): &(usize, Part)| {
            ask(*shard, &part.rows)
        })?;
        let mut values = vec![T::default(); rows.len() * width];
        for ((_, part), found) in asked.iter().zip(found) {
            for (&place, found) in part.places.iter().zip(found.chunks_exact(width)) {
                values[place * width..][..width].copy_from_slice(found);
            }
        }
        Ok(values)
    }

    /// Some rows, shard by shard, in their order.
    pub(super) fn split(&self, rows: &[usize]) -> Vec<Part> {
        let shards = self.starts.len() - 1;
        let mut parts: Vec<Part> = (0..shards)
            .map(|_| Part {
                rows: Vec::new(),
                places: Vec::new(),
            })
            .collect();
        for (place, &row) in rows.iter().enumerate() {
            let shard = self.shard_of(row);
            parts[shard].rows.push(row - self.starts[shard]);
            parts[shard].places.push(place);
        }
        parts
    }
}

/// What a lock guards, also once a thread has panicked that had it: whoever waits for that ends too.
pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `work` makes of each item, all but the last in threads of their own: a device is waited for while others
/// work. The error of the first that has one.
pub(crate) fn side_by_side<I: Send, T: Send>(
    mut items: Vec<I>,
    work: impl Fn(I) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let Some(last) = items.pop() else {
        return Ok(Vec::new());
    };
    std::thread::scope(|scope| {
        let work = &work;
        let threads: Vec<_> = (items.into_iter())
            .map(|item| scope.spawn(move || work(item)))
            .collect();
        let last = work(last);
        let joined = threads.into_iter().map(|thread| thread.join());
        let found =
            joined.map(|found| found.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        found.chain([last]).collect()
    })
}
