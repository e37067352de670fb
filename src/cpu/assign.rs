//! Mirror of `shaders/assign.wgsl`.

use super::blocks::rows_between_looks;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::kernels::assigner::Assignment;
use crate::reduce;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::array;

/// For every row the vector of the smallest score.
pub(super) fn assign(
    features: &Features<'_>,
    vectors: &[f32],
    offsets: &[f32],
    lengths: &[f32],
    stop: &Stop,
) -> Result<Vec<Assignment>, Error> {
    let (dim, count) = (features.dim(), offsets.len());
    // The scale goes onto the few vectors rather than onto every feature.
    let vectors: Vec<f32> = vectors.iter().map(|v| v * features.scale()).collect();
    let vectors = MatRef::from_row_major_slice(&vectors, count, dim);
    let block = rows_between_looks(count * dim);
    let mut nearest = vec![bytemuck::Zeroable::zeroed(); lengths.len()];
    let blocks = nearest
        .par_chunks_mut(block)
        .zip(lengths.par_chunks(block))
        .enumerate();
    stop.over(blocks).try_for_each_init(
        || (Products::default(), Scratch::default()),
        |(products, scratch), found| {
            let (at, (nearest, lengths)) = found?;
            let x = features.nth_block(at, block, scratch)?;
            products.compute(MatRef::from_row_major_slice(x, lengths.len(), dim), vectors);
            reduce::vectorised!(meet(products, offsets, lengths, nearest));
            Ok(())
        },
    )?;
    Ok(nearest)
}

#[inline(always)]
fn meet(products: &Products, offsets: &[f32], lengths: &[f32], nearest: &mut [Assignment]) {
    let rows = lengths.chunks(LANES).zip(nearest.chunks_mut(LANES));
    for (first, (some, nearest)) in (0..).step_by(LANES).zip(rows) {
        let lengths: [f32; LANES] = array::from_fn(|lane| some.get(lane).copied().unwrap_or(0.0));
        let found = smallest(offsets.len(), |vector| {
            let (products, offset) = (products.of(vector, first), offsets[vector]);
            array::from_fn(|lane| offset * lengths[lane] - products[lane])
        });
        nearest.copy_from_slice(&found[..some.len()]);
    }
}

/// Rows whose scores are compared side by side.
pub(super) const LANES: usize = 16;

/// Products of some rows with some vectors: all of one vector, then those of the next.
#[derive(Default)]
pub(super) struct Products {
    values: Vec<f32>,
    /// Rows, filled up to whole lanes.
    pitch: usize,
}

impl Products {
    /// Of rows with vectors, each a row of its matrix.
    pub(super) fn compute(&mut self, rows: MatRef<'_, f32>, vectors: MatRef<'_, f32>) {
        self.pitch = rows.nrows().next_multiple_of(LANES);
        self.values.resize(self.pitch * vectors.nrows(), 0.0);
        let of_rows = MatMut::from_column_major_slice_with_stride_mut(
            &mut self.values,
            rows.nrows(),
            vectors.nrows(),
            self.pitch,
        );
        let vectors = vectors.transpose();
        matmul(of_rows, Accum::Replace, rows, vectors, 1.0, Par::Seq);
    }

    /// Those of a vector with the rows from `first` on; past the last row there may be anything finite.
    #[inline(always)]
    pub(super) fn of(&self, vector: usize, first: usize) -> &[f32; LANES] {
        let products = self.values[vector * self.pitch + first..].first_chunk();
        products.expect("the pitch is whole lanes")
    }
}

/// For rows side by side the smallest of so many scores and the next; a tie goes to the lower index.
#[inline(always)]
pub(super) fn smallest(
    count: usize,
    mut scores: impl FnMut(usize) -> [f32; LANES],
) -> [Assignment; LANES] {
    let (mut best, mut second) = ([f32::MAX; LANES], [f32::MAX; LANES]);
    let mut index = [0u32; LANES];
    for vector in 0..count {
        let scores = scores(vector);
        for lane in 0..LANES {
            let (score, leader) = (scores[lane], best[lane]);
            let is_less = score < leader;
            let loser = if is_less { leader } else { score };
            best[lane] = if is_less { score } else { leader };
            index[lane] = if is_less { vector as u32 } else { index[lane] };
            second[lane] = if loser < second[lane] {
                loser
            } else {
                second[lane]
            };
        }
    }
    array::from_fn(|lane| Assignment {
        index: index[lane],
        best: best[lane],
        second: second[lane],
    })
}
