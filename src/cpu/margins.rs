//! The nearest of some vectors to some rows, and what the vectors' margins are. There is no shader to
//! mirror: a GPU looks at all rows instead.

use super::assign::smallest;
use super::blocks::rows_between_looks;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{self, Features};
use crate::kernels::assigner::{Assignment, CandidateGroup, Margins};
use crate::reduce;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;

/// Some rows of a group.
struct Block<'a> {
    group: usize,
    rows: &'a [usize],
    nearest: &'a mut [Assignment],
}

/// What a thread works in.
#[derive(Default)]
struct Scratch {
    read: features::Scratch,
    rows: Vec<f32>,
    vectors: Vec<f32>,
    offsets: Vec<f32>,
    products: Vec<f32>,
}

/// For the rows of every group the nearest of its vectors, and the vectors' least margins.
pub(super) fn margins(
    features: &Features<'_>,
    groups: &[CandidateGroup<'_>],
    vectors: &[f64],
    offsets: &[f64],
    lengths: &[f32],
    stop: &Stop,
) -> Result<Vec<Margins>, Error> {
    let mut margins: Vec<Margins> = groups.iter().map(Margins::none).collect();
    let blocks =
        (groups.iter().zip(&mut margins).enumerate()).flat_map(|(index, (group, margins))| {
            let block = rows_between_looks(group.vectors.len() * features.dim());
            let nearest = margins.nearest.chunks_mut(block);
            (group.rows.chunks(block).zip(nearest)).map(move |(rows, nearest)| Block {
                group: index,
                rows,
                nearest,
            })
        });
    let blocks: Vec<Block<'_>> = blocks.collect();
    let blocks = stop.over(blocks.into_par_iter());
    let found: Result<Vec<(usize, Vec<f32>, f32)>, Error> = blocks
        .map_init(Scratch::default, |scratch, block| {
            let block = block?;
            let index = block.group;
            let group = &groups[index];
            scratch.fill(features, block.rows, &group.vectors, vectors, offsets)?;
            let (least, own) = meet(block, &group.vectors, lengths, scratch);
            Ok((index, least, own))
        })
        .collect();
    for (index, least, own) in found? {
        let margins = &mut margins[index];
        margins.own = margins.own.max(own);
        for (all, least) in margins.least.iter_mut().zip(least) {
            *all = all.min(least);
        }
    }
    Ok(margins)
}

impl Scratch {
    /// Makes the products of some rows with the first of some vectors, and with what the others differ
    /// by from it.
    fn fill(
        &mut self,
        features: &Features<'_>,
        rows: &[usize],
        among: &[u32],
        vectors: &[f64],
        offsets: &[f64],
    ) -> Result<(), Error> {
        let dim = features.dim();
        // The scale goes onto the few vectors rather than onto every feature.
        let scale = f64::from(features.scale());
        let vector = |vector: u32| &vectors[vector as usize * dim..][..dim];
        let own = vector(among[0]);
        self.vectors.resize(among.len() * dim, 0.0);
        let (first, rest) = self.vectors.split_at_mut(dim);
        reduce::vectorised!({
            for (to, v) in first.iter_mut().zip(own) {
                *to = (v * scale) as f32;
            }
            for (to, &other) in rest.chunks_exact_mut(dim).zip(&among[1..]) {
                for ((to, v), own) in to.iter_mut().zip(vector(other)).zip(own) {
                    *to = ((v - own) * scale) as f32;
                }
            }
        });
        let offset = |&vector: &u32| offsets[vector as usize];
        let own = offset(&among[0]);
        self.offsets.clear();
        self.offsets.push(own as f32);
        let others = among[1..].iter().map(offset);
        self.offsets
            .extend(others.map(|other| (other - own) as f32));
        self.products.resize(rows.len() * among.len(), 0.0);
        self.rows.clear();
        for x in features.spread(rows, &mut self.read)?.iter() {
            self.rows.extend_from_slice(x);
        }
        matmul(
            MatMut::from_row_major_slice_mut(&mut self.products, rows.len(), among.len()),
            Accum::Replace,
            MatRef::from_row_major_slice(&self.rows, rows.len(), dim),
            MatRef::from_row_major_slice(&self.vectors, among.len(), dim).transpose(),
            1.0,
            Par::Seq,
        );
        Ok(())
    }
}

/// The vectors' least margins over the rows of a block, and the largest score of the rows' own.
fn meet(
    block: Block<'_>,
    among: &[u32],
    lengths: &[f32],
    scratch: &mut Scratch,
) -> (Vec<f32>, f32) {
    let (offsets, products) = (&scratch.offsets, &mut scratch.products);
    let (mut least, mut most) = (vec![f32::MAX; among.len()], f32::MIN);
    let scores = products.chunks_exact_mut(among.len());
    reduce::vectorised!({
        for ((nearest, &row), scores) in block.nearest.iter_mut().zip(block.rows).zip(scores) {
            let (length, over) = (lengths[row], 1.0 / lengths[row]);
            for (score, offset) in scores.iter_mut().zip(offsets) {
                *score = offset * length - *score;
            }
            most = most.max(scores[0] * over);
            scores[0] = 0.0; // its own margin
            for (least, margin) in least.iter_mut().zip(&*scores) {
                let margin = margin * over;
                *least = if margin < *least { margin } else { *least };
            }
            *nearest = smallest(scores);
            nearest.index = among[nearest.index as usize];
        }
    });
    (least, most)
}
