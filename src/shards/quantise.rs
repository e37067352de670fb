//! Examples in integers, of which shards have some whole and others in parts.

use super::parts::{Cuts, Parts};
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::kernels::similarities::Examples;
use crate::quantise::{IntegerRows, Length, NEED, mean_of, round_mean};
use std::ops::Range;

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

/// Examples in integers: each shard makes those that it has, and those across shards are made here.
pub(super) fn quantise(
    shards: &Parts<'_>,
    order: &[usize],
    examples: Examples<'_>,
) -> Result<IntegerRows, Error> {
    let mut made = IntegerRows::zeros(shards.dim(), order.len());
    let (pitch, mut zero_row) = (made.pitch(), None::<usize>);
    let mut across: Vec<usize> = (0..order.len()).collect();
    for (shard, pool) in shards.pools.iter().enumerate() {
        let local = Local::new(&shards.cuts, shard, examples.views);
        let (own, rest): (Vec<_>, Vec<_>) = across
            .into_iter()
            .partition(|&place| local.of(order[place]).is_some());
        across = rest;
        for places in own.chunks((FETCHED / pitch).max(1)) {
            let class: Vec<usize> = places
                .iter()
                .filter_map(|&place| local.of(order[place]))
                .collect();
            let some = Examples {
                classes: &[&class],
                ..examples
            };
            let found = match pool.similarities(some, &KernelFunction::Linear) {
                Ok(found) => found.rows(&(0..class.len()).collect::<Vec<_>>())?,
                Err(Error::ZeroRow { row, .. }) => {
                    zero_row = zero_row
                        .into_iter()
                        .chain([row + shards.cuts.rows(shard).start])
                        .min();
                    continue;
                }
                Err(error) => return Err(error),
            };
            for (at, &place) in places.iter().enumerate() {
                made.values_mut()[place * pitch..][..pitch].copy_from_slice(found.row(at));
            }
        }
    }
    let unit = match examples.length {
        Length::Own => 1.0,
        Length::Given(_) => shards.pools[0].scale(),
    };
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
    match zero_row {
        Some(row) => Err(Error::ZeroRow { row, need: NEED }),
        None => Ok(made),
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
