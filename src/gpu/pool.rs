//! A pool on a GPU: its rows in panels, there from the start or when a kernel first asks for them.

use super::clock::Kind;
use super::memory::{Block, blocks};
use super::neighbours::GpuNeighbours;
use super::residuals::GpuResiduals;
use super::similarities::GpuSimilarities;
use super::{closest, gather_rows, nearest, row_norms};
use crate::control::Stop;
use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::Scratch;
use crate::features::{Features, Precision};
use crate::gpu::device::Gpu;
use crate::kernels::neighbours::Neighbours;
use crate::kernels::pool::{Bunch, Field, Leads, Nearest, Pool};
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{Examples, Similarities};
use crate::lp::Lp;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::sums;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::ops::Range;
use std::sync::OnceLock;
use wgpu::BufferUsages;

/// Most bytes of a panel's features: a dispatch over it stays short of the seconds after which
/// a system takes the GPU for hung.
const PANEL_BYTES: u64 = 1 << 30;

/// A pool on a GPU, from [`Gpu::pool`], [`Gpu::upload`] or [`Gpu::pool_from_buffer`].
#[derive(Debug)]
pub struct GpuPool<'a> {
    pub(super) gpu: Gpu,
    rows: usize,
    dim: usize,
    pub(super) scale: f32,
    precision: Precision,
    /// What the kernels have still to multiply the values by: 1, or `scale` for a borrowed
    /// buffer, whose values stay as they are.
    pub(super) pending_scale: f32,
    /// The same rows on the host, where the caller lends them: it hands out rows sooner than a device,
    /// and knows their lengths.
    host: Option<CpuPool<'a>>,
    /// Rows with values that pool unit has no room for, as they were given, where those on the device
    /// are in pool unit and there are no others.
    faint: BTreeMap<usize, Vec<f32>>,
    /// The rows of each panel.
    pub(super) cuts: Vec<Range<usize>>,
    panels: OnceLock<Vec<Panel>>,
}

/// Some rows, within one binding.
#[derive(Debug)]
pub(super) struct Panel {
    /// The first row's index in the pool.
    pub(super) first: usize,
    pub(super) rows: u32,
    buffer: wgpu::Buffer,
    /// Where the panel begins and how many bytes it has.
    pub(super) offset: u64,
    pub(super) size: u64,
    /// Keeps the memory where it is ours.
    _owned: Option<Block>,
}

impl Panel {
    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        wgpu::BindingResource::Buffer(wgpu::BufferBinding {
            buffer: &self.buffer,
            offset: self.offset,
            size: NonZeroU64::new(self.size),
        })
    }

    pub(super) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}

impl<'a> GpuPool<'a> {
    /// A pool whose panels are uploaded when a kernel first asks for them.
    pub(super) fn lent(gpu: &Gpu, features: Features<'a>) -> Result<Self, Error> {
        let (rows, dim) = (features.rows(), features.dim());
        Ok(Self {
            gpu: gpu.clone(),
            rows,
            dim,
            scale: features.scale(),
            precision: features.precision(),
            pending_scale: 1.0,
            cuts: blocks(0..rows, rows_per_panel(gpu, dim)?).collect(),
            host: Some(CpuPool::new(features).with_stop(gpu.stop.clone())),
            faint: BTreeMap::new(),
            panels: OnceLock::new(),
        })
    }

    /// Whether the caller lends its rows.
    pub(super) fn is_lent(&self) -> bool {
        self.host.is_some()
    }

    /// Whether a row on the device lacks something of what was given.
    pub(super) fn is_faint(&self, row: usize) -> bool {
        self.faint.contains_key(&row)
    }

    /// The rows on the device.
    pub(super) fn panels(&self) -> Result<&[Panel], Error> {
        if let (None, Some(host)) = (self.panels.get(), &self.host) {
            let panels = upload(&self.gpu, host.features(), &self.cuts)?;
            return Ok(self.panels.get_or_init(|| panels));
        }
        Ok(self.panels.get().map_or(&[], Vec::as_slice))
    }
}

/// Copies features to the device, in pool unit.
fn upload(gpu: &Gpu, features: &Features<'_>, cuts: &[Range<usize>]) -> Result<Vec<Panel>, Error> {
    let (dim, scale) = (features.dim(), features.scale());
    let size = |rows: &Range<usize>| (rows.len() * dim * size_of::<f32>()) as u64;
    let sizes: Vec<u64> = cuts.iter().map(size).collect();
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
    let blocks = gpu.blocks("features", &sizes, usage)?;
    let (mut panels, mut read) = (Vec::new(), Scratch::default());
    for (block, rows) in blocks.into_iter().zip(cuts) {
        let x = features.block(rows.clone(), &mut read)?;
        gpu.counted(Kind::Upload, || {
            gpu.send_scaled("features", &block, x, scale)
        })?;
        panels.push(Panel {
            first: rows.start,
            rows: rows.len() as u32,
            buffer: block.clone(),
            offset: 0,
            size: block.size(),
            _owned: Some(block),
        });
    }
    Ok(panels)
}

impl GpuPool<'static> {
    pub(super) fn upload(gpu: &Gpu, features: &Features<'_>) -> Result<Self, Error> {
        let lent = GpuPool::lent(gpu, features.clone())?;
        Ok(Self {
            panels: upload(gpu, features, &lent.cuts)?.into(),
            host: None,
            faint: faint(features)?,
            ..lent
        })
    }

    /// A pool over windows of a buffer that is not ours, its values not yet checked.
    pub(super) fn over(
        gpu: &Gpu,
        buffer: &wgpu::Buffer,
        offset: u64,
        rows: usize,
        dim: usize,
    ) -> Result<Self, Error> {
        let row_bytes = dim as u64 * 4;
        // Every window must begin at a multiple of the alignment.
        let alignment = u64::from(gpu.limits().min_storage_buffer_offset_alignment);
        let step =
            (alignment >> row_bytes.trailing_zeros().min(alignment.trailing_zeros())) as usize;
        let fit = rows_per_panel(gpu, dim)?;
        let per_panel = if rows <= fit { rows } else { fit / step * step };
        if per_panel == 0 {
            let limit = gpu.limits().max_storage_buffer_binding_size;
            return Err(Error::Device(format!(
                "panels of {step} rows of {row_bytes} bytes do not fit bindings of {limit}"
            )));
        }
        let cuts: Vec<_> = blocks(0..rows, per_panel).collect();
        let panel = |rows: &Range<usize>| Panel {
            first: rows.start,
            rows: rows.len() as u32,
            buffer: buffer.clone(),
            offset: offset + rows.start as u64 * row_bytes,
            size: rows.len() as u64 * row_bytes,
            _owned: None,
        };
        let panels: Vec<_> = cuts.iter().map(panel).collect();
        Ok(Self {
            gpu: gpu.clone(),
            rows,
            dim,
            scale: 1.0,
            precision: Precision::F32, // nobody has looked at the values
            pending_scale: 1.0,
            host: None,
            faint: BTreeMap::new(),
            cuts,
            panels: panels.into(),
        })
    }
}

/// Rows that a thread looks through in one go.
const FAINT_AT_ONCE: usize = 1 << 10;

/// The rows that lose something in pool unit.
fn faint(features: &Features<'_>) -> Result<BTreeMap<usize, Vec<f32>>, Error> {
    let scale = features.scale();
    if scale >= 1.0 {
        return Ok(BTreeMap::new());
    }
    let is_lost = |v: &f32| *v != 0.0 && (v * scale).abs() < f32::MIN_POSITIVE;
    let of_block = |scratch: &mut Scratch, first: usize| {
        let rows = first..features.rows().min(first + FAINT_AT_ONCE);
        let x = features.block(rows.clone(), scratch)?;
        let rows = rows.zip(x.chunks_exact(features.dim()));
        let faint = rows.filter(|(_, x)| x.iter().any(is_lost));
        Ok(faint.map(|(row, x)| (row, x.to_vec())).collect())
    };
    let firsts: Vec<usize> = (0..features.rows()).step_by(FAINT_AT_ONCE).collect();
    let found: Result<Vec<Vec<_>>, Error> = (firsts.into_par_iter())
        .map_init(Scratch::default, of_block)
        .collect();
    Ok(found?.into_iter().flatten().collect())
}

/// What [`Pool::row_norms`] says of a row that is not all zeros.
fn norm_of(x: &[f32], norm: Lp, scale: f32) -> f32 {
    let length = f64::from(scale) * sums::norm(norm, x);
    let value = if norm == Lp::L2 {
        length * length
    } else {
        length
    };
    (value as f32).max(f32::MIN_POSITIVE)
}

/// Rows whose features and states fit one binding each, and whose norms one dispatch.
fn rows_per_panel(gpu: &Gpu, dim: usize) -> Result<usize, Error> {
    let row_bytes = dim as u64 * 4;
    let limits = gpu.limits();
    let limit = limits
        .max_storage_buffer_binding_size
        .min(limits.max_buffer_size);
    if row_bytes > limit {
        return Err(Error::Device(format!(
            "a row of {row_bytes} bytes does not fit a binding of {limit}"
        )));
    }
    let most = limit.min(PANEL_BYTES.max(row_bytes));
    let by_grid = gpu.most_groups().saturating_mul(row_norms::ROWS);
    Ok((most / row_bytes.max(16)).min(by_grid) as usize)
}

impl Pool for GpuPool<'_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn scale(&self) -> f32 {
        self.scale
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        match &self.host {
            Some(host) => (self.gpu).counted(Kind::Host, || host.row_norms(norm)),
            None => {
                let mut norms = row_norms::run(self, norm)?;
                for (&row, x) in &self.faint {
                    norms[row] = norm_of(x, norm, self.scale);
                }
                Ok(norms)
            }
        }
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        if let Some(host) = &self.host {
            return self.gpu.counted(Kind::Host, || host.gather_rows(rows));
        }
        let mut values = gather_rows::run(self, rows)?;
        if self.pending_scale != 1.0 {
            values.iter_mut().for_each(|v| *v *= self.pending_scale);
        }
        Ok(values)
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        if let Some(host) = &self.host {
            return self.gpu.counted(Kind::Host, || host.given_rows(rows));
        }
        let mut values = gather_rows::run(self, rows)?;
        let unit = self.pending_scale / self.scale; // 1 where they are as they were given
        values.iter_mut().for_each(|v| *v *= unit);
        for (&row, values) in rows.iter().zip(values.chunks_exact_mut(self.dim)) {
            if let Some(given) = self.faint.get(&row) {
                values.copy_from_slice(given);
            }
        }
        Ok(values)
    }

    /// Of the device's an eighth of all, for few waits and little memory beside the features.
    fn values_at_once(&self) -> usize {
        if let Some(host) = &self.host {
            return host.values_at_once();
        }
        (self.rows * self.dim / 8).clamp(1 << 20, 1 << 23)
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        Ok(Box::new(GpuResiduals::new(self)?))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(GpuSimilarities::new(self, examples, threshold)?))
    }

    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let similarities = GpuSimilarities::of(&self.gpu, &rows, classes, threshold)?;
        Ok(Box::new(similarities))
    }

    fn beside<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(self.gpu.pool(features)?))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        Ok(Box::new(GpuNeighbours::new(self)?))
    }

    fn nearest(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Nearest>, Error> {
        nearest::run(self, vectors, offsets, lengths)
    }

    /// None: there is no shader for it.
    fn leads(
        &self,
        _: &[Field<'_>],
        _: &[f64],
        _: &[f64],
        _: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error> {
        Ok(None)
    }

    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error> {
        closest::run(self, bunches, k)
    }

    fn stop(&self) -> &Stop {
        &self.gpu.stop
    }
}
