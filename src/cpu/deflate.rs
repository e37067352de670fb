//! Mirror of `shaders/deflate.wgsl`.

use super::blocks::BLOCK;
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

/// Covers the f32 sum of a block's hazards: at most 512 terms of one sign.
const SUM_SLACK: f32 = 1.0 + 1.0 / (1 << 15) as f32;
/// Covers the rounding of one subtraction from `left`.
const LEFT_SLACK: f32 = 1.0 / (1 << 22) as f32;

/// Projects `directions` out of every unmasked row, in order.
pub(super) fn deflate(
    features: &Features<'_>,
    states: &mut [RowState],
    directions: &[f32],
    dt: &[f32],
    rate: Rate,
    stop: &Stop,
) -> Result<Totals, Error> {
    let dim = features.dim();
    // The scale goes onto the few directions rather than onto every feature.
    let directions: Vec<f32> = directions.iter().map(|q| q * features.scale()).collect();
    let blocks = states.par_chunks_mut(BLOCK).enumerate();
    let totals: Result<Vec<Totals>, Error> = (stop.over(blocks))
        .map_init(
            || (vec![0.0; dt.len() * BLOCK], Scratch::default()),
            |(products, scratch), block| {
                let (at, states) = block?;
                let x = features.nth_block(at, BLOCK, scratch)?;
                let products = &mut products[..dt.len() * states.len()];
                inner_products(&directions, x, dim, products);
                down_date(states, products, dt, rate, inner_error(dim));
                Ok(totals_of(states, rate))
            },
        )
        .collect();
    Ok(sum_in_order(&totals?))
}

/// `products` = x · directionsᵀ, a row a row of `x`: this way round the GEMM repacks the few
/// directions and reads the features in place.
fn inner_products(directions: &[f32], x: &[f32], dim: usize, products: &mut [f32]) {
    let (count, rows) = (directions.len() / dim, x.len() / dim);
    matmul(
        MatMut::from_row_major_slice_mut(products, rows, count),
        Accum::Replace,
        MatRef::from_row_major_slice(x, rows, dim),
        MatRef::from_row_major_slice(directions, count, dim).transpose(),
        1.0,
        Par::Seq,
    );
}

/// The epilogue. The usual powers are known where it is compiled, so that its loops vectorise;
/// the others call the system's `powf`.
fn down_date(states: &mut [RowState], products: &[f32], dt: &[f32], rate: Rate, error: f32) {
    match rate.power {
        1.0 => reduce::vectorised!(down_date_by::<1>(states, products, dt, rate, error)),
        2.0 => reduce::vectorised!(down_date_by::<2>(states, products, dt, rate, error)),
        _ => down_date_by::<0>(states, products, dt, rate, error),
    }
}

/// `POWER` is the rate's power, or 0 for any.
#[inline(always)]
fn down_date_by<const POWER: u8>(
    states: &mut [RowState],
    products: &[f32],
    dt: &[f32],
    mut rate: Rate,
    error: f32,
) {
    if POWER > 0 {
        rate.power = f32::from(POWER);
    }
    let mut bounds = Bounds::<BLOCK>::of(states, error);
    let mut hazard = [0.0f32; BLOCK];
    for (m, &time) in dt.iter().enumerate() {
        for (i, hazard) in hazard.iter_mut().enumerate() {
            *hazard += time * rate.of(bounds.residual_sq[i] + bounds.guard[i]);
        }
        bounds.take(products, states.len(), m);
    }
    for (i, state) in states
        .iter_mut()
        .enumerate()
        .filter(|(_, s)| !s.is_masked())
    {
        let left = state.left - hazard[i] * SUM_SLACK - state.left * LEFT_SLACK;
        state.left = left.max(0.0);
        bounds.write(i, state);
    }
}

/// The bounds of some rows' residuals, a value a row: loops over them are over lanes.
pub(super) struct Bounds<const ROWS: usize> {
    residual_sq: [f32; ROWS],
    guard: [f32; ROWS],
    /// How far products with a direction may be off.
    delta: [f32; ROWS],
    /// Those with the direction that is projected out.
    column: [f32; ROWS],
}

impl<const ROWS: usize> Bounds<ROWS> {
    /// Of at most `ROWS` rows, as a deflation finds them.
    #[inline(always)]
    pub(super) fn of(states: &[RowState], error: f32) -> Self {
        let mut new = Self {
            residual_sq: [0.0; ROWS],
            guard: [0.0; ROWS],
            delta: [0.0; ROWS],
            column: [0.0; ROWS],
        };
        for (i, state) in states.iter().enumerate() {
            // A masked row's residual is negative: the arithmetic runs on 0 and is not kept.
            new.residual_sq[i] = state.residual_sq.max(0.0);
            new.guard[i] = state.guard + DOWN_DATE_ERROR * new.residual_sq[i];
            new.delta[i] = error * state.norm_sq.sqrt();
        }
        new
    }

    /// Projects out the direction `m`; `products` are rows x directions.
    #[inline(always)]
    pub(super) fn take(&mut self, products: &[f32], rows: usize, m: usize) {
        let of_rows = products.chunks_exact(products.len() / rows);
        for (c, of_row) in self.column.iter_mut().zip(of_rows) {
            *c = of_row[m];
        }
        for i in 0..ROWS {
            let c = self.column[i];
            self.guard[i] += slip(c, self.delta[i]);
            self.residual_sq[i] = (self.residual_sq[i] - c * c).max(0.0);
        }
    }

    #[inline(always)]
    pub(super) fn write(&self, i: usize, state: &mut RowState) {
        state.residual_sq = self.residual_sq[i];
        state.guard = self.guard[i];
    }
}
