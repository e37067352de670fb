//! Binds `shaders/deflate.wgsl`.

use super::directions::{DIRECTIONS_OF_BLOCK, ROWS, Width, Window, fours};
use super::float_rows::FloatRows;
use super::panels::Panel;
use crate::error::Error;
use crate::kernels::residuals::Rate;
use crate::kernels::rounding::{DOWN_DATE_ERROR, inner_error};
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/row_state.wgsl"),
    include_str!("../../shaders/square_tile.wgsl"),
    include_str!("../../shaders/deflate.wgsl"),
);

/// A row's directions are taken in order, a block at a time.
const WIDTH: Width = Width::Narrow;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    power: f32,
    slack: f32,
    inflate: f32,
    inner_error: f32,
    down_date_error: f32,
}

/// Projects a window of directions out of a panel's rows; `dt` is that of all directions.
/// Gives the totals of each workgroup.
pub(super) fn run(
    features: &FloatRows<'_>,
    panel: &Panel,
    states: &wgpu::Buffer,
    window: &Window<'_>,
    columns: u32,
    dt: &[f32],
    rate: Rate,
) -> Result<Vec<[f32; 2]>, Error> {
    let gpu = &features.gpu;
    let count = window.blocks as usize * DIRECTIONS_OF_BLOCK;
    let mut times = vec![-1.0f32; count]; // no direction, unless there is one
    let here = &dt[window.first as usize * DIRECTIONS_OF_BLOCK..];
    times
        .iter_mut()
        .zip(here)
        .for_each(|(time, &dt)| *time = dt);
    let shape = gpu.uniform(Shape {
        rows: panel.count(),
        dim: features.dim as u32,
        columns,
        blocks: window.blocks,
        power: rate.power,
        slack: rate.slack,
        inflate: inflate(count),
        inner_error: inner_error(features.dim),
        // Once a call: the first window's dispatch adds it.
        down_date_error: if window.first == 0 {
            DOWN_DATE_ERROR
        } else {
            0.0
        },
    })?;
    let dt = gpu.filled("dt", &times, BufferUsages::STORAGE)?;
    let groups = u64::from(panel.count()).div_ceil(ROWS);
    let out = gpu.output("totals", groups * 8)?;
    gpu.dispatch(
        "deflate",
        (WGSL, &WIDTH.constants(features.dim)),
        &[
            shape.as_entire_binding(),
            panel.binding(),
            window.binding.clone(),
            dt.as_entire_binding(),
            states.as_entire_binding(),
            out.as_entire_binding(),
            fours(panel.binding(), panel.size, window),
        ],
        groups,
    )?;
    gpu.read("totals", &out)
}

/// Covers the rounding of a sum of `count` products: each of its terms has been rounded at most
/// `count` + 1 times by 2⁻²⁴; six more are for what follows, and for this number itself.
fn inflate(count: usize) -> f32 {
    (1.0 + (count + 7) as f64 * crate::kernels::rounding::UNIT_ROUNDOFF) as f32
}

#[cfg(test)]
mod tests {
    use super::super::layout::{
        assert_entry, assert_row_state, assert_struct, assert_tile, overridden,
    };
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_entry(
            &overridden(WGSL, &[("COLUMN_THREADS", WIDTH.threads())]),
            "deflate",
            64,
            &[
                "shape",
                "features",
                "directions",
                "dt",
                "states",
                "totals_of",
                "fours",
            ],
        );
        assert_struct(
            WGSL,
            "Shape",
            &[
                ("rows", offset_of!(Shape, rows)),
                ("dim", offset_of!(Shape, dim)),
                ("columns", offset_of!(Shape, columns)),
                ("blocks", offset_of!(Shape, blocks)),
                ("power", offset_of!(Shape, power)),
                ("slack", offset_of!(Shape, slack)),
                ("inflate", offset_of!(Shape, inflate)),
                ("inner_error", offset_of!(Shape, inner_error)),
                ("down_date_error", offset_of!(Shape, down_date_error)),
            ],
            size_of::<Shape>(),
        );
        assert_tile(WGSL);
        assert_row_state(WGSL);
    }
}
