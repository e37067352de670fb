//! Binds `shaders/refresh.wgsl`.

use super::directions::{Directions, Window};
use super::float_rows::FloatRows;
use super::memory::Block;
use super::panels::Panel;
use crate::error::Error;
use crate::kernels::residuals::Rate;
use crate::kernels::rounding::{DOWN_DATE_ERROR, inner_error};
use std::ops::Range;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/row_state.wgsl"),
    include_str!("../../shaders/refresh.wgsl"),
);

/// Rows of a workgroup, `ROWS` in the shader.
const ROWS: u64 = 128;
/// Most bytes of rows that are copied at a time, enough to fill a large GPU; nor more than a quarter of
/// a binding, so that the copy is small beside its panel, nor than a quarter of what memory is left.
const SCRATCH_BYTES: u64 = 256 << 20;
/// One projection leaves what its own rounding put back.
const PROJECTIONS: usize = 2;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    first_row: u32,
    ends: u32,
    power: f32,
    slack: f32,
    scale: f32,
    inner_error: f32,
    down_date_error: f32,
    dead: f32,
}

/// Renews the states of a panel's rows; gives the totals of each workgroup.
pub(super) fn run(
    features: &FloatRows<'_>,
    panel: &Panel,
    states: &wgpu::Buffer,
    basis: &Directions,
    dead: f32,
    rate: Rate,
) -> Result<Vec<[f32; 2]>, Error> {
    let gpu = &features.gpu;
    let row_bytes = features.dim as u64 * 4;
    let binding = gpu.limits().max_storage_buffer_binding_size;
    let share = gpu.memory_left().map_or(u64::MAX, |left| left / 4);
    let bytes = SCRATCH_BYTES.min(binding / 4).min(panel.size).min(share);
    let at_once = (bytes / row_bytes).max(1) as u32;
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
    let scratch = gpu.block("residuals", u64::from(at_once) * row_bytes, usage)?;
    let mut totals = Vec::new();
    for first in (0..panel.count()).step_by(at_once as usize) {
        let rows = first..(first + at_once).min(panel.count());
        gpu.submit("refresh", |encoder| {
            let from = panel.offset + u64::from(first) * row_bytes;
            let size = rows.len() as u64 * row_bytes;
            encoder.copy_buffer_to_buffer(&panel.buffer, from, &scratch, 0, size);
        })?;
        let groups = (rows.len() as u64).div_ceil(ROWS);
        let out = gpu.output("totals", groups * 8)?;
        for projection in 1..=PROJECTIONS {
            for window in basis.windows() {
                let ends = projection == PROJECTIONS && window.is_last;
                let shape = Shape {
                    ends: u32::from(ends),
                    ..shape(features, &rows, basis, &window, dead, rate)
                };
                dispatch(features, shape, &window, &scratch, states, &out)?;
            }
        }
        totals.extend(gpu.read::<[f32; 2]>("totals", &out)?);
    }
    Ok(totals)
}

fn shape(
    features: &FloatRows<'_>,
    rows: &Range<u32>,
    basis: &Directions,
    window: &Window<'_>,
    dead: f32,
    rate: Rate,
) -> Shape {
    Shape {
        rows: rows.len() as u32,
        dim: features.dim as u32,
        columns: basis.columns,
        blocks: window.blocks,
        first_row: rows.start,
        ends: 0,
        power: rate.power,
        slack: rate.slack,
        scale: features.pending_scale,
        inner_error: inner_error(features.dim),
        down_date_error: DOWN_DATE_ERROR,
        dead,
    }
}

fn dispatch(
    features: &FloatRows<'_>,
    shape: Shape,
    window: &Window<'_>,
    scratch: &Block,
    states: &wgpu::Buffer,
    out: &Block,
) -> Result<(), Error> {
    let gpu = &features.gpu;
    let groups = u64::from(shape.rows).div_ceil(ROWS);
    let shape = gpu.uniform(shape)?;
    gpu.dispatch(
        "refresh",
        (WGSL, &[]),
        &[
            shape.as_entire_binding(),
            window.binding.clone(),
            scratch.as_entire_binding(),
            states.as_entire_binding(),
            out.as_entire_binding(),
        ],
        groups,
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::directions::{COLUMNS, DIRECTIONS_OF_BLOCK};
    use super::super::layout::{assert_entry, assert_row_state, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_entry(
            WGSL,
            "refresh",
            64,
            &["shape", "directions", "residuals", "states", "totals_of"],
        );
        assert_struct(
            WGSL,
            "Shape",
            &[
                ("rows", offset_of!(Shape, rows)),
                ("dim", offset_of!(Shape, dim)),
                ("columns", offset_of!(Shape, columns)),
                ("blocks", offset_of!(Shape, blocks)),
                ("first_row", offset_of!(Shape, first_row)),
                ("ends", offset_of!(Shape, ends)),
                ("power", offset_of!(Shape, power)),
                ("slack", offset_of!(Shape, slack)),
                ("scale", offset_of!(Shape, scale)),
                ("inner_error", offset_of!(Shape, inner_error)),
                ("down_date_error", offset_of!(Shape, down_date_error)),
                ("dead", offset_of!(Shape, dead)),
            ],
            size_of::<Shape>(),
        );
        assert_eq!(constant(WGSL, "ROWS"), ROWS);
        assert_eq!(4 * constant(WGSL, "QUADS"), DIRECTIONS_OF_BLOCK as u64);
        assert_eq!(constant(WGSL, "COLUMNS"), COLUMNS as u64);
        assert_row_state(WGSL);
    }
}
