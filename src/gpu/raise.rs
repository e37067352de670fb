//! Binds `shaders/raise.wgsl`.

use super::class_rows::ClassRows;
use super::columns::Strip;
use super::cover::Covered;
use crate::error::Error;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/cover.wgsl"),
    include_str!("../../shaders/raise.wgsl"),
);

/// Rows of a workgroup.
const ROWS: usize = 64;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    columns: u32,
    listed: u32,
    first: u32,
}

/// Raises the cover by the columns at these places of a strip.
pub(super) fn run(
    resident: &ClassRows<'_>,
    strip: &Strip,
    at: &[u32],
    covered: &Covered,
) -> Result<(), Error> {
    let gpu = resident.gpu;
    let list = gpu.filled("columns", at, BufferUsages::STORAGE)?;
    let shape = gpu.uniform(Shape {
        rows: strip.rows.len() as u32,
        columns: strip.columns.len() as u32,
        listed: at.len() as u32,
        first: strip.rows.start as u32,
    })?;
    let bindings =
        [&shape, &strip.values, &list, &covered.states].map(|block| block.as_entire_binding());
    let groups = strip.rows.len().div_ceil(ROWS);
    gpu.dispatch("raise", (WGSL, &[]), &bindings, groups as u64)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let bindings = ["shape", "values", "listed", "cover"];
        assert_entry(WGSL, "raise", ROWS as u32, &bindings);
        let members = [
            ("rows", offset_of!(Shape, rows)),
            ("columns", offset_of!(Shape, columns)),
            ("listed", offset_of!(Shape, listed)),
            ("first", offset_of!(Shape, first)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
    }
}
