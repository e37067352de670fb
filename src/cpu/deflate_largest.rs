//! Deflation of the rows alone that count. There is no shader to mirror: a GPU deflates all rows
//! instead.

use super::deflate::Bounds;
use super::totals::{sum_in_order, totals_of};
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::kernels::residuals::{Rate, RowState, Totals};
use crate::kernels::rounding::inner_error;
use crate::products::{FloatColumns, LANES, float_products};
use crate::{rank, reduce};
use rayon::prelude::*;

/// Rows that one thread works on at a time.
const BLOCK: usize = 64;
/// Directions whose products a register tile has at a time.
const TILE: usize = 4 * LANES;
/// So many times the rows asked for are brought up to date to begin with: what is left of them tells
/// which others may be among the largest.
const AHEAD: usize = 2;
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

    /// Of some rows those that lack any of `now` directions, together with those that have as many.
    fn alike(&self, rows: &[usize], now: usize) -> Vec<(usize, Vec<usize>)> {
        let mut alike: Vec<_> = (0..now).map(|known| (known, Vec::new())).collect();
        for &row in rows {
            if let Some((_, rows)) = alike.get_mut(self.known[row] as usize) {
                rows.push(row);
            }
        }
        alike.retain(|(_, rows)| !rows.is_empty());
        alike
    }

    /// The directions of `dim` values after the first `known`, as many to a pack as go together.
    fn packed(&self, known: usize, dim: usize) -> Vec<FloatColumns> {
        let lacks = &self.directions[known * dim..];
        let packs = lacks.par_chunks(at_once(lacks.len() / dim) * dim);
        packs.map(|lacks| FloatColumns::of(lacks, dim)).collect()
    }
}

/// Takes in directions, and brings those rows up to date whose bounds may then be among the `count`
/// largest.
pub(super) fn deflate_largest(
    features: &Features<'_>,
    states: &mut [RowState],
    lacking: &mut Lacking,
    directions: &[f32],
    count: usize,
    rate: Rate,
    stop: &Stop,
) -> Result<Totals, Error> {
    let (scale, count) = (features.scale(), count.max(1));
    let scaled = directions.iter().map(|q| q * scale);
    lacking.directions.extend(scaled);
    let bounds = bounds(states);
    let nth_largest = rank::nth_largest(bounds.iter().copied(), AHEAD * count);
    let first = at_least(nth_largest, &bounds);
    catch_up(features, states, lacking, &first, stop)?;
    let caught_up = first.iter().map(|&row| bound(&states[row]));
    let others = at_least(rank::nth_largest(caught_up, count), &bounds);
    catch_up(features, states, lacking, &others, stop)?;
    let chunks = states.par_chunks(CHUNK);
    let totals: Vec<Totals> = chunks.map(|states| totals_of(states, rate)).collect();
    Ok(sum_in_order(&totals))
}

fn bounds(states: &[RowState]) -> Vec<f32> {
    states.par_iter().with_min_len(CHUNK).map(bound).collect()
}

/// A row's bound; where it is masked what is below all.
fn bound(state: &RowState) -> f32 {
    if state.is_masked() {
        f32::NEG_INFINITY
    } else {
        state.bound_sq()
    }
}

/// The unmasked rows whose bound is at least that, or all.
fn at_least(least: Option<f32>, bounds: &[f32]) -> Vec<usize> {
    let least = least.unwrap_or(f32::MIN).max(f32::MIN);
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
pub(super) fn catch_up_all(
    features: &Features<'_>,
    states: &mut [RowState],
    lacking: &mut Lacking,
    stop: &Stop,
) -> Result<(), Error> {
    if !lacking.directions.is_empty() {
        let all = at_least(None, &bounds(states));
        catch_up(features, states, lacking, &all, stop)?;
        lacking.clear();
    }
    Ok(())
}

/// The rows of a block, and what has become of their states.
type CaughtUp<'a> = Result<(&'a [usize], Vec<RowState>), Error>;

/// Brings rows up to date, none of them masked, each named once and in the order of memory.
fn catch_up(
    features: &Features<'_>,
    states: &mut [RowState],
    lacking: &mut Lacking,
    rows: &[usize],
    stop: &Stop,
) -> Result<(), Error> {
    let dim = features.dim();
    let now = lacking.directions.len() / dim;
    let alike = lacking.alike(rows, now);
    let packed: Vec<(&[usize], Vec<FloatColumns>)> = (alike.par_iter())
        .map(|(known, rows)| (&rows[..], lacking.packed(*known, dim)))
        .collect();
    let blocks: Vec<(&[usize], &[FloatColumns])> = (packed.iter())
        .flat_map(|(rows, lacks)| rows.chunks(BLOCK).map(|rows| (rows, &lacks[..])))
        .collect();
    let caught_up = (stop.over(blocks.into_par_iter())).map_init(
        <(Vec<f32>, Scratch)>::default,
        |(products, scratch), block| {
            let (rows, lacks) = block?;
            let x = features.spread(rows, scratch)?;
            let mut states: Vec<RowState> = rows.iter().map(|&row| states[row]).collect();
            for directions in lacks {
                stop.check()?; // there may be as many as columns
                products.resize(rows.len() * directions.len(), 0.0);
                float_products(x.values, x.places, directions, products);
                shrink(&mut states, products, inner_error(dim));
            }
            Ok((rows, states))
        },
    );
    // Blocks are few and short: into one list at once.
    let caught_up: Vec<CaughtUp<'_>> = caught_up.collect();
    for caught_up in caught_up {
        let (rows, new) = caught_up?;
        for (&row, state) in rows.iter().zip(new) {
            states[row] = state;
            lacking.known[row] = now as u32;
        }
    }
    Ok(())
}

/// What `deflate` does to states where no time passes between the directions: of a block's rows, none
/// of them masked.
fn shrink(states: &mut [RowState], products: &[f32], error: f32) {
    reduce::vectorised!({
        let mut bounds = Bounds::<BLOCK>::of(states, error);
        for m in 0..products.len() / states.len() {
            bounds.take(products, states.len(), m);
        }
        for (i, state) in states.iter_mut().enumerate() {
            bounds.write(i, state);
        }
    });
}
