//! Deflation of the rows alone that count. There is no shader to mirror: a GPU deflates all rows
//! instead.

use super::{CpuResiduals, sum_in_order, totals_of};
use crate::products::{FloatColumns, LANES, float_products};
use crate::{DOWN_DATE_ERROR, Rate, RowState, Totals, inner_error, slip, sums};
use rayon::prelude::*;

/// Rows that one thread works on at a time.
const BLOCK: usize = 64;
/// Directions whose products a register tile has at a time.
const TILE: usize = 4 * LANES;
/// So many times the rows asked for are brought up to date to begin with: what is left of them tells
/// which others may be among the largest.
const AHEAD: usize = 2;
/// So many times the bounds asked for are kept before the largest are chosen among them.
const ROOM: usize = 4;
/// Rows whose states a thread looks at in one go.
const CHUNK: usize = 1 << 13;

/// The directions that some rows lack.
pub(super) struct Lacking {
    /// Times the pool's scale, as features are.
    directions: Vec<f32>,
    /// How many of them each row has had projected out.
    known: Vec<u32>,
}

impl Lacking {
    /// No row lacks any.
    pub(super) fn none(rows: usize) -> Self {
        Self {
            directions: Vec::new(),
            known: vec![0; rows],
        }
    }

    /// Every row has had all of them projected out, or never will.
    pub(super) fn clear(&mut self) {
        self.directions.clear();
        self.known.fill(0);
    }

    /// A row of `dim` values has had all of them projected out.
    pub(super) fn set_up_to_date(&mut self, row: usize, dim: usize) {
        self.known[row] = (self.directions.len() / dim) as u32;
    }
}

/// Takes in directions, and brings those rows up to date whose bounds may then be among the `count`
/// largest.
pub(super) fn deflate_largest(
    residuals: &mut CpuResiduals<'_>,
    directions: &[f32],
    count: usize,
    rate: Rate,
) -> Totals {
    let (scale, count) = (residuals.pool.scale, count.max(1));
    let scaled = directions.iter().map(|q| q * scale);
    residuals.lacking.directions.extend(scaled);
    let bounds = bounds(&residuals.states);
    let first = at_least(nth_largest(bounds.iter().copied(), AHEAD * count), &bounds);
    catch_up(residuals, &first);
    let caught_up = first.iter().map(|&row| bound(&residuals.states[row]));
    let others = at_least(nth_largest(caught_up, count), &bounds);
    catch_up(residuals, &others);
    let chunks = residuals.states.par_chunks(CHUNK);
    let totals: Vec<Totals> = chunks.map(|states| totals_of(states, rate)).collect();
    sum_in_order(&totals)
}

fn bounds(states: &[RowState]) -> Vec<f32> {
    states.par_iter().with_min_len(CHUNK).map(bound).collect()
}

/// A row's bound; what is below all, and no number, where it is masked.
fn bound(state: &RowState) -> f32 {
    if state.is_masked() {
        f32::NEG_INFINITY
    } else {
        state.bound_sq()
    }
}

/// The bound at place `n` from the top, from 1; what is below all numbers' where there is none.
fn nth_largest(bounds: impl Iterator<Item = f32>, n: usize) -> f32 {
    let last = |largest: &mut Vec<f32>| {
        *largest
            .select_nth_unstable_by(n - 1, |a, b| b.total_cmp(a))
            .1
    };
    let (mut largest, mut limit) = (Vec::new(), f32::MIN);
    for bound in bounds {
        if bound > limit {
            largest.push(bound);
        }
        if largest.len() == ROOM * n {
            limit = last(&mut largest);
            largest.truncate(n);
        }
    }
    if largest.len() < n {
        limit
    } else {
        last(&mut largest)
    }
}

/// The rows whose bound is at least that number.
fn at_least(least: f32, bounds: &[f32]) -> Vec<usize> {
    let rows = bounds.par_iter().enumerate().with_min_len(CHUNK);
    let rows = rows.filter(|(_, bound)| **bound >= least);
    rows.map(|(row, _)| row).collect()
}

/// Of so many directions, how many are projected out together: as many as fill a tile, or less where
/// that leaves no remainder for which there are hardly any products to a row.
fn at_once(directions: usize) -> usize {
    let lanes = directions.div_ceil(LANES);
    lanes.div_ceil(directions.div_ceil(TILE)) * LANES
}

/// Brings every row up to date.
pub(super) fn catch_up_all(residuals: &mut CpuResiduals<'_>) {
    if !residuals.lacking.directions.is_empty() {
        let all = at_least(f32::MIN, &bounds(&residuals.states));
        catch_up(residuals, &all);
        residuals.lacking.clear();
    }
}

/// Brings rows up to date, none of them masked, each named once and in the order of memory.
fn catch_up(residuals: &mut CpuResiduals<'_>, rows: &[usize]) {
    let (pool, states, lacking) = (residuals.pool, &residuals.states, &residuals.lacking);
    let (features, dim) = (pool.features.values(), pool.features.dim());
    let now = lacking.directions.len() / dim;
    // Those that lack the same go together.
    let mut alike = vec![Vec::new(); now];
    for &row in rows {
        if let Some(alike) = alike.get_mut(lacking.known[row] as usize) {
            alike.push(row);
        }
    }
    let alike: Vec<(usize, Vec<usize>)> = alike.into_iter().enumerate().collect();
    let packed: Vec<(&[usize], Vec<FloatColumns>)> = (alike.par_iter())
        .filter(|(_, rows)| !rows.is_empty())
        .map(|(known, rows)| {
            let directions = &lacking.directions[known * dim..];
            let lacks = directions.par_chunks(at_once(now - known) * dim);
            (
                &rows[..],
                lacks.map(|lacks| FloatColumns::of(lacks, dim)).collect(),
            )
        })
        .collect();
    let blocks: Vec<(&[usize], &[FloatColumns])> = (packed.iter())
        .flat_map(|(rows, lacks)| rows.chunks(BLOCK).map(|rows| (rows, &lacks[..])))
        .collect();
    let caught_up = blocks
        .into_par_iter()
        .map_init(Vec::new, |products, (rows, lacks)| {
            let mut states: Vec<RowState> = rows.iter().map(|&row| states[row]).collect();
            for directions in lacks {
                products.resize(rows.len() * directions.len(), 0.0);
                float_products(features, rows, directions, products);
                shrink(&mut states, products, inner_error(dim));
            }
            (rows, states)
        });
    let caught_up: Vec<(&[usize], Vec<RowState>)> = caught_up.collect();
    for (rows, states) in caught_up {
        for (&row, state) in rows.iter().zip(states) {
            residuals.states[row] = state;
            residuals.lacking.known[row] = now as u32;
        }
    }
}

/// What `deflate` does to states where no time passes between the directions: of a block's rows, none
/// of them masked.
fn shrink(states: &mut [RowState], products: &[f32], error: f32) {
    sums::vectorised!(shrink_all(states, products, error));
}

#[inline(always)]
fn shrink_all(states: &mut [RowState], products: &[f32], error: f32) {
    let number = products.len() / states.len();
    let (mut residual_sq, mut guard) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
    let (mut delta, mut column) = ([0.0f32; BLOCK], [0.0f32; BLOCK]);
    for (i, state) in states.iter().enumerate() {
        residual_sq[i] = state.residual_sq;
        guard[i] = state.guard + DOWN_DATE_ERROR * residual_sq[i];
        delta[i] = error * state.norm_sq.sqrt();
    }
    for m in 0..number {
        for (c, row) in column.iter_mut().zip(products.chunks_exact(number)) {
            *c = row[m];
        }
        for i in 0..BLOCK {
            guard[i] += slip(column[i], delta[i]);
            residual_sq[i] = (residual_sq[i] - column[i] * column[i]).max(0.0);
        }
    }
    for (i, state) in states.iter_mut().enumerate() {
        state.residual_sq = residual_sq[i];
        state.guard = guard[i];
    }
}
