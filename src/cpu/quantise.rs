//! Examples in integers.

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::quantise::{IntegerRows, Length, NEED, mean_of, round_mean};
use crate::reduce;
use rayon::prelude::*;

/// The examples named, in this order; [`Examples`](crate::kernels::Examples) says what they become.
pub(super) fn quantise(
    features: &Features<'_>,
    examples: &[usize],
    views: usize,
    length: Length,
    stop: &Stop,
) -> Result<IntegerRows, Error> {
    let dim = features.dim();
    // Of a row far shorter than the longest the direction is left in the caller's unit alone.
    let unit = match length {
        Length::Own => 1.0,
        Length::Given(_) => features.scale(),
    };
    let mut rows = IntegerRows::zeros(dim, examples.len());
    let pitch = rows.pitch();
    let examples = (rows.values_mut().par_chunks_exact_mut(pitch)).zip(examples);
    let zero_rows = (stop.over(examples)).map_init(
        || (vec![0.0; dim], Scratch::default()),
        |(mean, scratch), example| {
            let (row, &example) = example?;
            let first = example * views;
            let x = features.block(first..first + views, scratch)?;
            let zero_view = reduce::vectorised!(mean_of(x, unit, length, mean));
            reduce::vectorised!(round_mean(mean, &mut row[..dim]));
            Ok(zero_view.map(|view| first + view))
        },
    );
    // The lowest of all; an error of the features comes first.
    match zero_rows.try_reduce(|| None, |a, b| Ok(a.into_iter().chain(b).min()))? {
        Some(row) => Err(Error::ZeroRow { row, need: NEED }),
        None => Ok(rows),
    }
}
