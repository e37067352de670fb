//! A pool on a GPU: its rows in panels, there from the start or when a kernel first asks for them.

use super::assigner::GpuAssigner;
use super::float_rows::FloatRows;
use super::neighbours::GpuNeighbours;
use super::record::Kind;
use super::residuals::GpuResiduals;
use super::similarities::GpuSimilarities;
use super::visited::GpuVisited;
use super::{borrowed, k_nearest, row_norms};
use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::gpu::device::Gpu;
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
use crate::reduce;

/// A pool on a GPU, from [`Gpu::pool`], [`Gpu::upload`] or [`Gpu::pool_from_buffer`].
#[derive(Debug)]
pub struct GpuPool<'a>(FloatRows<'a>);

impl Gpu {
    /// A pool of these rows, which are copied to the device when a kernel first reads them there, and stay
    /// while there is room. Where they do not all fit ([`with_memory_limit`](Self::with_memory_limit), or
    /// what the driver has) panels of them come and go. Single rows and lengths are taken from the caller's
    /// memory: that costs no wait for the device.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where a row does not fit one binding.
    pub fn pool<'a>(&self, features: Features<'a>) -> Result<GpuPool<'a>, Error> {
        FloatRows::lent(self, features).map(GpuPool)
    }

    /// Copies the features to the device, where they stay; the pool then does without the caller's.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`], or [`Error::Device`] where a row does not
    /// fit one binding.
    pub fn upload(&self, features: &Features<'_>) -> Result<GpuPool<'static>, Error> {
        FloatRows::uploaded(self, features).map(GpuPool)
    }

    /// Borrows `rows` x `dim` values, row-major `f32`, which begin `offset` bytes into an
    /// application's own buffer. Nothing is copied; the values are checked on the device.
    ///
    /// The buffer must be of the device that was adopted, and must not change while the pool
    /// lives: both are the caller's to see to.
    ///
    /// # Errors
    ///
    /// [`Error::Empty`]; [`Error::Buffer`] where its usage lacks `STORAGE | COPY_SRC`, its size
    /// does not hold the rows, `offset` is no multiple of the device's
    /// `min_storage_buffer_offset_alignment`, or every row is shorter than 2⁻⁶³, where a device
    /// may take values for zero; [`Error::NotFinite`] and [`Error::RowOverflow`]; else as
    /// [`upload`](Self::upload).
    pub fn pool_from_buffer(
        &self,
        buffer: &wgpu::Buffer,
        offset: u64,
        rows: usize,
        dim: usize,
    ) -> Result<GpuPool<'static>, Error> {
        borrowed::rows(self, buffer, offset, rows, dim).map(GpuPool)
    }
}

/// What [`Pool::row_norms`] says of a row that is not all zeros.
fn norm_of(x: &[f32], norm: Lp, scale: f32) -> f32 {
    let length = f64::from(scale) * reduce::norm(norm, x);
    let value = if norm == Lp::L2 {
        length * length
    } else {
        length
    };
    (value as f32).max(f32::MIN_POSITIVE)
}

impl Pool for GpuPool<'_> {
    fn rows(&self) -> usize {
        self.0.rows
    }

    fn dim(&self) -> usize {
        self.0.dim
    }

    fn scale(&self) -> f32 {
        self.0.scale
    }

    fn precision(&self) -> Precision {
        self.0.precision
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        match &self.0.host {
            Some(host) => (self.0.gpu).counted(Kind::Host, || host.row_norms(norm)),
            None => {
                let mut norms = row_norms::run(&self.0, norm)?;
                for (&row, x) in &self.0.faint {
                    norms[row] = norm_of(x, norm, self.0.scale);
                }
                Ok(norms)
            }
        }
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.0.gather(rows)
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.0.given(rows)
    }

    /// Of the device's an eighth of all, for few waits and little memory beside the features.
    fn values_at_once(&self) -> usize {
        if let Some(host) = &self.0.host {
            return host.values_at_once();
        }
        (self.0.rows * self.0.dim / 8).clamp(1 << 20, 1 << 23)
    }

    fn memory_limit(&self) -> u64 {
        (self.0.host.as_ref()).map_or(u64::MAX, |host| host.memory_limit())
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        Ok(Box::new(GpuResiduals::new(&self.0)?))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(GpuSimilarities::new(&self.0, examples, function)?))
    }

    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let similarities = GpuSimilarities::given(&self.0.gpu, rows, classes, function)?;
        Ok(Box::new(similarities))
    }

    fn visited(
        &self,
        rows: &[usize],
        function: &KernelFunction,
    ) -> Result<Box<dyn Visited + '_>, Error> {
        let own = GpuSimilarities::new(&self.0, Examples::of_rows(&[rows]), function)?;
        Ok(Box::new(GpuVisited::new(own, self.0.dim)))
    }

    fn beside<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(self.0.gpu.pool(features)?))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        Ok(Box::new(GpuNeighbours::new(&self.0)?))
    }

    fn assigner(&self, lengths: Vec<f32>) -> Result<Box<dyn Assigner + '_>, Error> {
        Ok(Box::new(GpuAssigner::new(&self.0, &lengths)?))
    }

    fn k_nearest(
        &self,
        clusters: &[ClusterRows<'_>],
        k: usize,
        pass: &Pass<'_>,
    ) -> Result<Vec<Vec<f32>>, Error> {
        k_nearest::run(&self.0, clusters, k, pass)
    }

    fn row_ids(&self) -> RowIds<'_> {
        self.0.row_ids()
    }

    fn stop(&self) -> &Stop {
        &self.0.gpu.stop
    }
}
