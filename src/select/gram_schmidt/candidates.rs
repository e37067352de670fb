//! A few rows, settled: their residuals in f64 on the host.

use crate::sums;
use rayon::prelude::*;

/// Values a thread works on at least: less is not worth waking one.
const AT_LEAST: usize = 1 << 15;

/// Share of a row's squared length under which its residual is projected a second time.
const SHORT: f64 = 1e-3;

/// Rows gathered from a pool, with all of a basis projected out, in pool unit.
pub(super) struct Candidates {
    /// Row indices in the pool, ascending.
    pub(super) rows: Vec<usize>,
    /// ‖F_i‖.
    pub(super) norms: Vec<f64>,
    /// Squared residual length.
    pub(super) residual_sq: Vec<f64>,
    /// Whether the row can still be picked: unpicked and above the tolerance.
    pub(super) live: Vec<bool>,
    /// Inner products with the basis as it was when the rows were settled.
    pub(super) products: Vec<Vec<f64>>,
    /// Residuals, a row a candidate.
    residuals: Vec<f64>,
    dim: usize,
    tol: f64,
}

impl Candidates {
    /// Settles rows whose features are `x`, against an orthonormal basis (a row a direction).
    pub(super) fn new(rows: Vec<usize>, x: &[f32], basis: &[f64], dim: usize, tol: f64) -> Self {
        let len = basis.len() / dim;
        let mut residuals: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
        let project = |residual: &mut [f64]| {
            let mut products = vec![0.0; len];
            sums::vectorised(|| {
                let before = sums::dot(residual, residual);
                project_out(residual, basis, &mut products);
                if sums::dot(residual, residual) < SHORT * before {
                    project_out(residual, basis, &mut products);
                }
            });
            products
        };
        let products = residuals.par_chunks_mut(dim).map(project).collect();
        let norms: Vec<f64> = x
            .chunks_exact(dim)
            .map(|x| sums::squares(x).sqrt())
            .collect();
        let residual_sq = residuals
            .chunks_exact(dim)
            .map(|r| sums::dot(r, r))
            .collect();
        let live = vec![true; rows.len()];
        let mut new = Self {
            rows,
            norms,
            residual_sq,
            live,
            products,
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
    pub(super) fn project_out_one(&mut self, direction: &[f64]) {
        let (live, dim) = (&self.live, self.dim);
        self.residuals
            .par_chunks_exact_mut(dim)
            .zip(&mut self.residual_sq)
            .zip(live)
            .with_min_len((AT_LEAST / dim).max(1))
            .filter(|(_, live)| **live)
            .for_each(|((residual, residual_sq), _)| {
                sums::vectorised(|| {
                    let c = sums::dot(residual, direction);
                    sums::subtract(residual, c, direction);
                    *residual_sq = sums::dot(residual, residual);
                });
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

/// Projects an orthonormal basis out of `x`; `products` gain the inner products.
///
/// Leaves an error of about 2⁻⁵²‖x‖ within the span, so that a residual that comes out much
/// shorter than `x` wants a second round.
#[inline(always)]
pub(super) fn project_out(x: &mut [f64], basis: &[f64], products: &mut [f64]) {
    // All products before any subtraction: a second round then corrects the first.
    let directions = basis.chunks_exact(x.len());
    let round: Vec<f64> = directions.clone().map(|q| sums::dot(x, q)).collect();
    for ((q, c), product) in directions.zip(round).zip(products) {
        sums::subtract(x, c, q);
        *product += c;
    }
}
