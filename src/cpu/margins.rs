//! The nearest of some vectors to some rows, and what the vectors' margins are. There is no shader to
//! mirror: a GPU looks at all rows instead.

use super::assign::{LANES, Products, smallest};
use super::blocks::rows_between_looks;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{self, Features};
use crate::kernels::assigner::{Assignment, CandidateGroup, Margins};
use crate::reduce;
use faer::MatRef;
use rayon::prelude::*;
use std::array;

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
    /// Of each vector, by lanes.
    least: Vec<[f32; LANES]>,
    products: Products,
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
        self.rows.clear();
        for x in features.spread(rows, &mut self.read)?.iter() {
            self.rows.extend_from_slice(x);
        }
        self.products.compute(
            MatRef::from_row_major_slice(&self.rows, rows.len(), dim),
            MatRef::from_row_major_slice(&self.vectors, among.len(), dim),
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
    let Scratch {
        offsets,
        products,
        least,
        ..
    } = scratch;
    least.clear();
    least.resize(among.len(), [f32::MAX; LANES]);
    let mut most = [f32::MIN; LANES];
    let rows = block
        .rows
        .chunks(LANES)
        .zip(block.nearest.chunks_mut(LANES));
    reduce::vectorised!({
        for (first, (rows, nearest)) in (0..).step_by(LANES).zip(rows) {
            let length = |lane: usize| rows.get(lane).map(|&row| lengths[row]);
            let found = meet_lanes(
                (products, first),
                offsets,
                array::from_fn(length),
                (&mut *least, &mut most),
            );
            for (nearest, found) in nearest.iter_mut().zip(found) {
                *nearest = found;
                nearest.index = among[found.index as usize];
            }
        }
    });
    let of_lanes = |least: &[f32; LANES]| least.iter().copied().fold(f32::MAX, f32::min);
    let most = most.into_iter().fold(f32::MIN, f32::max);
    (least.iter().map(of_lanes).collect(), most)
}

/// The nearest vectors of some rows side by side, those of no length being none; takes note of the
/// margins, and of the scores of the rows' own.
#[inline(always)]
fn meet_lanes(
    (products, first): (&Products, usize),
    offsets: &[f32],
    lengths: [Option<f32>; LANES],
    (least, most): (&mut [[f32; LANES]], &mut [f32; LANES]),
) -> [Assignment; LANES] {
    // What is of no row is put where it is neither least nor most.
    let beyond = lengths.map(|length| if length.is_some() { 0.0 } else { f32::MAX });
    let lengths = lengths.map(|length| length.unwrap_or(0.0));
    let over = lengths.map(|length| if length > 0.0 { 1.0 / length } else { 0.0 });
    smallest(offsets.len(), |vector| {
        let of_rows = products.of(vector, first);
        let scores: [f32; LANES] =
            array::from_fn(|lane| offsets[vector] * lengths[lane] - of_rows[lane]);
        if vector == 0 {
            for lane in 0..LANES {
                most[lane] = most[lane].max(scores[lane] * over[lane] - beyond[lane]);
            }
            least[0] = [0.0; LANES];
            return [0.0; LANES]; // its own margin
        }
        for (lane, least) in least[vector].iter_mut().enumerate() {
            let margin = scores[lane] * over[lane] + beyond[lane];
            *least = if margin < *least { margin } else { *least };
        }
        scores
    })
}
