//! Binds `shaders/row_squares.wgsl`: lengths to the precision of f64, of which WGSL has none.

use super::float_rows::FloatRows;
use super::memory::blocks;
use crate::error::Error;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/three_words.wgsl"),
    include_str!("../../shaders/row_squares.wgsl"),
);

/// Rows of a workgroup, `ROWS` in the shader.
const ROWS: u64 = 8;

/// Bytes of an answer.
const BYTES: u64 = 16;
/// Rows at a time: their answers take little memory beside the rows.
const AT_ONCE: usize = 1 << 14;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    first: u32,
    end: u32,
    dim: u32,
}

/// More than the length of a row, as [`run`] gives it or as f64 sums on the host do, is off by, over the
/// length.
pub(super) fn error(dim: usize) -> f64 {
    (dim as f64 + 64.0) * (0.5 * f64::EPSILON)
}

/// Every row's length, in the unit of the panels; 0 only for a row of zeros.
pub(super) fn run(features: &FloatRows<'_>) -> Result<Vec<f64>, Error> {
    let gpu = &features.gpu;
    let mut lengths = Vec::with_capacity(features.rows);
    let at_once = AT_ONCE.min((gpu.most_bound() / BYTES) as usize);
    for panel in features.panels() {
        let panel = &*panel?;
        for rows in blocks(0..panel.rows.len(), at_once) {
            let shape = gpu.uniform(Shape {
                first: rows.start as u32,
                end: rows.end as u32,
                dim: features.dim as u32,
            })?;
            let out = gpu.output("squared lengths", rows.len() as u64 * BYTES)?;
            gpu.dispatch(
                "row_squares",
                (WGSL, &[]),
                &[
                    shape.as_entire_binding(),
                    panel.binding(),
                    out.as_entire_binding(),
                ],
                (rows.len() as u64).div_ceil(ROWS),
            )?;
            lengths.extend(gpu.read("squared lengths", &out)?.into_iter().map(length));
        }
    }
    Ok(lengths)
}

/// The length that the shader's answer tells of.
fn length([w0, w1, w2, e]: [u32; 4]) -> f64 {
    let word = f64::from(u32::MAX) + 1.0;
    let sum = (f64::from(w2) * word + f64::from(w1)) * word + f64::from(w0);
    // Half of the exponent of the square, which is even.
    sum.sqrt() * f64::from(e as i32 - 162).exp2()
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let bindings = ["shape", "features", "squares"];
        assert_entry(WGSL, "row_squares", 256, &bindings);
        let members = [
            ("first", offset_of!(Shape, first)),
            ("end", offset_of!(Shape, end)),
            ("dim", offset_of!(Shape, dim)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        assert_eq!(constant(WGSL, "ROWS"), ROWS);
    }

    #[test]
    fn words_make_a_length() {
        // One value of 1: its mantissa is 2^23, whose square stands 24 bits up, and e is 127.
        assert_eq!(length([0, 0, 1 << 6, 127]), 1.0);
        assert_eq!(length([0, 0, 1 << 8, 128]), 4.0);
        assert_eq!(length([0, 0, 0, 1]), 0.0);
    }
}
