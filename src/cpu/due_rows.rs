//! Mirror of `shaders/due_rows.wgsl`.

use crate::kernels::residuals::{Due, Rate, RowState};
use rayon::prelude::*;

/// Rows a thread looks at in one go.
const CHUNK: usize = 1 << 13;

/// The unmasked rows that may fire before `tau`; every unmasked row at `f32::MAX`.
pub(super) fn due_rows(states: &[RowState], tau: f32, rate: Rate, limit: usize) -> Due {
    let due =
        |s: &RowState| !s.is_masked() && (tau == f32::MAX || s.left < tau * rate.of(s.bound_sq()));
    let in_chunk = |(c, states): (usize, &[RowState])| {
        let rows = states.iter().enumerate().filter(|(_, s)| due(s));
        rows.map(|(i, _)| c * CHUNK + i).collect::<Vec<_>>()
    };
    let chunks: Vec<_> = states.par_chunks(CHUNK).enumerate().map(in_chunk).collect();
    let count = chunks.iter().map(Vec::len).sum();
    let rows = chunks.into_iter().flatten().take(limit).collect();
    Due { count, rows }
}
