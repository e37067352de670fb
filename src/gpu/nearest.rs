//! Binds `shaders/nearest.wgsl`.

use super::GpuPool;
use super::directions::{DIRECTIONS_OF_BLOCK, Directions, ROWS, Width, check_columns, fours};
use super::memory::Block;
use super::pool::Panel;
use crate::error::Error;
use crate::kernels::pool::{Nearest, Pool};
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/square_tile.wgsl"),
    include_str!("../../shaders/nearest.wgsl"),
);

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    first: u32,
    count: u32,
}

/// For every row the vector of the smallest score.
pub(super) fn run(
    pool: &GpuPool<'_>,
    vectors: &[f32],
    offsets: &[f32],
    lengths: &[f32],
) -> Result<Vec<Nearest>, Error> {
    let gpu = &pool.gpu;
    check_columns(gpu, pool.dim(), 0)?;
    // The factor brings the inner products with a borrowed buffer's values to pool unit.
    let packed = Directions::upload(gpu, vectors, pool.dim(), pool.pending_scale)?;
    let whole_blocks = offsets.len().max(1).next_multiple_of(DIRECTIONS_OF_BLOCK);
    let mut filled_up = offsets.to_vec();
    filled_up.resize(whole_blocks, 0.0);
    gpu.fits("offsets", size_of_val(&filled_up[..]) as u64)?;
    let resident = gpu.filled("offsets", &filled_up, BufferUsages::STORAGE)?;
    let mut nearest = Vec::with_capacity(pool.rows());
    for panel in pool.panels()? {
        let lengths = &lengths[panel.first..][..panel.rows as usize];
        let count = offsets.len() as u32;
        nearest.extend(of_panel(pool, panel, &packed, &resident, count, lengths)?);
    }
    Ok(nearest)
}

fn of_panel(
    pool: &GpuPool<'_>,
    panel: &Panel,
    vectors: &Directions,
    offsets: &Block,
    count: u32,
    lengths: &[f32],
) -> Result<Vec<Nearest>, Error> {
    let gpu = &pool.gpu;
    let lengths = gpu.filled("lengths", lengths, BufferUsages::STORAGE)?;
    let bytes = u64::from(panel.rows) * size_of::<Nearest>() as u64;
    let out = gpu.output("nearest", bytes)?;
    let width = Width::for_vectors(count as usize);
    for window in vectors.windows() {
        let shape = gpu.uniform(Shape {
            rows: panel.rows,
            dim: pool.dim() as u32,
            columns: vectors.columns,
            blocks: window.blocks,
            first: window.first * DIRECTIONS_OF_BLOCK as u32,
            count,
        })?;
        gpu.dispatch(
            "nearest",
            (WGSL, &width.constants(pool.dim())),
            &[
                shape.as_entire_binding(),
                panel.binding(),
                window.binding.clone(),
                offsets.as_entire_binding(),
                lengths.as_entire_binding(),
                out.as_entire_binding(),
                fours(panel.binding(), panel.size, &window),
            ],
            u64::from(panel.rows).div_ceil(ROWS),
        )?;
    }
    gpu.read("nearest", &out)
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, assert_tile, overridden};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let bindings = [
            "shape",
            "features",
            "directions",
            "offsets",
            "lengths",
            "nearest_of",
            "fours",
        ];
        for width in [Width::Narrow, Width::Wide] {
            let wgsl = overridden(WGSL, &[("COLUMN_THREADS", width.threads())]);
            assert_entry(&wgsl, "nearest", 8 * width.threads() as u32, &bindings);
        }
        let members = [
            ("rows", offset_of!(Shape, rows)),
            ("dim", offset_of!(Shape, dim)),
            ("columns", offset_of!(Shape, columns)),
            ("blocks", offset_of!(Shape, blocks)),
            ("first", offset_of!(Shape, first)),
            ("count", offset_of!(Shape, count)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        let members = [
            ("index", offset_of!(Nearest, index)),
            ("best", offset_of!(Nearest, best)),
            ("second", offset_of!(Nearest, second)),
        ];
        assert_struct(WGSL, "Nearest", &members, size_of::<Nearest>());
        assert_tile(WGSL);
    }
}
