//! A pool around another, whose calls something watches.

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::kernels::assigner::Assigner;
use crate::kernels::call::{Call, Watcher};
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::Neighbours;
use crate::kernels::pool::{ClusterRows, Pool};
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{Examples, Similarities};
use crate::kernels::units::UnitMoves;
use crate::kernels::visited::Visited;
use crate::kernels::watched_handles::{
    WatchedAssigner, WatchedNeighbours, WatchedResiduals, WatchedSimilarities,
};
use crate::lp::Lp;
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::RowIds;
use std::ops::Range;

/// A pool that hands every call on, by way of a watcher.
pub struct Watched<'a, W> {
    inner: Inner<'a>,
    watcher: W,
}

/// The pool that is watched.
enum Inner<'a> {
    Lent(&'a dyn Pool),
    Owned(Box<dyn Pool + 'a>),
}

impl<'a, W: Watcher> Watched<'a, W> {
    /// Puts a watcher around a pool.
    #[must_use]
    pub fn new(pool: &'a dyn Pool, watcher: W) -> Self {
        let inner = Inner::Lent(pool);
        Self { inner, watcher }
    }

    /// As [`new`](Self::new), of a pool that nobody else has.
    pub(crate) fn owning(pool: Box<dyn Pool + 'a>, watcher: W) -> Self {
        let inner = Inner::Owned(pool);
        Self { inner, watcher }
    }

    /// The pool that is watched.
    pub(crate) fn pool(&self) -> &dyn Pool {
        match &self.inner {
            Inner::Lent(pool) => *pool,
            Inner::Owned(pool) => &**pool,
        }
    }

    /// Values of all rows.
    fn values(&self) -> usize {
        self.rows() * self.dim()
    }

    /// Similarities of integer rows, as they are made.
    fn similarities_by<'s>(
        &'s self,
        make: impl FnOnce() -> Result<Box<dyn Similarities + 's>, Error>,
        ranges: ClassRanges,
    ) -> Result<Box<dyn Similarities + 's>, Error> {
        let asked = Call::of("similarities", ranges.places() * self.dim());
        Ok(Box::new(WatchedSimilarities {
            inner: self.watcher.around(asked, make)?,
            watcher: &self.watcher,
            dim: self.dim(),
            ranges,
            stored: 0..0,
        }))
    }
}

impl<W: Watcher> Pool for Watched<'_, W> {
    fn rows(&self) -> usize {
        self.pool().rows()
    }

    fn dim(&self) -> usize {
        self.pool().dim()
    }

    fn scale(&self) -> f32 {
        self.pool().scale()
    }

    fn precision(&self) -> Precision {
        self.pool().precision()
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        let asked = Call::of("row_norms", self.values());
        self.watcher.around(asked, || self.pool().row_norms(norm))
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let asked = Call::of("gather_rows", rows.len() * self.dim());
        self.watcher.around(asked, || self.pool().gather_rows(rows))
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let asked = Call::of("gather_rows", rows.len() * self.dim());
        self.watcher.around(asked, || self.pool().given_rows(rows))
    }

    fn values_at_once(&self) -> usize {
        self.pool().values_at_once()
    }

    fn memory_limit(&self) -> u64 {
        self.pool().memory_limit()
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        let asked = Call::of("residuals", self.rows());
        Ok(Box::new(WatchedResiduals {
            inner: self.watcher.around(asked, || self.pool().residuals())?,
            watcher: &self.watcher,
            rows: self.rows(),
        }))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let ranges = examples.ranges();
        let values = ranges.places() * examples.views * self.dim();
        let run = || self.pool().similarities(examples, function);
        Ok(Box::new(WatchedSimilarities {
            inner: self.watcher.around(Call::of("similarities", values), run)?,
            watcher: &self.watcher,
            dim: self.dim(),
            ranges,
            stored: 0..0,
        }))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        let asked = Call::of("neighbours", self.values());
        Ok(Box::new(WatchedNeighbours {
            inner: self.watcher.around(asked, || self.pool().neighbours())?,
            watcher: &self.watcher,
            dim: self.dim(),
            rows: self.rows(),
        }))
    }

    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let ranges = classes.clone();
        let run = || self.pool().similarities_of(rows, classes, function);
        self.similarities_by(run, ranges)
    }

    fn similarities_from(
        &self,
        rows: &mut dyn FnMut(Range<usize>) -> Result<IntegerRows, Error>,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let ranges = classes.clone();
        let run = || self.pool().similarities_from(rows, classes, function);
        self.similarities_by(run, ranges)
    }

    fn integer_rows(&self, examples: Examples<'_>) -> Result<IntegerRows, Error> {
        let values = examples.ranges().places() * examples.views * self.dim();
        let run = || self.pool().integer_rows(examples);
        (self.watcher).around(Call::of("similarities", values), run)
    }

    /// Watched while it is made.
    fn visited(
        &self,
        rows: &[usize],
        function: &KernelFunction,
    ) -> Result<Box<dyn Visited + '_>, Error> {
        let asked = Call::of("similarities", rows.len() * self.dim());
        (self.watcher).around(asked, || self.pool().visited(rows, function))
    }

    /// Not watched.
    fn beside<'b>(&'b self, features: Features<'b>) -> Result<Box<dyn Pool + 'b>, Error> {
        self.pool().beside(features)
    }

    fn assigner(&self, lengths: Vec<f32>) -> Result<Box<dyn Assigner + '_>, Error> {
        let asked = Call::of("assigner", lengths.len());
        Ok(Box::new(WatchedAssigner {
            inner: self
                .watcher
                .around(asked, || self.pool().assigner(lengths))?,
            watcher: &self.watcher,
            dim: self.dim(),
            rows: self.rows(),
        }))
    }

    fn k_nearest(
        &self,
        clusters: &[ClusterRows<'_>],
        k: usize,
        pass: &Pass<'_>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        let pairs = clusters.iter().map(|cluster| cluster.rows.len().pow(2));
        let asked = Call::of("k_nearest", pairs.sum::<usize>() * self.dim());
        let mut found = self
            .watcher
            .around(asked, || self.pool().k_nearest(clusters, k, pass))?;
        self.watcher.k_nearest(clusters, &mut found);
        Ok(found)
    }

    fn sum_units(&self, moves: &UnitMoves<'_>) -> Result<Vec<i64>, Error> {
        let asked = Call::of("sum_units", moves.rows.len() * self.dim());
        self.watcher.around(asked, || self.pool().sum_units(moves))
    }

    fn row_ids(&self) -> RowIds<'_> {
        self.pool().row_ids()
    }

    fn stop(&self) -> &Stop {
        self.pool().stop()
    }
}
