//! A pool's rows where they are: steps that parts of it do by themselves, each asked in a thread of its own.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::steps::{PartSteps, Steps};
use crate::shards::parts::{Name, side_by_side};
use std::ops::Range;

/// What a part of a pool's rows does a step with.
pub(super) struct Part<H> {
    /// Which it is.
    pub(super) at: usize,
    pub(super) rows: Range<usize>,
    pub(super) handle: H,
    /// How errors name it; a pool in one piece needs no name.
    name: Option<Name>,
}

impl<H> Part<H> {
    /// All rows of a pool.
    pub(super) fn whole(rows: usize, handle: H) -> Self {
        Self {
            at: 0,
            rows: 0..rows,
            handle,
            name: None,
        }
    }
}

/// The parts of a pool that do steps by themselves.
pub(super) fn parts<'a>(pool: &'a dyn Pool) -> Vec<Part<&'a dyn Steps>> {
    let named = |(shard, part): (usize, PartSteps<'a>)| Part {
        at: shard,
        rows: part.rows.clone(),
        handle: part.steps,
        name: Some(Name {
            shard,
            rows: part.rows,
        }),
    };
    pool.steps().into_iter().enumerate().map(named).collect()
}

/// Opens a step: of each part of a pool that does it by itself, or of all rows as one.
pub(super) fn open<'a, H: Send>(
    pool: &'a dyn Pool,
    of_part: impl Fn(&Part<&'a dyn Steps>) -> Result<H, Error> + Sync,
    of_all: impl FnOnce() -> Result<H, Error>,
) -> Result<Vec<Part<H>>, Error> {
    let mut parts = parts(pool);
    if parts.is_empty() {
        return Ok(vec![Part::whole(pool.rows(), of_all()?)]);
    }
    let opened = each(&mut parts, |part| of_part(part))?;
    let with = |(part, handle): (Part<_>, H)| Part {
        at: part.at,
        rows: part.rows,
        handle,
        name: part.name,
    };
    Ok(parts.into_iter().zip(opened).map(with).collect())
}

/// What `work` makes of every part.
pub(super) fn each<H: Send, T: Send>(
    parts: &mut [Part<H>],
    work: impl Fn(&mut Part<H>) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    side_by_side(parts.iter_mut().collect(), |part: &mut Part<H>| {
        let found = work(part);
        match &part.name {
            Some(name) => name.put(found),
            None => found,
        }
    })
}
