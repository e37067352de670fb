//! A few rows, settled: their residuals in f64 on the host.

use super::basis::Basis;
use super::residual::Residual;
use rayon::prelude::*;

/// Values a thread works on at least: less is not worth waking one.
const AT_LEAST: usize = 1 << 15;

/// A row with all of a basis projected out, in pool unit.
pub(super) struct Candidate {
    /// Its index in the pool.
    pub(super) row: usize,
    pub(super) residual: Residual,
    /// Whether the row can still be picked: unpicked and above the tolerance.
    pub(super) live: bool,
}

impl Candidate {
    /// A row that no direction has been projected out of yet.
    pub(super) fn new(row: usize, x: &[f32]) -> Self {
        Self {
            row,
            residual: Residual::new(x),
            live: true,
        }
    }
}

/// Brings the live ones to the basis as it is now; ends those whose residual is within the tolerance.
pub(super) fn settle(candidates: &mut [Candidate], basis: &Basis, tol: f64) {
    let live = candidates.iter().filter(|candidate| candidate.live);
    let Some(behind) = live.min_by_key(|candidate| candidate.residual.known()) else {
        return;
    };
    let residual = &behind.residual;
    let work = residual.values().len() * (basis.len() - residual.known()).max(1);
    candidates
        .par_iter_mut()
        .with_min_len(AT_LEAST.div_ceil(work))
        .filter(|candidate| candidate.live)
        .for_each(|candidate| {
            candidate.residual.advance(basis);
            candidate.live = candidate.residual.is_live(tol);
        });
}
