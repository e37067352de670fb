//! Binds `shaders/gain_columns.wgsl`.

use super::class_rows::ClassRows;
use super::columns::Strip;
use super::cover::Covered;
use crate::error::Error;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/two_words.wgsl"),
    include_str!("../../shaders/cover.wgsl"),
    include_str!("../../shaders/gain_columns.wgsl"),
);

/// Columns and rows of a workgroup.
const COLUMNS: usize = 64;
const ROWS: usize = 256;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    columns: u32,
    first: u32,
}

/// What each of a strip's columns would add.
pub(super) fn run(
    resident: &ClassRows<'_>,
    strip: &Strip,
    covered: &Covered,
) -> Result<Vec<i64>, Error> {
    let (gpu, columns) = (resident.gpu, strip.columns.len());
    let sums = resident.panels.sums(columns)?;
    let shape = gpu.uniform(Shape {
        rows: strip.rows.len() as u32,
        columns: columns as u32,
        first: strip.rows.start as u32,
    })?;
    let bindings =
        [&shape, &strip.values, &covered.states, &sums].map(|block| block.as_entire_binding());
    let groups = columns.div_ceil(COLUMNS) * strip.rows.len().div_ceil(ROWS);
    gpu.dispatch("gain_columns", (WGSL, &[]), &bindings, groups as u64)?;
    let found = resident.panels.read_sums(&sums, columns)?;
    Ok(strip.in_order(&found))
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let bindings = ["shape", "values", "cover", "sums"];
        assert_entry(WGSL, "gain_columns", COLUMNS as u32, &bindings);
        let members = [
            ("rows", offset_of!(Shape, rows)),
            ("columns", offset_of!(Shape, columns)),
            ("first", offset_of!(Shape, first)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        assert_eq!(constant(WGSL, "ROWS"), ROWS as u64);
    }
}
