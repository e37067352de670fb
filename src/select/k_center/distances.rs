//! How far points are apart, in f64, with a kernel's word on which may be near.

use crate::error::Error;
use crate::kernels::assigner::Assigner;
use crate::kernels::pool::Pool;
use crate::kernels::steps::Distanced;
use crate::kernels::units::{self, ROWS, UNIT};
use crate::lp::Lp;
use crate::rank;
use crate::reduce;
use crate::select::apart::{Part, each, open};
use crate::select::metric::Metric;
use crate::select::points::Points;
use crate::select::settled::Settled;
use crate::select::unit_rows::{Rivals, same_sq};

use rayon::prelude::*;

/// The points of a pool, and the distances between them.
pub(super) struct Distances<'a> {
    pub(super) points: Points<'a>,
    parts: Vec<Part<Box<dyn Distanced + 'a>>>,
    same: f64,
    pub(super) settled: Settled,
    /// Passes made over the features.
    pub(super) passes: usize,
}

/// Those of one pool, by itself.
pub(crate) struct OwnDistances<'a> {
    points: Points<'a>,
    assigner: Box<dyn Assigner + 'a>,
    same: f64,
    settled: Settled,
}

/// The squared lengths of all rows, none of which may be 0: a pass over the features.
pub(super) fn squared_lengths(pool: &dyn Pool) -> Result<Vec<f32>, Error> {
    let squared = pool.row_norms(Lp::L2)?;
    let need = "the cosine of an angle";
    match squared.iter().position(|&squared| squared == 0.0) {
        Some(row) => Err(Error::ZeroRow { row, need }),
        None => Ok(squared),
    }
}

/// Squared distance up to which two points are the same: what rounding makes of their lengths.
fn same_of(metric: Metric, dim: usize) -> f64 {
    match metric {
        Metric::Euclidean => 0.0,
        Metric::Cosine => same_sq(dim),
    }
}

/// The squared distance of two points.
#[inline(always)]
fn distance_sq(a: &[f64], b: &[f64], same: f64) -> f64 {
    let distance_sq = reduce::distance_sq(a, b);
    if distance_sq <= same {
        return 0.0;
    }
    distance_sq
}

impl<'a> Distances<'a> {
    pub(super) fn new(pool: &'a dyn Pool, metric: Metric) -> Result<Self, Error> {
        let by_cosine = metric == Metric::Cosine;
        if by_cosine && !pool.steps().is_empty() {
            squared_lengths(pool)?; // of all rows, as errors number them
        }
        let settled = Settled::default();
        let parts = open(
            pool,
            |part| part.handle.distanced(by_cosine),
            || {
                let own = OwnDistances::new(pool, metric)?;
                let settled = settled.clone();
                Ok(Box::new(OwnDistances { settled, ..own }) as _)
            },
        )?;
        Ok(Self {
            points: Points { pool, metric },
            parts,
            same: same_of(metric, pool.dim()),
            settled,
            passes: usize::from(by_cosine),
        })
    }

    /// Whether parts of the points make a pass by themselves, wherever they are.
    pub(super) fn is_in_parts(&self) -> bool {
        !self.points.pool.steps().is_empty()
    }

    /// The squared distance of two points.
    #[inline(always)]
    pub(super) fn distance_sq(&self, a: &[f64], b: &[f64]) -> f64 {
        distance_sq(a, b, self.same)
    }

    /// The point nearest to the mean of all, which is of exact sums; and its squared distance.
    pub(super) fn nearest_to_mean(&mut self) -> Result<(usize, f64), Error> {
        let rows = self.points.pool.rows();
        let mut sums = vec![0i64; self.points.dim()];
        for own in each(&mut self.parts, |part| part.handle.sums())? {
            sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
        }
        let mean = sums.into_iter().map(|sum| sum as f64 / UNIT / rows as f64);
        let mean: Vec<f64> = mean.collect();
        let found = each(&mut self.parts, |part| {
            let (row, distance_sq) = part.handle.nearest_to(&mean)?;
            Ok((distance_sq, part.rows.start + row))
        })?;
        self.passes += 2;
        let nearest = rank::argmin(found);
        Ok(nearest.map_or((0, 0.0), |(distance_sq, row)| (row, distance_sq)))
    }

    /// For every point its squared distance to one of `centres`, the nearest of them or one about as near.
    pub(super) fn distances_to_some(&mut self, centres: &[f64]) -> Result<Vec<f64>, Error> {
        self.passes += 1 + usize::from(centres.len() > self.points.dim());
        Ok(each(&mut self.parts, |part| part.handle.to_some(centres))?.concat())
    }
}

impl<'a> OwnDistances<'a> {
    /// By cosines no row may be all zeros.
    pub(crate) fn new(pool: &'a dyn Pool, metric: Metric) -> Result<Self, Error> {
        let lengths = match metric {
            Metric::Euclidean => vec![1.0; pool.rows()],
            Metric::Cosine => {
                let squared = squared_lengths(pool)?;
                squared.iter().map(|squared| squared.sqrt()).collect()
            }
        };
        Ok(Self {
            points: Points { pool, metric },
            assigner: pool.assigner(lengths)?,
            same: same_of(metric, pool.dim()),
            settled: Settled::default(),
        })
    }

    /// What `of` makes of every point, given with its row.
    fn of_each(&self, of: impl Fn(usize, &[f64]) -> f64 + Sync) -> Result<Vec<f64>, Error> {
        let all: Vec<usize> = (0..self.points.pool.rows()).collect();
        let mut found = Vec::with_capacity(all.len());
        self.points.gather(&all, |rows, x| {
            let points = rows.par_iter().zip(x.par_chunks_exact(self.points.dim()));
            found.par_extend(points.map(|(&row, x)| reduce::vectorised!(of(row, x))));
            self.points.pool.stop().check()
        })?;
        self.settled.add(all.len() * self.points.dim());
        Ok(found)
    }
}

impl Distanced for OwnDistances<'_> {
    fn sums(&self) -> Result<Vec<i64>, Error> {
        let (dim, rows) = (self.points.dim(), self.points.pool.rows());
        let mut sums = vec![0i64; dim];
        let all: Vec<usize> = (0..rows).collect();
        self.points.gather(&all, |_, x| {
            let own = || vec![0i64; dim];
            let of_points = x.par_chunks_exact(dim).with_min_len(ROWS);
            let of_piece = of_points.fold(own, |mut sums, x| {
                units::add(&mut sums, x, true);
                sums
            });
            for own in of_piece.collect::<Vec<_>>() {
                sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
            }
            self.points.pool.stop().check()
        })?;
        Ok(sums)
    }

    fn nearest_to(&self, point: &[f64]) -> Result<(usize, f64), Error> {
        let distances = self.of_each(|_, x| reduce::distance_sq(x, point))?;
        let nearest = rank::argmin(distances.into_iter().zip(0..));
        Ok(nearest.map_or((0, 0.0), |(distance_sq, row)| (row, distance_sq)))
    }

    fn to_some(&self, vectors: &[f64]) -> Result<Vec<f64>, Error> {
        let dim = self.points.dim();
        let mut hints = Vec::new();
        if vectors.len() > dim {
            let rivals = Rivals::of_points(dim, vectors.to_vec());
            let (vectors, offsets) = rivals.for_kernel();
            hints = self.assigner.assign(&vectors, &offsets)?;
        }
        self.of_each(|row, x| {
            let at = hints.get(row).map_or(0, |hint| hint.index as usize);
            distance_sq(x, &vectors[at * dim..][..dim], self.same)
        })
    }
}
