//! Vectors that compete for the rows: scores in f64, and what bounds them.

use super::middle::middle;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::rounding::UNIT_ROUNDOFF;
use crate::{rank, reduce};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::sync::OnceLock;

/// Vectors whose distances to all are found at a time.
const BLOCK: usize = 64;

/// Vectors v that compete for the points of a pool: z goes to the k of the smallest `offsets[k]` − ⟨z, v_k⟩,
/// ties to the lower k.
pub(in crate::select) struct Rivals {
    /// Values a vector.
    pub(in crate::select) dim: usize,
    /// `offsets.len()` x `dim`, row-major.
    pub(in crate::select) vectors: Vec<f64>,
    pub(in crate::select) offsets: Vec<f64>,
    /// How far any two vectors are apart at most, found when it is asked for.
    apart: OnceLock<Vec<f32>>,
}

impl Rivals {
    pub(in crate::select) fn new(dim: usize, vectors: Vec<f64>, offsets: Vec<f64>) -> Self {
        Self {
            dim,
            vectors,
            offsets,
            apart: OnceLock::new(),
        }
    }

    /// Points, of which the nearest to a point x is that of the least ½⟨v, v⟩ − ⟨x, v⟩.
    pub(in crate::select) fn of_points(dim: usize, vectors: Vec<f64>) -> Self {
        let halves = vectors.chunks_exact(dim);
        let halves = halves.map(|v| 0.5 * reduce::vectorised!(reduce::dot(v, v)));
        let offsets = halves.collect();
        Self::new(dim, vectors, offsets)
    }

    /// The vector nearest to a point, in f64.
    pub(in crate::select) fn nearest(&self, z: &[f64]) -> usize {
        let scores: Vec<f64> = reduce::vectorised!({
            self.vectors
                .chunks_exact(self.dim)
                .zip(&self.offsets)
                .map(|(vector, offset)| offset - reduce::dot(z, vector))
                .collect()
        });
        rank::argmin(scores.into_iter().zip(0..)).map_or(0, |(_, index)| index)
    }

    /// Of some of the vectors the nearest to a unit row, in f64.
    pub(super) fn assignment_of(&self, among: &[u32], z: &[f64]) -> usize {
        let scores = among.iter().map(|&vector| self.score(vector as usize, z));
        let scores: Vec<f64> = reduce::vectorised!(scores.collect());
        let scores = scores
            .into_iter()
            .zip(among.iter().map(|&index| index as usize));
        rank::argmin(scores).map_or(0, |(_, index)| index)
    }

    /// The score of one of the vectors for a unit row, in f64.
    #[inline(always)]
    pub(in crate::select) fn score(&self, vector: usize, z: &[f64]) -> f64 {
        self.offsets[vector] - reduce::dot(z, self.vector(vector))
    }

    #[inline(always)]
    fn vector(&self, vector: usize) -> &[f64] {
        &self.vectors[vector * self.dim..][..self.dim]
    }

    /// The same less a vector and an offset in the middle of them all. No row's nearest is another for
    /// it, and where most vectors are close to each other their scores are small, and so is what f32
    /// makes of them.
    pub(super) fn centred(&self) -> Self {
        let vector = middle(&self.vectors, self.dim);
        let offset = middle(&self.offsets, 1)[0];
        let less = |values: &[f64]| {
            values
                .iter()
                .zip(&vector)
                .map(|(v, middle)| v - middle)
                .collect::<Vec<f64>>()
        };
        let vectors = self.vectors.par_chunks_exact(self.dim);
        Self::new(
            self.dim,
            vectors.flat_map_iter(less).collect(),
            self.offsets.iter().map(|v| v - offset).collect(),
        )
    }

    /// The vectors and offsets of [`centred`](Self::centred) as a kernel takes them.
    pub(in crate::select) fn for_kernel(&self) -> (Vec<f32>, Vec<f32>) {
        let Self {
            vectors, offsets, ..
        } = self.centred();
        (narrow(&vectors), narrow(&offsets))
    }

    /// How far any two of the vectors are apart at most, by their products: `offsets.len()` squared.
    fn distances(&self, stop: &Stop) -> Result<Vec<f32>, Error> {
        let (dim, count) = (self.dim, self.offsets.len());
        let squares = self.vectors.chunks_exact(dim);
        let squares: Vec<f64> = squares
            .map(|v| reduce::vectorised!(reduce::dot(v, v)))
            .collect();
        let all = MatRef::from_row_major_slice(&self.vectors, count, dim);
        // What products and squares are off by, twice over; and more than f32 rounds.
        let off = 2.0 * (dim as f64 + 8.0) * f64::EPSILON;
        const MORE: f64 = 1.0 + 4.0 * UNIT_ROUNDOFF;
        let mut distances = vec![0.0; count * count];
        let blocks = (distances.par_chunks_mut(BLOCK * count))
            .zip(self.vectors.par_chunks(BLOCK * dim))
            .zip(squares.par_chunks(BLOCK));
        stop.over(blocks).try_for_each(|block| {
            let ((distances, vectors), own) = block?;
            let mut products = vec![0.0; distances.len()];
            matmul(
                MatMut::from_row_major_slice_mut(&mut products, own.len(), count),
                Accum::Replace,
                MatRef::from_row_major_slice(vectors, own.len(), dim),
                all.transpose(),
                1.0,
                Par::Seq,
            );
            let rows = distances
                .chunks_exact_mut(count)
                .zip(products.chunks_exact(count));
            reduce::vectorised!({
                for ((distances, products), own) in rows.zip(own) {
                    let others = products.iter().zip(&squares);
                    for (distance, (product, other)) in distances.iter_mut().zip(others) {
                        let both = own + other;
                        let square = (both - 2.0 * product).max(0.0) + off * both;
                        *distance = (square.sqrt() * MORE) as f32;
                    }
                }
            });
            Ok(())
        })?;
        Ok(distances)
    }

    /// How large all of them are.
    pub(super) fn extent(&self) -> Extent {
        let each = (0..self.offsets.len()).map(|vector| self.extent_of(vector));
        each.fold(Extent::default(), Extent::max)
    }

    pub(super) fn extent_of(&self, vector: usize) -> Extent {
        let values = self.vector(vector);
        Extent {
            length: reduce::vectorised!(reduce::dot(values, values)).sqrt(),
            offset: self.offsets[vector].abs(),
        }
    }

    /// More than the score of a row of length 1 is off in f64.
    pub(in crate::select) fn rounding(&self) -> f64 {
        let Extent { length, offset } = self.extent();
        (self.dim as f64 / 16.0 + 20.0) * f64::EPSILON * (length + offset)
    }

    /// How far any two vectors are apart at most, found when it is first asked for.
    pub(super) fn apart(&self, stop: &Stop) -> Result<&[f32], Error> {
        let apart = match self.apart.get() {
            Some(apart) => apart,
            None => {
                let found = self.distances(stop)?;
                self.apart.get_or_init(|| found)
            }
        };
        Ok(apart)
    }

    /// How large the differences of some vectors from the first of them are.
    pub(super) fn extents_from_first(&self, among: &[u32], apart: &[f32]) -> Vec<Extent> {
        let (own, count) = (among[0] as usize, self.offsets.len());
        let extent = |&vector: &u32| {
            let vector = vector as usize;
            Extent {
                length: f64::from(apart[own * count + vector]),
                offset: (self.offsets[vector] - self.offsets[own]).abs(),
            }
        };
        reduce::vectorised!(among.iter().map(extent).collect())
    }
}

/// How large a vector and its offset are, or what is no smaller than several of them.
#[derive(Clone, Copy, Default)]
pub(super) struct Extent {
    pub(super) length: f64,
    pub(super) offset: f64,
}

impl Extent {
    pub(super) fn max(self, other: Self) -> Self {
        Self {
            length: self.length.max(other.length),
            offset: self.offset.max(other.offset),
        }
    }
}

/// Values as kernels take them.
pub(super) fn narrow(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}
