//! Mirror of `shaders/refresh.wgsl`.

use super::blocks::{BETWEEN_LOOKS, BLOCK};
use super::totals::{sum_in_order, totals_of};
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::kernels::residuals::{Rate, RowState, Totals};
use crate::kernels::rounding::{DOWN_DATE_ERROR, inner_error, slip};
use crate::reduce;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Computes every unmasked row's residual anew, by two projections against the whole basis.
pub(super) fn refresh(
    features: &Features<'_>,
    states: &mut [RowState],
    basis: &[f32],
    dead: f32,
    rate: Rate,
    stop: &Stop,
) -> Result<Totals, Error> {
    let (dim, scale) = (features.dim(), features.scale());
    let basis = MatRef::from_row_major_slice(basis, basis.len() / dim, dim);
    let blocks = states.par_chunks_mut(BLOCK).enumerate();
    let totals: Result<Vec<Totals>, Error> = (stop.over(blocks))
        .map_init(
            || {
                let products = vec![0.0; basis.nrows() * BLOCK];
                (vec![0.0; dim * BLOCK], products, Scratch::default())
            },
            |(residual, products, scratch), block| {
                let (at, states) = block?;
                let x = features.nth_block(at, BLOCK, scratch)?;
                let residual = &mut residual[..x.len()];
                for (r, x) in residual.iter_mut().zip(x) {
                    *r = x * scale;
                }
                for _ in 0..2 {
                    project_out(basis, residual, products, stop)?;
                }
                for (state, r) in states.iter_mut().zip(residual.chunks_exact(dim)) {
                    renew(state, reduce::squares(r) as f32, dead, inner_error(dim));
                }
                Ok(totals_of(states, rate))
            },
        )
        .collect();
    Ok(sum_in_order(&totals?))
}

/// `residual -= (residual · basisᵀ) · basis`, by some directions at a time where there are many.
fn project_out(
    basis: MatRef<'_, f32>,
    residual: &mut [f32],
    products: &mut [f32],
    stop: &Stop,
) -> Result<(), Error> {
    let (count, dim) = (basis.nrows(), basis.ncols());
    let rows = residual.len() / dim;
    let mut products = MatMut::from_row_major_slice_mut(&mut products[..rows * count], rows, count);
    let mut residual = MatMut::from_row_major_slice_mut(residual, rows, dim);
    let at_once = (BETWEEN_LOOKS / (rows * dim)).max(1);
    let some = |first: usize| (first, at_once.min(count - first));
    for (first, some) in (0..count).step_by(at_once).map(some) {
        stop.check()?;
        matmul(
            products.as_mut().subcols_mut(first, some),
            Accum::Replace,
            residual.as_ref(),
            basis.subrows(first, some).transpose(),
            1.0,
            Par::Seq,
        );
    }
    for (first, some) in (0..count).step_by(at_once).map(some) {
        stop.check()?;
        matmul(
            residual.as_mut(),
            Accum::Add,
            products.as_ref().subcols(first, some),
            basis.subrows(first, some),
            -1.0,
            Par::Seq,
        );
    }
    Ok(())
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
