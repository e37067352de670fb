//! A span that holds every row that can still be picked.
//!
//! Where few directions span all rows an epoch has few picks, and there may be thousands of epochs.
//! When such an epoch is over would take a look at every row; but rows that lie within rounding of a
//! small span are all spanned as soon as that span is.

use super::basis::{Basis, project_out};
use super::residual::Residual;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::gather::gather_scaled;
use rayon::prelude::*;

/// What distances in f64 may be off, over a row's length: a tenth of the least tolerance that there is.
const ROUNDING: f64 = 1e-13;

/// Orthonormal directions, and how far from their span a row may be.
pub(super) struct Enclosure {
    basis: Basis,
    /// Distance over length, at most, of any of the rows.
    pub(super) off: f64,
}

impl Enclosure {
    /// The span of a basis, for some rows: a pass over them in f64.
    pub(super) fn of(pool: &dyn Pool, basis: Basis, rows: &[usize]) -> Result<Self, Error> {
        let off = |x: &[f32]| {
            let mut residual = Residual::new(x);
            residual.advance(&basis);
            (residual.sq() / residual.norm_sq().max(f64::MIN_POSITIVE)).sqrt()
        };
        let mut most = 0.0f64;
        for piece in gather_scaled(pool, rows) {
            let (_, x) = piece?;
            let of_piece = x.par_chunks_exact(pool.dim()).map(off);
            most = most.max(of_piece.reduce(|| 0.0, f64::max));
        }
        Ok(Self { basis, off: most })
    }

    /// Number of directions.
    pub(super) fn len(&self) -> usize {
        self.basis.len()
    }

    /// Its directions, a row each.
    pub(super) fn directions(&self) -> &[f64] {
        self.basis.since(0).0
    }

    /// Whether no row has more than `tol` of its length left outside the span of some picks.
    ///
    /// Of a row of length 1, x = Σ c_k q_k + e with ‖c‖ ≤ 1 and ‖e‖ ≤ `off`, the span leaves at most
    /// Σ|c_k|·η_k + `off` ≤ (Ση_k²)^½ + `off`, η_k being what it leaves of q_k.
    pub(super) fn is_spanned_by(&self, picks: &Basis, tol: f64) -> bool {
        if picks.len() < self.len() {
            return false;
        }
        picks.count_projected(picks.len() * self.len());
        let (directions, dim) = (self.directions(), self.basis.dim());
        let left_sq = |q: &[f64]| {
            let mut rest = q.to_vec();
            let picks = picks.since(0).0.chunks_exact(dim);
            picks.for_each(|pick| {
                project_out(&mut rest, pick);
            });
            crate::reduce::dot(&rest, &rest)
        };
        let left_sq: f64 = directions.chunks_exact(dim).map(left_sq).sum();
        left_sq.sqrt() + self.off + ROUNDING <= tol
    }
}
