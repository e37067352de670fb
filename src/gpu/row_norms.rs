//! Binds `shaders/row_norms.wgsl`.

use super::float_rows::FloatRows;
use crate::error::Error;
use crate::lp::Lp;

pub(super) const WGSL: &str = include_str!("../../shaders/row_norms.wgsl");

/// Rows of a workgroup, `ROWS` in the shader: the fewest of any kernel.
pub(super) const ROWS: u64 = 8;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    dim: u32,
    scale: f32,
    subnormal: f32,
}

/// Every row's norm, in the pool's unit; zero only for a row of zeros.
pub(super) fn run(features: &FloatRows<'_>, norm: Lp) -> Result<Vec<f32>, Error> {
    // The shader leaves the largest magnitude as it is, for its bits to be exact.
    let scale = if norm == Lp::LInf {
        features.pending_scale
    } else {
        1.0
    };
    let value = |bits| match bits {
        0 => 0.0,
        bits => (f32::from_bits(bits) * scale).max(f32::MIN_POSITIVE),
    };
    Ok(bits(features, norm)?.into_iter().map(value).collect())
}

/// Every row's norm as the shader gives it.
pub(super) fn bits(features: &FloatRows<'_>, norm: Lp) -> Result<Vec<u32>, Error> {
    let gpu = &features.gpu;
    let number = match norm {
        Lp::L1 => 1.0,
        Lp::L2 => 2.0,
        Lp::LInf => 3.0,
    };
    let mut norms = Vec::with_capacity(features.rows);
    for panel in features.panels() {
        let panel = &*panel?;
        let shape = gpu.uniform(Shape {
            rows: panel.count(),
            dim: features.dim as u32,
            scale: features.pending_scale,
            subnormal: features.pending_scale * f32::MIN_POSITIVE,
        })?;
        let out = gpu.output("row norms", u64::from(panel.count()) * 4)?;
        gpu.dispatch(
            "row_norms",
            (WGSL, &[("NORM", number)]),
            &[
                shape.as_entire_binding(),
                panel.binding(),
                out.as_entire_binding(),
            ],
            u64::from(panel.count()).div_ceil(ROWS),
        )?;
        norms.extend(gpu.read::<u32>("row norms", &out)?);
    }
    Ok(norms)
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_entry(WGSL, "row_norms", 256, &["shape", "features", "norms"]);
        assert_struct(
            WGSL,
            "Shape",
            &[
                ("rows", offset_of!(Shape, rows)),
                ("dim", offset_of!(Shape, dim)),
                ("scale", offset_of!(Shape, scale)),
                ("subnormal", offset_of!(Shape, subnormal)),
            ],
            size_of::<Shape>(),
        );
        assert_eq!(constant(WGSL, "ROWS"), ROWS);
        assert_eq!(constant(WGSL, "ROWS") * constant(WGSL, "LANES"), 256);
        assert!(constant(WGSL, "LANES") >= crate::kernels::rounding::SUM_LANES as u64);
    }
}
