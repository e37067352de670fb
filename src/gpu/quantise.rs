//! Examples in whole numbers, made on the host of gathered rows, a piece at a time.

use super::clock::Kind;
use super::pool::GpuPool;
use crate::error::Error;
use crate::kernels::pool::Pool as _;
use crate::quantise::{IntegerRows, Length, NEED, mean_of, round_mean};
use crate::sums;
use rayon::prelude::*;

/// Values that a thread makes whole at least: a few rows are not worth waking one.
pub(super) const AT_LEAST: usize = 1 << 13;

/// How examples become whole numbers; [`Examples`](crate::kernels::Examples) says what it means.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    pub(super) views: usize,
    pub(super) length: Length,
}

/// The examples named, in this order.
pub(super) fn quantise(
    pool: &GpuPool<'_>,
    examples: &[usize],
    rule: Rule,
) -> Result<IntegerRows, Error> {
    let Rule { views, length } = rule;
    let rows = examples.iter().flat_map(|e| e * views..(e + 1) * views);
    let rows: Vec<usize> = rows.collect();
    // Of a row far shorter than the longest the direction is left in the caller's unit alone.
    let x = match length {
        Length::Own => pool.given_rows(&rows)?,
        Length::Given(_) => pool.gather_rows(&rows)?,
    };
    pool.gpu.counted(Kind::Host, || {
        let dim = pool.dim();
        let mut out = IntegerRows::zeros(dim, examples.len());
        let pitch = out.pitch();
        let zero_row = (out.values_mut().par_chunks_exact_mut(pitch))
            .zip(x.par_chunks_exact(views * dim))
            .zip(examples)
            .with_min_len(AT_LEAST.div_ceil(pitch))
            .map_init(
                || vec![0.0; dim],
                |mean, ((row, x), example)| {
                    let zero_view = sums::vectorised!(mean_of(x, 1.0, length, mean));
                    sums::vectorised!(round_mean(mean, &mut row[..dim]));
                    zero_view.map(|view| example * views + view)
                },
            )
            .flatten()
            .min();
        match zero_row {
            Some(row) => Err(Error::ZeroRow { row, need: NEED }),
            None => Ok(out),
        }
    })
}
