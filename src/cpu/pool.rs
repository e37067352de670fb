//! A pool on the processor: the caller's rows.

use super::assigner::CpuAssigner;
use super::gather_rows::gather_rows;
use super::k_nearest::k_nearest;
use super::neighbours::CpuNeighbours;
use super::residuals::CpuResiduals;
use super::row_norms::row_norms;
use super::similarities::CpuSimilarities;
use super::visited::CpuVisited;
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::kernels::assigner::Assigner;
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::Neighbours;
use crate::kernels::pool::{ClusterRows, Pool};
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{Examples, Similarities};
use crate::kernels::visited::Visited;
use crate::lp::Lp;
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::RowIds;

/// Most values that are read at a time.
const READ_AT_ONCE: usize = 1 << 19;

/// A pool on the processor: borrows the features, copies nothing, uses every core.
#[derive(Clone, Debug)]
pub struct CpuPool<'a> {
    features: Features<'a>,
    row_ids: RowIds<'a>,
    precision: Precision,
    memory: u64,
    stop: Stop,
}

impl<'a> CpuPool<'a> {
    /// A pool of these rows.
    #[must_use]
    pub fn new(features: Features<'a>) -> Self {
        Self {
            precision: features.precision(),
            features,
            row_ids: RowIds::default(),
            memory: u64::MAX,
            stop: Stop::default(),
        }
    }

    /// The same rows, to be worked on until this is stopped.
    #[must_use]
    pub fn with_stop(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    /// The same rows, of which about so many bytes may be held besides the features: in integers, and their
    /// similarities. What does not fit is made anew by blocks. Picks do not depend on it.
    #[must_use]
    pub fn with_memory_limit(self, bytes: u64) -> Self {
        Self {
            memory: bytes,
            ..self
        }
    }

    #[cfg(feature = "gpu")]
    pub(crate) fn features(&self) -> &Features<'a> {
        &self.features
    }

    /// The same rows with other random numbers.
    pub(crate) fn numbered(self, row_ids: RowIds<'a>) -> Self {
        Self { row_ids, ..self }
    }

    /// The same rows as part of others that have been rounded to this.
    pub(crate) fn rounded_to(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }
}

impl Pool for CpuPool<'_> {
    fn rows(&self) -> usize {
        self.features.rows()
    }

    fn dim(&self) -> usize {
        self.features.dim()
    }

    fn scale(&self) -> f32 {
        self.features.scale()
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        row_norms(&self.features, norm, &self.stop)
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        gather_rows(&self.features, rows, self.features.scale(), &self.stop)
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        gather_rows(&self.features, rows, 1.0, &self.stop)
    }

    /// As many as stay in the threads' own caches; more where they have to be read, so that rows near each other
    /// are read together.
    fn values_at_once(&self) -> usize {
        let in_caches = (1 << 15) * rayon::current_num_threads();
        if !self.features.are_read() {
            return in_caches;
        }
        let most = usize::try_from(self.memory / 16).unwrap_or(usize::MAX);
        in_caches.max(most.min(READ_AT_ONCE))
    }

    fn memory_limit(&self) -> u64 {
        self.memory
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        Ok(Box::new(CpuResiduals::new(&self.features, &self.stop)))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(CpuSimilarities::new(
            &self.features,
            examples,
            function,
            (self.memory, &self.stop),
        )?))
    }

    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(CpuSimilarities::of(
            rows, classes, function, &self.stop,
        )))
    }

    fn visited(
        &self,
        rows: &[usize],
        function: &KernelFunction,
    ) -> Result<Box<dyn Visited + '_>, Error> {
        let watch = (self.memory, &self.stop);
        let own =
            CpuSimilarities::new(&self.features, Examples::of_rows(&[rows]), function, watch)?;
        Ok(Box::new(CpuVisited::new(own, self.features.dim())))
    }

    fn beside<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(
            CpuPool::new(features)
                .with_stop(self.stop.clone())
                .with_memory_limit(self.memory),
        ))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        Ok(Box::new(CpuNeighbours::new(
            &self.features,
            self.memory,
            &self.stop,
        )?))
    }

    fn assigner(&self, lengths: Vec<f32>) -> Result<Box<dyn Assigner + '_>, Error> {
        Ok(Box::new(CpuAssigner {
            features: &self.features,
            stop: &self.stop,
            lengths,
        }))
    }

    fn stop(&self) -> &Stop {
        &self.stop
    }

    fn row_ids(&self) -> RowIds<'_> {
        let rows = self.row_ids.rows.or(self.features.numbers());
        RowIds {
            rows,
            ..self.row_ids
        }
    }

    fn k_nearest(
        &self,
        clusters: &[ClusterRows<'_>],
        k: usize,
        pass: &Pass<'_>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        k_nearest(&self.features, clusters, k, self.memory, (&self.stop, pass))
    }
}
