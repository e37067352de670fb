//! A few rows, settled: their residuals in f64 on the host.

use super::basis::project_out;
use crate::sums;
use rayon::prelude::*;

/// Values a thread works on at least: less is not worth waking one.
const AT_LEAST: usize = 1 << 15;

/// Rows gathered from a pool, with all of a basis projected out, in pool unit.
pub(super) struct Candidates {
    /// Row indices in the pool.
    pub(super) rows: Vec<usize>,
    /// ‖F_i‖.
    pub(super) norms: Vec<f64>,
    /// Squared residual length.
    pub(super) residual_sq: Vec<f64>,
    /// Whether the row can still be picked: unpicked and above the tolerance.
    pub(super) live: Vec<bool>,
    /// Residuals, a row a candidate.
    residuals: Vec<f64>,
    dim: usize,
    tol: f64,
}

impl Candidates {
    /// Settles rows whose features are `x`, against an orthonormal basis (a row a direction).
    pub(super) fn new(rows: Vec<usize>, x: &[f32], basis: &[f64], dim: usize, tol: f64) -> Self {
        let mut residuals: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        let project = |residual: &mut [f64]| {
            let mut products = vec![0.0; basis.len() / dim];
            project_out(residual, basis, &mut products)
        };
        let residual_sq = residuals.par_chunks_mut(dim).map(project).collect();
        let norms: Vec<f64> = x
            .chunks_exact(dim)
            .map(|x| sums::squares(x).sqrt())
            .collect();
        let live = vec![true; rows.len()];
        let mut new = Self {
            rows,
            norms,
            residual_sq,
            live,
            residuals,
            dim,
            tol,
        };
        new.bury();
        new
    }

    /// The residual of one candidate.
    pub(super) fn residual(&self, i: usize) -> &[f64] {
        &self.residuals[i * self.dim..][..self.dim]
    }

    /// Projects one more direction out of every live candidate.
    pub(super) fn project_out(&mut self, direction: &[f64]) {
        let (live, dim) = (&self.live, self.dim);
        self.residuals
            .par_chunks_exact_mut(dim)
            .zip(&mut self.residual_sq)
            .zip(live)
            .with_min_len((AT_LEAST / dim).max(1))
            .filter(|(_, live)| **live)
            .for_each(|((residual, residual_sq), _)| {
                *residual_sq = project_out(residual, direction, &mut [0.0]);
            });
        self.bury();
    }

    /// Candidates that can still be picked.
    pub(super) fn alive(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.rows.len()).filter(|&i| self.live[i])
    }

    /// Ends the candidates whose residual is within the tolerance.
    fn bury(&mut self) {
        for i in 0..self.rows.len() {
            self.live[i] &= self.residual_sq[i].sqrt() > self.tol * self.norms[i];
        }
    }
}
