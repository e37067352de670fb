//! Mirror of `shaders/gain_stored.wgsl`.

use super::store_similarities::Matrix;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::reduce;
use rayon::prelude::*;

/// So many similarities of 16 bits add up to less than 2³².
const NARROW: usize = 1 << 16;

/// Σ w_i max(s_ij − m_i, 0) over the rows i of a class, for every column j. The matrix is symmetric, so what is
/// read are rows.
pub(super) fn gain_stored(
    matrix: &Matrix,
    columns: &[usize],
    cover: Cover<'_>,
    stop: &Stop,
) -> Result<Vec<i64>, Error> {
    let gain = |column: Result<&usize, Error>| {
        let row = matrix.row(*column?);
        Ok(reduce::vectorised!(gain(row, cover)))
    };
    stop.over(columns.par_iter()).map(gain).collect()
}

#[inline(always)]
fn gain(row: &[u16], cover: Cover<'_>) -> i64 {
    let pairs = row.iter().zip(cover.best);
    if let Some(weights) = cover.weights {
        let weighed = |((similarity, best), &weight): ((&u16, &u16), &u16)| {
            i64::from(u32::from(similarity.saturating_sub(*best)) * u32::from(weight))
        };
        return pairs.zip(weights).map(weighed).sum();
    }
    let chunks = row.chunks(NARROW).zip(cover.best.chunks(NARROW));
    let of_chunk = |(row, best): (&[u16], &[u16])| {
        let gains = row.iter().zip(best);
        let gain: u32 = gains
            .map(|(similarity, best)| u32::from(similarity.saturating_sub(*best)))
            .sum();
        i64::from(gain)
    };
    chunks.map(of_chunk).sum()
}
