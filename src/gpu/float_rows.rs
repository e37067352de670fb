//! A pool's rows of floats on a device: lent by the caller, and then there while there is room, or there for
//! good.

use super::gather_rows;
use super::memory::blocks;
use super::panels::{MOST_BYTES, Panel, Panels};
use super::record::Kind;
use crate::cpu::CpuPool;
use crate::error::Error;
use crate::features::{Features, Precision, Scratch};
use crate::gpu::device::Gpu;
use crate::kernels::pool::Pool as _;
use crate::random::RowIds;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

/// What the memory is for.
const WHAT: &str = "features";

/// Fewest rows that a workgroup of any kernel has: those of `row_norms`.
pub(super) const ROWS_OF_GROUP: u64 = 8;

/// Rows that a thread looks through in one go.
const FAINT_AT_ONCE: usize = 1 << 10;

/// Rows of a pool, in panels.
#[derive(Debug)]
pub(super) struct FloatRows<'a> {
    pub(super) gpu: Gpu,
    pub(super) rows: usize,
    pub(super) dim: usize,
    /// What brings the caller's values to pool unit.
    pub(super) scale: f32,
    pub(super) precision: Precision,
    /// What the kernels have still to multiply the values by: 1, or `scale` for a borrowed
    /// buffer, whose values stay as they are.
    pub(super) pending_scale: f32,
    /// The same rows on the host, where the caller lends them: it hands out rows sooner than a device,
    /// and knows their lengths.
    pub(super) host: Option<CpuPool<'a>>,
    /// Rows with values that pool unit has no room for, as they were given, where those on the device
    /// are in pool unit and there are no others.
    pub(super) faint: BTreeMap<usize, Vec<f32>>,
    /// Which rows they are of the matrix, where some were left out of it and no host knows.
    numbers: Option<Vec<usize>>,
    panels: Panels,
}

impl<'a> FloatRows<'a> {
    /// Rows that come to the device when a kernel first asks for them.
    pub(super) fn lent(gpu: &Gpu, features: Features<'a>) -> Result<Self, Error> {
        let (dim, row_bytes) = (features.dim(), 4 * features.dim() as u64);
        let most = gpu.most_of_panel(features.rows() as u64 * row_bytes);
        let cuts = blocks(0..features.rows(), rows_per_panel(gpu, dim, most)?).collect();
        Ok(Self {
            panels: Panels::transient(gpu, WHAT, cuts, row_bytes),
            gpu: gpu.clone(),
            rows: features.rows(),
            dim,
            scale: features.scale(),
            precision: features.precision(),
            pending_scale: 1.0,
            host: Some(CpuPool::new(features).with_stop(gpu.stop.clone())),
            faint: BTreeMap::new(),
            numbers: None,
        })
    }

    /// The panels, in order.
    pub(super) fn panels(&self) -> impl Iterator<Item = Result<Arc<Panel>, Error>> {
        let fill = |panel: &Panel| match &self.host {
            Some(host) => send(&self.gpu, host.features(), panel),
            None => Ok(()), // they are all there
        };
        (0..self.panels.len()).map(move |at| self.panels.get(at, fill))
    }

    /// The rows of each panel.
    pub(super) fn cuts(&self) -> &[Range<usize>] {
        self.panels.cuts()
    }

    /// Which random numbers are the rows'.
    pub(super) fn row_ids(&self) -> RowIds<'_> {
        match (&self.host, &self.numbers) {
            (Some(host), _) => host.row_ids(),
            (None, numbers) => RowIds {
                rows: numbers.as_deref(),
                ..RowIds::default()
            },
        }
    }

    /// Whether the caller lends its rows.
    pub(super) fn is_lent(&self) -> bool {
        self.host.is_some()
    }

    /// Whether a row on the device lacks something of what was given.
    pub(super) fn is_faint(&self, row: usize) -> bool {
        self.faint.contains_key(&row)
    }

    /// The rows asked for, in pool unit.
    pub(super) fn gather(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        if let Some(host) = &self.host {
            return self.gpu.counted(Kind::Host, || host.gather_rows(rows));
        }
        self.fetched(rows, self.pending_scale)
    }

    /// The rows asked for, from the device and times `factor`.
    fn fetched(&self, rows: &[usize], factor: f32) -> Result<Vec<f32>, Error> {
        let mut values = gather_rows::run(&self.gpu, self.dim, self.panels(), rows)?;
        if factor != 1.0 {
            values.iter_mut().for_each(|v| *v *= factor);
        }
        Ok(values)
    }

    /// The rows asked for, as they were given.
    pub(super) fn given(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        if let Some(host) = &self.host {
            return self.gpu.counted(Kind::Host, || host.given_rows(rows));
        }
        let mut values = self.fetched(rows, self.pending_scale / self.scale)?;
        for (&row, values) in rows.iter().zip(values.chunks_exact_mut(self.dim)) {
            if let Some(given) = self.faint.get(&row) {
                values.copy_from_slice(given);
            }
        }
        Ok(values)
    }
}

impl FloatRows<'static> {
    /// Copies rows to the device, in pool unit, to stay there.
    pub(super) fn uploaded(gpu: &Gpu, features: &Features<'_>) -> Result<Self, Error> {
        let (rows, dim) = (features.rows(), features.dim());
        let cuts: Vec<_> = blocks(0..rows, rows_per_panel(gpu, dim, MOST_BYTES)?).collect();
        let panels = Panels::together(gpu, WHAT, cuts, 4 * dim as u64)?;
        for panel in &panels {
            send(gpu, features, panel)?;
        }
        Ok(Self {
            gpu: gpu.clone(),
            rows,
            dim,
            scale: features.scale(),
            precision: features.precision(),
            pending_scale: 1.0,
            host: None,
            numbers: features.numbers().map(<[usize]>::to_vec),
            faint: faint(features)?,
            panels: Panels::fixed(gpu, panels),
        })
    }

    /// Windows of a buffer that is not ours, its values not yet checked.
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
        let fit = rows_per_panel(gpu, dim, MOST_BYTES)?;
        let per_panel = if rows <= fit { rows } else { fit / step * step };
        if per_panel == 0 {
            let limit = gpu.limits().max_storage_buffer_binding_size;
            return Err(Error::Device(format!(
                "panels of {step} rows of {row_bytes} bytes do not fit bindings of {limit}"
            )));
        }
        let window = |rows: Range<usize>| {
            let (start, size) = (rows.start as u64 * row_bytes, rows.len() as u64 * row_bytes);
            Panel::window(rows, buffer, offset + start, size)
        };
        let panels = blocks(0..rows, per_panel).map(window).collect();
        Ok(Self {
            gpu: gpu.clone(),
            rows,
            dim,
            scale: 1.0,
            precision: Precision::F32, // nobody has looked at the values
            pending_scale: 1.0,
            host: None,
            numbers: None,
            faint: BTreeMap::new(),
            panels: Panels::fixed(gpu, panels),
        })
    }
}

/// Copies a panel's rows to the device, in pool unit.
fn send(gpu: &Gpu, features: &Features<'_>, panel: &Panel) -> Result<(), Error> {
    let mut read = Scratch::default();
    let x = features.block(panel.rows.clone(), &mut read)?;
    gpu.counted(Kind::Upload, || {
        gpu.send_scaled(WHAT, &panel.buffer, x, features.scale())
    })
}

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

/// Rows whose features and states fit one binding each, whose norms one dispatch, and whose features take
/// no more than `most` bytes, if a row does.
fn rows_per_panel(gpu: &Gpu, dim: usize, most: u64) -> Result<usize, Error> {
    let (row_bytes, limit) = (dim as u64 * 4, gpu.most_bound());
    if row_bytes > limit {
        return Err(Error::Device(format!(
            "a row of {row_bytes} bytes does not fit a binding of {limit}"
        )));
    }
    let most = limit.min(most.max(row_bytes.max(16)));
    let by_grid = gpu.most_groups().saturating_mul(ROWS_OF_GROUP);
    Ok((most / row_bytes.max(16)).min(by_grid) as usize)
}
