//! Mirror of `shaders/gather_rows.wgsl`.

use super::read_rows::read_rows;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use rayon::prelude::*;

/// Rows that a thread copies in one go.
const CHUNK: usize = 64;

/// The rows asked for, times `scale`.
pub(super) fn gather_rows(
    features: &Features<'_>,
    rows: &[usize],
    scale: f32,
    stop: &Stop,
) -> Result<Vec<f32>, Error> {
    stop.check()?; // also where no row is asked for
    let dim = features.dim();
    let mut gathered = vec![0.0; rows.len() * dim];
    let copy = |x: &[f32], to: &mut [f32]| {
        for (to, v) in to.iter_mut().zip(x) {
            *to = v * scale;
        }
    };
    if features.are_read() {
        let named = rows.iter().copied().zip(gathered.chunks_exact_mut(dim));
        read_rows(features, named.collect(), stop, |x, _, to| copy(x, to))?;
        return Ok(gathered);
    }
    let chunks = gathered
        .par_chunks_mut(CHUNK * dim)
        .zip(rows.par_chunks(CHUNK));
    let chunks = stop.over(chunks);
    chunks.try_for_each_init(Scratch::default, |scratch, chunk| {
        let (gathered, rows) = chunk?;
        let x = features.spread(rows, scratch)?;
        for (to, x) in gathered.chunks_exact_mut(dim).zip(x.iter()) {
            copy(x, to);
        }
        Ok(())
    })?;
    Ok(gathered)
}
