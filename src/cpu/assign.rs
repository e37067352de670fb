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
        || (vec![0.0; count * block], Scratch::default()),
        |(products, scratch), found| {
            let (at, (nearest, lengths)) = found?;
            let x = features.nth_block(at, block, scratch)?;
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
                .zip(products.chunks_exact_mut(count))
                .zip(lengths);
            reduce::vectorised!({
                for ((nearest, scores), &length) in rows {
                    for (score, offset) in scores.iter_mut().zip(offsets) {
                        *score = offset * length - *score;
                    }
                    *nearest = smallest(scores);
                }
            });
            Ok(())
        },
    )?;
    Ok(nearest)
}

/// Scores that are compared side by side.
const LANES: usize = 16;

const NONE: Assignment = Assignment {
    index: 0,
    best: f32::MAX,
    second: f32::MAX,
};

/// The smallest score and the next; a tie goes to the lower index.
#[inline(always)]
pub(super) fn smallest(scores: &[f32]) -> Assignment {
    let mut best = [f32::MAX; LANES];
    let mut second = [f32::MAX; LANES];
    let mut block_of = [0u32; LANES];
    let (blocks, rest) = scores.as_chunks::<LANES>();
    for (block, scores) in (0..).zip(blocks) {
        for lane in 0..LANES {
            let (score, leader) = (scores[lane], best[lane]);
            let is_less = score < leader;
            let loser = if is_less { leader } else { score };
            best[lane] = if is_less { score } else { leader };
            block_of[lane] = if is_less { block } else { block_of[lane] };
            second[lane] = if loser < second[lane] {
                loser
            } else {
                second[lane]
            };
        }
    }
    let mut nearest = if blocks.is_empty() {
        NONE
    } else {
        of_lanes(&best, &second, &block_of)
    };
    let first = (blocks.len() * LANES) as u32;
    for (index, &score) in (first..).zip(rest) {
        meet(&mut nearest, index, score);
    }
    nearest
}

/// The smallest score of all lanes and the next, given each lane's own and in which block it met the
/// smallest.
#[inline(always)]
fn of_lanes(best: &[f32; LANES], second: &[f32; LANES], block_of: &[u32; LANES]) -> Assignment {
    let mut least = f32::MAX;
    for &score in best {
        least = if score < least { score } else { least };
    }
    let mut index = u32::MAX;
    for lane in 0..LANES {
        let own = block_of[lane] * LANES as u32 + lane as u32;
        let own = if best[lane] == least { own } else { u32::MAX };
        index = index.min(own);
    }
    let mut next = f32::MAX;
    for lane in 0..LANES {
        let is_least = lane as u32 == index % LANES as u32;
        let own = if is_least { second[lane] } else { best[lane] };
        next = if own < next { own } else { next };
    }
    Assignment {
        index,
        best: least,
        second: next,
    }
}

/// Adds the score of a later index.
#[inline(always)]
fn meet(nearest: &mut Assignment, index: u32, score: f32) {
    if score < nearest.best {
        *nearest = Assignment {
            index,
            best: score,
            second: nearest.best,
        };
    } else {
        nearest.second = nearest.second.min(score);
    }
}
