//! The working state of a Gram-Schmidt run, resident beside its pool.

use super::directions::{Directions, check_columns};
use super::float_rows::FloatRows;
use super::memory::Block;
use super::record::Kind;
use super::{deflate, due_rows, refresh};
use crate::error::Error;
use crate::kernels::residuals::{Due, Rate, Residuals, RowState, Totals};
use std::ops::Range;
use wgpu::BufferUsages;

/// A [`RowState`] a row, one block a panel.
pub(super) struct GpuResiduals<'a> {
    features: &'a FloatRows<'a>,
    states: Vec<Block>,
}

impl<'a> GpuResiduals<'a> {
    pub(super) fn new(features: &'a FloatRows<'a>) -> Result<Self, Error> {
        check_columns(&features.gpu, features.dim, 0)?;
        let bytes = size_of::<RowState>() as u64;
        let size = |rows: &Range<usize>| rows.len() as u64 * bytes;
        let sizes: Vec<u64> = features.cuts().iter().map(size).collect();
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let states = features.gpu.blocks("residuals", &sizes, usage)?;
        for (rows, block) in features.cuts().iter().zip(&states) {
            let masked = vec![RowState::MASKED; rows.len()];
            features.gpu.write("residuals", block, &masked)?;
        }
        features.gpu.alive()?;
        Ok(Self { features, states })
    }
}

impl Residuals for GpuResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        for (rows, block) in self.features.cuts().iter().zip(&self.states) {
            (self.features.gpu).write("residuals", block, &states[rows.clone()])?;
        }
        self.features.gpu.alive()
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        let mut states = Vec::with_capacity(self.features.rows);
        for block in &self.states {
            states.extend(self.features.gpu.read::<RowState>("residuals", block)?);
        }
        Ok(states)
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let gpu = &self.features.gpu;
        let cuts = self.features.cuts();
        let staging = gpu.filled("states", states, BufferUsages::COPY_SRC)?;
        let bytes = size_of::<RowState>() as u64;
        let copy = |encoder: &mut wgpu::CommandEncoder| {
            for (at, &row) in rows.iter().enumerate() {
                let panel = cuts.partition_point(|rows| rows.start <= row) - 1;
                let to = (row - cuts[panel].start) as u64 * bytes;
                let from = at as u64 * bytes;
                encoder.copy_buffer_to_buffer(&staging, from, &self.states[panel], to, bytes);
            }
        };
        gpu.counted(Kind::Upload, || gpu.submit("states", copy))?;
        gpu.alive()
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        let mut due = Due::default();
        for (of_panel, block) in self.features.cuts().iter().zip(&self.states) {
            let len = of_panel.len() as u32;
            let capacity = len.min(u32::try_from(limit).unwrap_or(u32::MAX));
            let (count, rows) = due_rows::run(&self.features.gpu, block, len, tau, rate, capacity)?;
            due.count += count;
            let room = limit - due.rows.len();
            due.rows.extend(
                rows.iter()
                    .take(room)
                    .map(|&row| of_panel.start + row as usize),
            );
        }
        Ok(due)
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let features = self.features;
        // The factor brings the inner products with a borrowed buffer's values to pool unit.
        let packed = Directions::upload(
            &features.gpu,
            directions,
            features.dim,
            features.pending_scale,
        )?;
        let mut totals = Totals::default();
        for (panel, block) in features.panels().zip(&self.states) {
            let panel = panel?;
            for window in packed.windows() {
                let parts =
                    deflate::run(features, &panel, block, &window, packed.columns, dt, rate)?;
                if window.is_last {
                    add(&mut totals, &parts);
                }
            }
        }
        Ok(totals)
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let features = self.features;
        let packed = Directions::upload(&features.gpu, basis, features.dim, 1.0)?;
        let mut totals = Totals::default();
        for (panel, block) in features.panels().zip(&self.states) {
            add(
                &mut totals,
                &refresh::run(features, &*panel?, block, &packed, dead, rate)?,
            );
        }
        Ok(totals)
    }
}

/// Adds the workgroups' parts, in order.
fn add(totals: &mut Totals, parts: &[[f32; 2]]) {
    for part in parts {
        totals.rate += f64::from(part[0]);
        totals.residual_sq += f64::from(part[1]);
    }
}
