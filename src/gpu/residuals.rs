//! The working state of a Gram-Schmidt run, resident beside its pool.

use super::clock::Kind;
use super::directions::{Directions, check_columns};
use super::memory::Block;
use super::{GpuPool, deflate, due_rows, refresh};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::residuals::{Due, Rate, Residuals, RowState, Totals};
use std::ops::Range;
use wgpu::BufferUsages;

/// A [`RowState`] a row, one block a panel.
pub(super) struct GpuResiduals<'a> {
    pool: &'a GpuPool<'a>,
    states: Vec<Block>,
}

impl<'a> GpuResiduals<'a> {
    pub(super) fn new(pool: &'a GpuPool<'a>) -> Result<Self, Error> {
        check_columns(&pool.gpu, pool.dim(), 0)?;
        let bytes = size_of::<RowState>() as u64;
        let size = |rows: &Range<usize>| rows.len() as u64 * bytes;
        let sizes: Vec<u64> = pool.cuts.iter().map(size).collect();
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let states = pool.gpu.blocks("residuals", &sizes, usage)?;
        for (rows, block) in pool.cuts.iter().zip(&states) {
            let masked = vec![RowState::MASKED; rows.len()];
            pool.gpu.write("residuals", block, &masked)?;
        }
        pool.gpu.alive()?;
        Ok(Self { pool, states })
    }
}

impl Residuals for GpuResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        for (rows, block) in self.pool.cuts.iter().zip(&self.states) {
            (self.pool.gpu).write("residuals", block, &states[rows.clone()])?;
        }
        self.pool.gpu.alive()
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        let mut states = Vec::with_capacity(self.pool.rows());
        for block in &self.states {
            states.extend(self.pool.gpu.read::<RowState>("residuals", block)?);
        }
        Ok(states)
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let gpu = &self.pool.gpu;
        let cuts = &self.pool.cuts;
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
        for (of_panel, block) in self.pool.cuts.iter().zip(&self.states) {
            let len = of_panel.len() as u32;
            let capacity = len.min(u32::try_from(limit).unwrap_or(u32::MAX));
            let (count, rows) = due_rows::run(&self.pool.gpu, block, len, tau, rate, capacity)?;
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
        let pool = self.pool;
        // The factor brings the inner products with a borrowed buffer's values to pool unit.
        let packed = Directions::upload(&pool.gpu, directions, pool.dim(), pool.pending_scale)?;
        let mut totals = Totals::default();
        for (panel, block) in pool.panels()?.iter().zip(&self.states) {
            for window in packed.windows() {
                let parts = deflate::run(pool, panel, block, &window, packed.columns, dt, rate)?;
                if window.is_last {
                    add(&mut totals, &parts);
                }
            }
        }
        Ok(totals)
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let pool = self.pool;
        let packed = Directions::upload(&pool.gpu, basis, pool.dim(), 1.0)?;
        let mut totals = Totals::default();
        for (panel, block) in pool.panels()?.iter().zip(&self.states) {
            add(
                &mut totals,
                &refresh::run(pool, panel, block, &packed, dead, rate)?,
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
