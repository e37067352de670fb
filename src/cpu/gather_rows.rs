//! Mirror of `shaders/gather_rows.wgsl`.

use super::CpuPool;
use crate::Error;
use rayon::prelude::*;

/// Rows that a thread copies in one go.
const CHUNK: usize = 64;

/// The rows asked for, times `scale`.
pub(super) fn gather_rows(
    pool: &CpuPool<'_>,
    rows: &[usize],
    scale: f32,
) -> Result<Vec<f32>, Error> {
    pool.stop.check()?; // also where no row is asked for
    let (values, dim) = (pool.features.values(), pool.features.dim());
    let mut gathered = vec![0.0; rows.len() * dim];
    let chunks = gathered
        .par_chunks_mut(CHUNK * dim)
        .zip(rows.par_chunks(CHUNK));
    pool.stop.over(chunks).try_for_each(|chunk| {
        let (gathered, rows) = chunk?;
        for (to, &row) in gathered.chunks_exact_mut(dim).zip(rows) {
            for (to, v) in to.iter_mut().zip(&values[row * dim..][..dim]) {
                *to = v * scale;
            }
        }
        Ok(())
    })?;
    Ok(gathered)
}
