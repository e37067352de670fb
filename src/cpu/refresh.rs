//! Mirror of `shaders/refresh.wgsl`.

use super::{BLOCK, CpuResiduals, sum_in_order, totals_of};
use crate::kernels::residuals::{Rate, RowState, Totals};
use crate::kernels::rounding::{DOWN_DATE_ERROR, inner_error, slip};
use crate::sums;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Computes every unmasked row's residual anew, by two projections against the whole basis.
pub(super) fn refresh(
    residuals: &mut CpuResiduals<'_>,
    basis: &[f32],
    dead: f32,
    rate: Rate,
) -> Totals {
    let pool = residuals.pool;
    let dim = pool.features.dim();
    let basis = MatRef::from_row_major_slice(basis, basis.len() / dim, dim);
    let totals: Vec<_> = residuals
        .states
        .par_chunks_mut(BLOCK)
        .zip(pool.features.values().par_chunks(BLOCK * dim))
        .map_init(
            || (vec![0.0; dim * BLOCK], vec![0.0; basis.nrows() * BLOCK]),
            |(residual, products), (states, x)| {
                let residual = &mut residual[..x.len()];
                for (r, x) in residual.iter_mut().zip(x) {
                    *r = x * pool.scale;
                }
                for _ in 0..2 {
                    project_out(basis, residual, products);
                }
                for (state, r) in states.iter_mut().zip(residual.chunks_exact(dim)) {
                    renew(state, sums::squares(r) as f32, dead, inner_error(dim));
                }
                totals_of(states, rate)
            },
        )
        .collect();
    sum_in_order(&totals)
}

/// `residual -= (residual · basisᵀ) · basis`.
fn project_out(basis: MatRef<'_, f32>, residual: &mut [f32], products: &mut [f32]) {
    let (count, dim) = (basis.nrows(), basis.ncols());
    let rows = residual.len() / dim;
    let mut products = MatMut::from_row_major_slice_mut(&mut products[..rows * count], rows, count);
    let mut residual = MatMut::from_row_major_slice_mut(residual, rows, dim);
    let replace = Accum::Replace;
    matmul(
        products.as_mut(),
        replace,
        residual.as_ref(),
        basis.transpose(),
        1.0,
        Par::Seq,
    );
    matmul(
        residual.as_mut(),
        Accum::Add,
        products.as_ref(),
        basis,
        -1.0,
        Par::Seq,
    );
}

/// Takes in a row's fresh residual, or masks the row.
fn renew(state: &mut RowState, residual_sq: f32, dead: f32, error: f32) {
    if state.is_masked() {
        return;
    }
    if dead >= 0.0 && residual_sq <= dead * dead * state.norm_sq {
        *state = RowState::MASKED;
        return;
    }
    state.residual_sq = residual_sq;
    let delta = error * state.norm_sq.sqrt();
    state.guard = slip(residual_sq.sqrt(), delta) + DOWN_DATE_ERROR * residual_sq;
}
