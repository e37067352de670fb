//! Mirror of `shaders/nearest.wgsl`.

use super::{BLOCK, CpuPool};
use crate::{Nearest, sums};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// For every row the vector of the smallest score.
pub(super) fn nearest(
    pool: &CpuPool<'_>,
    vectors: &[f32],
    offsets: &[f32],
    lengths: &[f32],
) -> Vec<Nearest> {
    let (dim, count) = (pool.features.dim(), offsets.len());
    // The scale goes onto the few vectors rather than onto every feature.
    let vectors: Vec<f32> = vectors.iter().map(|v| v * pool.scale).collect();
    let vectors = MatRef::from_row_major_slice(&vectors, count, dim);
    let mut nearest = vec![bytemuck::Zeroable::zeroed(); lengths.len()];
    nearest
        .par_chunks_mut(BLOCK)
        .zip(pool.features.values().par_chunks(BLOCK * dim))
        .zip(lengths.par_chunks(BLOCK))
        .for_each_init(
            || vec![0.0; count * BLOCK],
            |products, ((nearest, x), lengths)| {
                let rows = lengths.len();
                let products = &mut products[..rows * count];
                matmul(
                    MatMut::from_row_major_slice_mut(products, rows, count),
                    Accum::Replace,
                    MatRef::from_row_major_slice(x, rows, dim),
                    vectors.transpose(),
                    1.0,
                    Par::Seq,
                );
                let rows = nearest
                    .iter_mut()
                    .zip(products.chunks_exact(count))
                    .zip(lengths);
                sums::vectorised(|| {
                    for ((nearest, products), &length) in rows {
                        *nearest = smallest(products, offsets, length);
                    }
                });
            },
        );
    nearest
}

/// The smallest score and the next; a tie goes to the lower index.
#[inline(always)]
fn smallest(products: &[f32], offsets: &[f32], length: f32) -> Nearest {
    let mut nearest = Nearest {
        index: 0,
        best: f32::MAX,
        second: f32::MAX,
    };
    for (index, (product, offset)) in (0..).zip(products.iter().zip(offsets)) {
        let score = offset * length - product;
        if score < nearest.best {
            nearest = Nearest {
                index,
                best: score,
                second: nearest.best,
            };
        } else {
            nearest.second = nearest.second.min(score);
        }
    }
    nearest
}
