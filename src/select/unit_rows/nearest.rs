//! Points given to the nearest of some vectors: by a kernel, and in f64 where its error leaves that open.

use super::lengths::Lengths;
use super::rivals::{Rivals, narrow};
use crate::error::Error;
use crate::kernels::assigner::{Assigner, Assignment};
use crate::kernels::pool::Pool;
use crate::lp::Lp;
use crate::select::alike::first_alike;
use crate::select::metric::Metric;
use crate::select::points::Points;
use crate::select::settled::Settled;
use rayon::prelude::*;

/// The points of a pool, ready to be given to the nearest of some vectors.
pub(crate) struct Nearest<'a> {
    pub(super) points: Points<'a>,
    pub(super) lengths: Lengths,
    pub(super) assigner: Box<dyn Assigner + 'a>,
    pub(super) settled: Settled,
}

impl<'a> Nearest<'a> {
    /// Asks the pool for its rows' lengths: a pass over the features.
    pub(crate) fn new(pool: &'a dyn Pool, metric: Metric) -> Result<Self, Error> {
        let squared = pool.row_norms(Lp::L2)?;
        let lengths = Lengths {
            dim: pool.dim(),
            squared,
            metric,
        };
        Ok(Self {
            points: Points { pool, metric },
            assigner: pool.assigner(lengths.for_kernel())?,
            lengths,
            settled: Settled::default(),
        })
    }

    /// Refuses a pool with a row of zeros: `need` says what for.
    pub(crate) fn refuse_zeros(&self, need: &'static str) -> Result<(), Error> {
        let mut rows = 0..self.lengths.squared.len();
        match rows.find(|&row| self.lengths.is_zero(row)) {
            Some(row) => Err(Error::ZeroRow { row, need }),
            None => Ok(()),
        }
    }

    /// For every row of the pool which of some rows is nearest: its place among them, the first where several
    /// are.
    ///
    /// A pass over the features, and 28 bytes for each value of those rows.
    pub(crate) fn of_rows(&self, rows: &[usize]) -> Result<Vec<usize>, Error> {
        self.of_rows_in(self.points.pool, rows)
    }

    /// The same of some rows of another pool, of as many values a row.
    pub(crate) fn of_rows_in(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Vec<usize>, Error> {
        let metric = self.points.metric;
        let mut vectors = Points { pool, metric }.some(rows)?;
        if metric == Metric::Euclidean {
            // Powers of two: exact.
            let unit = f64::from(self.points.pool.scale()) / f64::from(pool.scale());
            vectors.iter_mut().for_each(|v| *v *= unit);
        }
        self.of_vectors(vectors)
    }

    fn of_vectors(&self, mut vectors: Vec<f64>) -> Result<Vec<usize>, Error> {
        let dim = self.points.dim();
        let count = vectors.len() / dim;
        let first = first_alike(count, dim, |places, take| {
            let each = places.iter().map(|place| &vectors[place * dim..][..dim]);
            each.for_each(take);
            Ok(())
        })?;
        // Where some are alike all rows near them would be left open.
        let different = (0..count).filter(|&place| first[place] as usize == place);
        let different: Vec<usize> = different.collect();
        for (to, &from) in different.iter().enumerate() {
            vectors.copy_within(from * dim..(from + 1) * dim, to * dim);
        }
        vectors.truncate(different.len() * dim);
        let mut nearest = self.assign(&Rivals::of_points(dim, vectors))?;
        nearest
            .iter_mut()
            .for_each(|place| *place = different[*place]);
        Ok(nearest)
    }

    /// For every row which of the vectors is nearest.
    ///
    /// A pass over the features; rows whose two best scores lie within the kernel's error are
    /// gathered and settled in f64.
    pub(in crate::select) fn assign(&self, rivals: &Rivals) -> Result<Vec<usize>, Error> {
        let centred = rivals.centred();
        let (found, given) = (self.scores(&centred)?, centred.extent());
        let (lengths, rounding) = (&self.lengths, rivals.rounding());
        let is_open = |&row: &usize| lengths.is_open(row, &found[row], given, rounding);
        let open: Vec<usize> = (0..found.len()).into_par_iter().filter(is_open).collect();
        let mut nearest: Vec<usize> = found.iter().map(|found| found.index as usize).collect();
        let settled = open.len() * rivals.offsets.len() * rivals.dim;
        self.settled.add(settled);
        self.settle(&open, &mut nearest, |_, x| rivals.nearest(x))?;
        Ok(nearest)
    }

    /// Puts down the vectors nearest to some rows: what `exact` makes of a row's place among them and
    /// of the point.
    pub(super) fn settle(
        &self,
        rows: &[usize],
        nearest: &mut [usize],
        exact: impl Fn(usize, &[f64]) -> usize + Sync,
    ) -> Result<(), Error> {
        let mut first = 0;
        self.points.gather(rows, |rows, x| {
            let x = x.par_chunks_exact(self.points.dim()).enumerate();
            let exact =
                |row: Result<(usize, &[f64]), Error>| row.map(|(at, x)| exact(first + at, x));
            let found = self.points.pool.stop().over(x).map(exact);
            let found: Vec<usize> = found.collect::<Result<_, Error>>()?;
            for (&row, found) in rows.iter().zip(found) {
                nearest[row] = found;
            }
            first += rows.len();
            Ok(())
        })
    }

    /// What the kernel makes of the vectors.
    fn scores(&self, rivals: &Rivals) -> Result<Vec<Assignment>, Error> {
        (self.assigner).assign(&narrow(&rivals.vectors), &narrow(&rivals.offsets))
    }
}
