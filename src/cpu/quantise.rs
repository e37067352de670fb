//! Examples in whole numbers.

use super::CpuPool;
use crate::error::Error;
use crate::quantise::{IntegerRows, Length, NEED, mean_of, round_mean};
use crate::sums;
use rayon::prelude::*;

/// The examples named, in this order; [`Examples`](crate::kernels::Examples) says what they become.
pub(super) fn quantise(
    pool: &CpuPool<'_>,
    examples: &[usize],
    views: usize,
    length: Length,
) -> Result<IntegerRows, Error> {
    let dim = pool.features.dim();
    // Of a row far shorter than the longest the direction is left in the caller's unit alone.
    let unit = match length {
        Length::Own => 1.0,
        Length::Given(_) => pool.scale,
    };
    let mut rows = IntegerRows::zeros(dim, examples.len());
    let pitch = rows.pitch();
    let zero_row = (rows.values_mut().par_chunks_exact_mut(pitch))
        .zip(examples)
        .map_init(
            || vec![0.0; dim],
            |mean, (row, &example)| {
                let first = example * views;
                let x = &pool.features.values()[first * dim..][..views * dim];
                let zero_view = sums::vectorised!(mean_of(x, unit, length, mean));
                sums::vectorised!(round_mean(mean, &mut row[..dim]));
                zero_view.map(|view| first + view)
            },
        )
        .flatten()
        .min();
    match zero_row {
        Some(row) => Err(Error::ZeroRow { row, need: NEED }),
        None => Ok(rows),
    }
}
