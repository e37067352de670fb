//! Mirror of `shaders/gain_columns.wgsl`.

use crate::control::Stop;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;

/// Rows that a thread works on in one go: so many similarities of 16 bits add up to less than 2³².
const CHUNK: usize = 1 << 9;

/// Similarities of some columns, rows x columns, row-major.
#[derive(Default)]
pub(super) struct Strip {
    /// By place.
    pub(super) columns: Vec<usize>,
    /// Where the rows are, all those of the columns' class.
    pub(super) rows: Range<usize>,
    pub(super) values: Vec<u16>,
}

impl Strip {
    /// Where some columns stand in it, if all do.
    pub(super) fn places(&self, columns: &[usize]) -> Option<Vec<usize>> {
        let place = |column| self.columns.iter().position(|own| own == column);
        columns.iter().map(place).collect()
    }
}

/// Σ w_i max(s_ij − m_i, 0) over all rows i, for every column j.
pub(super) fn gain_columns(
    strip: &Strip,
    cover: Cover<'_>,
    stop: &Stop,
) -> Result<Vec<i64>, Error> {
    let width = strip.columns.len();
    let cover = cover.part(strip.rows.clone());
    let rows = strip.values.par_chunks(CHUNK * width);
    let of_chunk = |chunk: Result<(usize, &[u16]), Error>| {
        let (at, values) = chunk?;
        let mut gains = vec![0; width];
        let rows = values.chunks_exact(width);
        reduce::vectorised!(add(
            &mut gains,
            rows,
            cover.part(at * CHUNK..at * CHUNK + values.len() / width)
        ));
        Ok(gains)
    };
    let added = |mut a: Vec<i64>, b: Vec<i64>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        Ok(a)
    };
    (stop.over(rows.enumerate()))
        .map(of_chunk)
        .try_reduce(|| vec![0; width], added)
}

#[inline(always)]
fn add<'s>(gains: &mut [i64], rows: impl Iterator<Item = &'s [u16]>, cover: Cover<'_>) {
    if let Some(weights) = cover.weights {
        for ((row, &best), &weight) in rows.zip(cover.best).zip(weights) {
            for (gain, &similarity) in gains.iter_mut().zip(row) {
                *gain += i64::from(u32::from(similarity.saturating_sub(best)) * u32::from(weight));
            }
        }
        return;
    }
    let mut narrow = vec![0u32; gains.len()];
    for (row, &best) in rows.zip(cover.best) {
        for (gain, &similarity) in narrow.iter_mut().zip(row) {
            *gain += u32::from(similarity.saturating_sub(best));
        }
    }
    for (gain, narrow) in gains.iter_mut().zip(narrow) {
        *gain += i64::from(narrow);
    }
}
