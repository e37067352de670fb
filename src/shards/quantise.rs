//! Examples in integers, of which shards have some whole and others in parts.

use super::parts::{Cuts, Parts, lock};
use crate::control::interrupted;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::kernels::pool::Pool;
use crate::kernels::similarities::{Examples, Similarities};
use crate::quantise::{ClassRanges, IntegerRows, Length, NEED, mean_of, round_mean};
use std::ops::Range;
use std::sync::Mutex;

/// Values of integer rows that are fetched from a shard at a time.
const FETCHED: usize = 1 << 25;

/// Which examples a shard has whole, and their numbers there.
pub(super) struct Local {
    rows: Range<usize>,
    views: usize,
}

impl Local {
    pub(super) fn new(cuts: &Cuts, shard: usize, views: usize) -> Self {
        Self {
            rows: cuts.rows(shard),
            views,
        }
    }

    pub(super) fn of(&self, example: usize) -> Option<usize> {
        let first = example * self.views;
        let is_here = self.rows.start <= first && first + self.views <= self.rows.end;
        let begins_with_one = self.rows.start.is_multiple_of(self.views);
        (is_here && begins_with_one).then(|| (first - self.rows.start) / self.views)
    }
}

/// Examples in integers, and the lowest row of zeros that is to be divided by its length: each shard makes those that it
/// has, side by side, and those across shards are made here.
fn quantise(
    shards: &Parts<'_>,
    order: &[usize],
    examples: Examples<'_>,
) -> Result<(IntegerRows, Option<usize>), Error> {
    let mut at_home = vec![Vec::new(); shards.pools.len()];
    let mut across = Vec::new();
    for (place, &example) in order.iter().enumerate() {
        let shard = shards.cuts.shard_of(example * examples.views);
        match Local::new(&shards.cuts, shard, examples.views).of(example) {
            Some(local) => at_home[shard].push((place, local)),
            None => across.push(place),
        }
    }
    let mut made = IntegerRows::zeros(shards.dim(), order.len());
    let filled = Mutex::new((&mut made, None::<usize>));
    shards.each(|shard, pool| {
        let first = shards.cuts.rows(shard).start;
        fill(pool, first, &at_home[shard], (examples, &filled))
    })?;
    let mut zero_row = lock(&filled).1;
    let (pitch, unit) = (
        made.pitch(),
        match examples.length {
            Length::Own => 1.0,
            Length::Given(_) => shards.pools[0].scale(),
        },
    );
    let mut mean = vec![0.0; shards.dim()];
    for place in across {
        let first = order[place] * examples.views;
        let x = shards.fetch(
            &(first..first + examples.views).collect::<Vec<_>>(),
            |pool, rows| pool.given_rows(rows),
        )?;
        if let Some(view) = mean_of(x.chunks_exact(mean.len()), unit, examples.length, &mut mean) {
            zero_row = zero_row.into_iter().chain([first + view]).min();
        }
        round_mean(&mean, &mut made.values_mut()[place * pitch..][..mean.len()]);
    }
    Ok((made, zero_row))
}

/// Integer rows that are filled in by several threads, and the lowest row of zeros that was met.
type Filled<'a> = Mutex<(&'a mut IntegerRows, Option<usize>)>;

/// Fills in the examples that a shard has, which are given by their places and their numbers there.
fn fill(
    pool: &dyn Pool,
    first_row: usize,
    own: &[(usize, usize)],
    (examples, filled): (Examples<'_>, &Filled<'_>),
) -> Result<(), Error> {
    let pitch = IntegerRows::pitch_of(pool.dim());
    for some in own.chunks((FETCHED / pitch).max(1)) {
        let class: Vec<usize> = some.iter().map(|&(_, local)| local).collect();
        let asked = Examples {
            classes: &[&class],
            ..examples
        };
        match pool.integer_rows(asked) {
            Ok(found) => {
                let made = &mut *lock(filled).0;
                for (at, &(place, _)) in some.iter().enumerate() {
                    made.values_mut()[place * pitch..][..pitch].copy_from_slice(found.row(at));
                }
            }
            Err(Error::ZeroRow { row, .. }) => {
                let zero_row = &mut lock(filled).1;
                let row = row + first_row;
                *zero_row = Some(zero_row.map_or(row, |lowest| lowest.min(row)));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Similarities on one shard of classes that have rows of others.
pub(super) fn abroad<'a>(
    shards: &Parts<'_>,
    pool: &'a dyn Pool,
    (classes, examples): (&[&[usize]], Examples<'_>),
    function: &KernelFunction,
) -> Result<Box<dyn Similarities + 'a>, Error> {
    let (order, mut zero_row) = (classes.concat(), None::<usize>);
    // An error of the shards that the rows are of, which is not one of the shard that they go to.
    let mut failed = None;
    let mut some = |places: Range<usize>| match quantise(shards, &order[places], examples) {
        Ok((rows, zero)) => {
            zero_row = zero_row.into_iter().chain(zero).min();
            Ok(rows)
        }
        Err(error) => {
            failed = Some(error);
            Err(interrupted())
        }
    };
    let ranges = ClassRanges::new(classes.iter().map(|class| class.len()));
    let made = pool.similarities_from(&mut some, ranges, function);
    match (failed, zero_row) {
        (Some(error), _) => Err(error),
        (None, Some(row)) if made.is_ok() => Err(Error::ZeroRow { row, need: NEED }),
        _ => made,
    }
}

/// An error of a shard, its rows counted among all.
pub(super) fn of_all(error: Error, first: usize) -> Error {
    match error {
        Error::ZeroRow { row, need } => Error::ZeroRow {
            row: first + row,
            need,
        },
        error => error,
    }
}
