//! Binds `shaders/due_rows.wgsl`.

use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::residuals::Rate;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/row_state.wgsl"),
    include_str!("../../shaders/due_rows.wgsl")
);

/// Threads of a workgroup, `THREADS` in the shader.
const THREADS: u64 = 256;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    capacity: u32,
    all: u32,
    tau: f32,
    power: f32,
    slack: f32,
}

/// How many of a panel's `rows` states are due, and the first `capacity` of them found.
pub(super) fn run(
    gpu: &Gpu,
    states: &wgpu::Buffer,
    rows: u32,
    tau: f32,
    rate: Rate,
    capacity: u32,
) -> Result<(usize, Vec<u32>), Error> {
    let shape = gpu.uniform(Shape {
        rows,
        capacity,
        all: u32::from(tau >= f32::MAX),
        tau: tau.min(f32::MAX), // WGSL knows no infinity
        power: rate.power,
        slack: rate.slack,
    })?;
    // At least one row's place: a binding of a runtime-sized array cannot be empty.
    let out = gpu.output("due rows", 4 + 4 * u64::from(capacity.max(1)))?;
    gpu.write("due rows", &out, &[0u32])?;
    gpu.dispatch(
        "due_rows",
        (WGSL, &[]),
        &[
            shape.as_entire_binding(),
            states.as_entire_binding(),
            out.as_entire_binding(),
        ],
        u64::from(rows).div_ceil(THREADS),
    )?;
    let found: Vec<u32> = gpu.read("due rows", &out)?;
    let listed = found[0].min(capacity) as usize;
    Ok((found[0] as usize, found[1..][..listed].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_row_state, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_entry(WGSL, "due_rows", 256, &["shape", "states", "found"]);
        assert_struct(
            WGSL,
            "Shape",
            &[
                ("rows", offset_of!(Shape, rows)),
                ("capacity", offset_of!(Shape, capacity)),
                ("all", offset_of!(Shape, all)),
                ("tau", offset_of!(Shape, tau)),
                ("power", offset_of!(Shape, power)),
                ("slack", offset_of!(Shape, slack)),
            ],
            size_of::<Shape>(),
        );
        assert_eq!(constant(WGSL, "THREADS"), THREADS);
        assert_row_state(WGSL);
    }
}
