//! Binds `shaders/gather_rows.wgsl`.

use super::panels::Panel;
use super::transfer::PIECE_BYTES;
use crate::error::Error;
use crate::gpu::device::Gpu;
use std::sync::Arc;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = include_str!("../../shaders/gather_rows.wgsl");

/// Threads of a workgroup, `THREADS` in the shader.
const THREADS: u64 = 256;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    count: u32,
    dim: u32,
}

/// The rows asked for, in that order, in the features' own unit.
pub(super) fn run(
    gpu: &Gpu,
    dim: usize,
    panels: impl Iterator<Item = Result<Arc<Panel>, Error>>,
    rows: &[usize],
) -> Result<Vec<f32>, Error> {
    let mut values = vec![0.0; rows.len() * dim];
    // By panel, and within a panel so many that they fit a binding.
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by_key(|&at| rows[at]);
    let threads = gpu.most_groups().saturating_mul(THREADS);
    let most = (gpu.most_bound().min(PIECE_BYTES) / 4).min(threads);
    let at_once = (most as usize / dim).max(1);
    let mut rest = &order[..];
    for panel in panels {
        let panel = &*panel?;
        let end = panel.rows.start + panel.rows.len();
        let (here, after) = rest.split_at(rest.partition_point(|&at| rows[at] < end));
        rest = after;
        for places in here.chunks(at_once) {
            let wanted: Vec<u32> = places
                .iter()
                .map(|&at| (rows[at] - panel.rows.start) as u32)
                .collect();
            let gathered = of_panel(gpu, dim, panel, &wanted)?;
            for (&at, row) in places.iter().zip(gathered.chunks(dim)) {
                values[at * dim..][..dim].copy_from_slice(row);
            }
        }
    }
    Ok(values)
}

/// Some rows of a panel.
fn of_panel(gpu: &Gpu, dim: usize, panel: &Panel, wanted: &[u32]) -> Result<Vec<f32>, Error> {
    let shape = Shape {
        count: wanted.len() as u32,
        dim: dim as u32,
    };
    let values = u64::from(shape.count) * u64::from(shape.dim);
    let shape = gpu.uniform(shape)?;
    let wanted = gpu.filled("rows to gather", wanted, BufferUsages::STORAGE)?;
    let out = gpu.output("gathered rows", values * 4)?;
    gpu.dispatch(
        "gather_rows",
        (WGSL, &[]),
        &[
            shape.as_entire_binding(),
            panel.binding(),
            wanted.as_entire_binding(),
            out.as_entire_binding(),
        ],
        values.div_ceil(THREADS),
    )?;
    gpu.read("gathered rows", &out)
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_entry(
            WGSL,
            "gather_rows",
            256,
            &["shape", "features", "wanted", "gathered"],
        );
        assert_struct(
            WGSL,
            "Shape",
            &[
                ("count", offset_of!(Shape, count)),
                ("dim", offset_of!(Shape, dim)),
            ],
            size_of::<Shape>(),
        );
        assert_eq!(constant(WGSL, "THREADS"), THREADS);
    }
}
