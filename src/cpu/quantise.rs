//! Examples in integers.

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::quantise::{IntegerRows, Length, NEED, mean_of, round_mean};
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;

/// Examples that are fetched together.
const FETCHED: usize = 64;

/// The examples named, in this order, which come to stand at some places of `rows`;
/// [`Examples`](crate::kernels::Examples) says what they become.
pub(super) fn quantise(
    features: &Features<'_>,
    (examples, views): (&[usize], usize),
    length: Length,
    (rows, places): (&mut IntegerRows, Range<usize>),
    stop: &Stop,
) -> Result<(), Error> {
    let dim = features.dim();
    // Of a row far shorter than the longest the direction is left in the caller's unit alone.
    let unit = match length {
        Length::Own => 1.0,
        Length::Given(_) => features.scale(),
    };
    let pitch = rows.pitch();
    let rows = &mut rows.values_mut()[places.start * pitch..places.end * pitch];
    let some = rows.par_chunks_mut(FETCHED * pitch);
    let some = some.zip(examples.par_chunks(FETCHED));
    let zero_rows = (stop.over(some)).map_init(
        || (vec![0.0; dim], Scratch::default()),
        |(mean, scratch), some| {
            let (rows, examples) = some?;
            let views_of = |&example: &usize| example * views..(example + 1) * views;
            let viewed: Vec<usize> = examples.iter().flat_map(views_of).collect();
            let x: Vec<&[f32]> = features.spread(&viewed, scratch)?.iter().collect();
            let mut zero_row = None;
            let rows = rows.chunks_exact_mut(pitch).zip(x.chunks_exact(views));
            for ((row, x), &example) in rows.zip(examples) {
                let x = x.iter().copied();
                let zero_view = reduce::vectorised!(mean_of(x, unit, length, mean));
                reduce::vectorised!(round_mean(mean, &mut row[..dim]));
                let zero_view = zero_view.map(|view| example * views + view);
                zero_row = zero_row.into_iter().chain(zero_view).min();
            }
            Ok(zero_row)
        },
    );
    // The lowest of all; an error of the features comes first.
    match zero_rows.try_reduce(|| None, |a, b| Ok(a.into_iter().chain(b).min()))? {
        Some(row) => Err(Error::ZeroRow { row, need: NEED }),
        None => Ok(()),
    }
}
