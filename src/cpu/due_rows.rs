//! Mirror of `shaders/due_rows.wgsl`.

use crate::control::Stop;
use crate::error::Error;
use crate::kernels::residuals::{Due, Rate, RowState};
use rayon::prelude::*;

/// Rows a thread looks at in one go.
const CHUNK: usize = 1 << 13;

/// The unmasked rows that may fire before `tau`; every unmasked row at `f32::MAX`.
pub(super) fn due_rows(
    states: &[RowState],
    tau: f32,
    rate: Rate,
    limit: usize,
    stop: &Stop,
) -> Result<Due, Error> {
    let due =
        |s: &RowState| !s.is_masked() && (tau == f32::MAX || s.left < tau * rate.of(s.bound_sq()));
    let in_chunk = |chunk: Result<(usize, &[RowState]), Error>| {
        let (c, states) = chunk?;
        let rows = states.iter().enumerate().filter(|(_, s)| due(s));
        Ok(rows.map(|(i, _)| c * CHUNK + i).collect::<Vec<_>>())
    };
    let chunks = states.par_chunks(CHUNK).enumerate();
    let chunks = stop.over(chunks).map(in_chunk);
    let chunks: Vec<Vec<usize>> = chunks.collect::<Result<_, Error>>()?;
    let count = chunks.iter().map(Vec::len).sum();
    let rows = chunks.into_iter().flatten().take(limit).collect();
    Ok(Due { count, rows })
}
