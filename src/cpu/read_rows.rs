//! Rows that have to be read, fetched by all cores.

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use rayon::prelude::*;

/// Values that a thread fetches together,
const VALUES: usize = 1 << 16;
/// and rows, at most.
const ROWS: usize = 1 << 8;

/// Has `work` see every row that is named, with what is named beside it: in the order in which they are read, so
/// that those that are near each other are read together.
pub(super) fn read_rows<T: Send>(
    features: &Features<'_>,
    mut named: Vec<(usize, T)>,
    stop: &Stop,
    work: impl Fn(&[f32], usize, &mut T) + Sync,
) -> Result<(), Error> {
    named.par_sort_unstable_by_key(|(row, _)| *row);
    let at_once = (VALUES / features.dim()).clamp(1, ROWS);
    let some = stop.over(named.par_chunks_mut(at_once));
    some.try_for_each_init(Scratch::default, |scratch, some| {
        let some = some?;
        let rows: Vec<usize> = some.iter().map(|(row, _)| *row).collect();
        let x = features.spread(&rows, scratch)?;
        for (x, (row, beside)) in x.iter().zip(some) {
            work(x, *row, beside);
        }
        Ok(())
    })
}
