//! Binds `shaders/gain_stored.wgsl`.

use super::class_rows::ClassRows;
use super::cover::Covered;
use super::dense::Dense;
use crate::error::Error;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/panel_shift.wgsl"),
    include_str!("../../shaders/two_words.wgsl"),
    include_str!("../../shaders/kept_panels.wgsl"),
    include_str!("../../shaders/cover.wgsl"),
    include_str!("../../shaders/gain_stored.wgsl"),
);

/// Groups of four rows of a workgroup.
const GROUPS: u32 = 1024;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    columns: u32,
    matrix: u32,
    pitch: u32,
    first: u32,
}

/// What each of some columns would add, all of one of the classes kept, one at least.
pub(super) fn run(
    resident: &ClassRows<'_>,
    kept: &Dense,
    columns: &[usize],
    covered: &Covered,
) -> Result<Vec<i64>, Error> {
    let gpu = resident.gpu;
    let class = resident.class_of(columns[0]);
    let rows = resident.ranges.class(class);
    let places: Vec<u32> = columns.iter().map(|at| (at - rows.start) as u32).collect();
    gpu.fits("columns", 4 * places.len() as u64)?;
    let list = gpu.filled("columns", &places, BufferUsages::STORAGE)?;
    let sums = resident.panels.sums(columns.len())?;
    let shape = gpu.uniform(Shape {
        rows: rows.len() as u32,
        columns: columns.len() as u32,
        matrix: kept.matrix(class),
        pitch: kept.groups(class),
        first: rows.start as u32,
    })?;
    let own = [&shape, &list, &covered.states, &sums].map(|block| block.as_entire_binding());
    let groups = columns.len() as u64 * u64::from(kept.groups(class).div_ceil(GROUPS));
    gpu.dispatch(
        "gain_stored",
        (WGSL, &[gpu.panel_shift()]),
        &[own.as_slice(), &kept.bindings()].concat(),
        groups,
    )?;
    resident.panels.read_sums(&sums, columns.len())
}

#[cfg(test)]
mod tests {
    use super::super::dense::tests::{PANELS, with_shift};
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let own = ["shape", "columns", "cover", "sums"];
        let bindings = [&own[..], &PANELS].concat();
        assert_entry(&with_shift(WGSL), "gain_stored", 64, &bindings);
        let members = [
            ("rows", offset_of!(Shape, rows)),
            ("columns", offset_of!(Shape, columns)),
            ("matrix", offset_of!(Shape, matrix)),
            ("pitch", offset_of!(Shape, pitch)),
            ("first", offset_of!(Shape, first)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        assert_eq!(constant(WGSL, "GROUPS"), u64::from(GROUPS));
    }
}
