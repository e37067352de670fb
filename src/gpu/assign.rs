//! Binds `shaders/assign.wgsl`.

use super::directions::{
    COLUMNS, DIRECTIONS_OF_BLOCK, Directions, ROWS, Width, check_columns, fours,
};
use super::float_rows::FloatRows;
use super::memory::Block;
use super::panels::Panel;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::assigner::Assignment;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/square_tile.wgsl"),
    include_str!("../../shaders/assign.wgsl"),
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
    features: &FloatRows<'_>,
    lengths: &[Block],
    vectors: &[f32],
    offsets: &[f32],
) -> Result<Vec<Assignment>, Error> {
    let (gpu, dim) = (&features.gpu, features.dim);
    check_columns(gpu, dim, 0)?;
    // The factor brings the inner products with a borrowed buffer's values to pool unit.
    let upload = |some| Directions::upload(gpu, some, dim, features.pending_scale);
    let whole_blocks = offsets.len().max(1).next_multiple_of(DIRECTIONS_OF_BLOCK);
    let mut filled_up = offsets.to_vec();
    filled_up.resize(whole_blocks, 0.0);
    gpu.fits("offsets", size_of_val(&filled_up[..]) as u64)?;
    let offsets = gpu.filled("offsets", &filled_up, BufferUsages::STORAGE)?;
    let parts = in_parts(gpu, vectors, dim);
    // Sent once for all panels where they fit, else for each of them again.
    let whole = match parts[..] {
        [all] => Some(upload(all)?),
        _ => None,
    };
    let mut nearest = Vec::with_capacity(features.rows);
    for (panel, lengths) in features.panels().zip(lengths) {
        let panel = &*panel?;
        let bytes = panel.rows.len() * size_of::<Assignment>();
        let out = gpu.output("assign", bytes as u64)?;
        let panel = Tile {
            features,
            panel,
            count: vectors.len() / dim,
            others: [&offsets, lengths, &out],
        };
        match &whole {
            Some(all) => panel.meet(all, 0)?,
            None => {
                for (at, part) in parts.iter().enumerate() {
                    panel.meet(&upload(part)?, at * parts[0].len() / dim)?;
                }
            }
        }
        nearest.extend(gpu.read::<Assignment>("assign", &out)?);
    }
    Ok(nearest)
}

/// The vectors in parts that leave room for the rows: whole blocks, and one part that may be empty.
fn in_parts<'v>(gpu: &Gpu, vectors: &'v [f32], dim: usize) -> Vec<&'v [f32]> {
    let block = dim.next_multiple_of(COLUMNS) * DIRECTIONS_OF_BLOCK * size_of::<f32>();
    let blocks = gpu
        .share()
        .map_or(usize::MAX, |bytes| bytes as usize / block);
    let most = blocks.max(1).saturating_mul(DIRECTIONS_OF_BLOCK * dim);
    match vectors.len() {
        0 => vec![vectors],
        _ => vectors.chunks(most).collect(),
    }
}

/// A panel, and what the kernel binds beside it and the vectors.
struct Tile<'a> {
    features: &'a FloatRows<'a>,
    panel: &'a Panel,
    count: usize,
    others: [&'a Block; 3],
}

impl Tile<'_> {
    /// The panel's rows meet some of the vectors, from the one numbered `first` on.
    fn meet(&self, vectors: &Directions, first: usize) -> Result<(), Error> {
        let (gpu, dim) = (&self.features.gpu, self.features.dim);
        let width = Width::for_vectors(self.count);
        for window in vectors.windows() {
            let shape = gpu.uniform(Shape {
                rows: self.panel.count(),
                dim: dim as u32,
                columns: vectors.columns,
                blocks: window.blocks,
                first: first as u32 + window.first * DIRECTIONS_OF_BLOCK as u32,
                count: self.count as u32,
            })?;
            let [offsets, lengths, out] = self.others.map(|block| block.as_entire_binding());
            gpu.dispatch(
                "assign",
                (WGSL, &width.constants(dim)),
                &[
                    shape.as_entire_binding(),
                    self.panel.binding(),
                    window.binding.clone(),
                    offsets,
                    lengths,
                    out,
                    fours(self.panel.binding(), self.panel.size, &window),
                ],
                u64::from(self.panel.count()).div_ceil(ROWS),
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_square_kernel, assert_struct};
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
            "assignment_of",
            "fours",
        ];
        assert_square_kernel(WGSL, "assign", &bindings);
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
            ("index", offset_of!(Assignment, index)),
            ("best", offset_of!(Assignment, best)),
            ("second", offset_of!(Assignment, second)),
        ];
        assert_struct(WGSL, "Assignment", &members, size_of::<Assignment>());
    }
}
