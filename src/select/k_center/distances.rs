//! How far points are apart, in f64, with a kernel's word on which may be near.

use crate::error::Error;
use crate::kernels::assigner::Assigner;
use crate::kernels::pool::Pool;
use crate::kernels::units::{self, ROWS, UNIT};
use crate::lp::Lp;
use crate::rank;
use crate::reduce;
use crate::select::metric::Metric;
use crate::select::points::Points;
use crate::select::settled::Settled;
use crate::select::unit_rows::{Rivals, same_sq};

use rayon::prelude::*;

/// The points of a pool, and the distances between them.
pub(super) struct Distances<'a> {
    pub(super) points: Points<'a>,
    assigner: Box<dyn Assigner + 'a>,
    /// Squared distance up to which two points are the same: what rounding makes of their lengths.
    same: f64,
    pub(super) settled: Settled,
    /// Passes made over the features.
    pub(super) passes: usize,
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

impl<'a> Distances<'a> {
    pub(super) fn new(pool: &'a dyn Pool, metric: Metric) -> Result<Self, Error> {
        let (lengths, same) = match metric {
            Metric::Euclidean => (vec![1.0; pool.rows()], 0.0),
            Metric::Cosine => {
                let squared = squared_lengths(pool)?;
                let lengths = squared.iter().map(|squared| squared.sqrt()).collect();
                (lengths, same_sq(pool.dim()))
            }
        };
        Ok(Self {
            points: Points { pool, metric },
            assigner: pool.assigner(lengths)?,
            same,
            settled: Settled::default(),
            passes: usize::from(metric == Metric::Cosine),
        })
    }

    /// The squared distance of two points.
    #[inline(always)]
    pub(super) fn distance_sq(&self, a: &[f64], b: &[f64]) -> f64 {
        let distance_sq = reduce::distance_sq(a, b);
        if distance_sq <= self.same {
            return 0.0;
        }
        distance_sq
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

    /// The point nearest to the mean of all, which is of exact sums; and its squared distance.
    pub(super) fn nearest_to_mean(&mut self) -> Result<(usize, f64), Error> {
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
        let mean = sums.into_iter().map(|sum| sum as f64 / UNIT / rows as f64);
        let mean: Vec<f64> = mean.collect();
        let distances = self.of_each(|_, x| reduce::distance_sq(x, &mean))?;
        self.passes += 2;
        let nearest = rank::argmin(distances.into_iter().zip(0..));
        Ok(nearest.map_or((0, 0.0), |(distance_sq, row)| (row, distance_sq)))
    }

    /// For every point its squared distance to one of `centres`, the nearest of them or one about as near.
    pub(super) fn distances_to_some(&mut self, centres: &[f64]) -> Result<Vec<f64>, Error> {
        let dim = self.points.dim();
        let mut hints = Vec::new();
        if centres.len() > dim {
            let rivals = Rivals::of_points(dim, centres.to_vec());
            let (vectors, offsets) = rivals.for_kernel();
            hints = self.assigner.assign(&vectors, &offsets)?;
            self.passes += 1;
        }
        self.passes += 1;
        self.of_each(|row, x| {
            let centre = hints.get(row).map_or(0, |hint| hint.index as usize);
            self.distance_sq(x, &centres[centre * dim..][..dim])
        })
    }
}
