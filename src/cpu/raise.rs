//! Mirror of `shaders/raise.wgsl`.

use crate::control::Stop;
use crate::error::Error;
use crate::reduce;
use rayon::prelude::*;

/// Rows that a thread works on in one go.
const CHUNK: usize = 1 << 12;

/// m_i = max(m_i, s_ij) over the columns j at these places of rows x `width` similarities, row-major.
pub(super) fn raise(
    best: &mut [u16],
    (values, width): (&[u16], usize),
    at: &[usize],
    stop: &Stop,
) -> Result<(), Error> {
    let chunks = best
        .par_chunks_mut(CHUNK)
        .zip(values.par_chunks(CHUNK * width));
    stop.over(chunks).try_for_each(|chunk| {
        let (best, values) = chunk?;
        for (best, row) in best.iter_mut().zip(values.chunks_exact(width)) {
            for &at in at {
                *best = row[at].max(*best);
            }
        }
        Ok(())
    })
}

/// The same of one column, which stands by itself.
pub(super) fn raise_by(best: &mut [u16], column: &[u16]) {
    reduce::vectorised!({
        for (best, &similarity) in best.iter_mut().zip(column) {
            *best = similarity.max(*best);
        }
    });
}
