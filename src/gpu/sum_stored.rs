//! Binds `shaders/sum_stored.wgsl`.

use super::class_rows::ClassRows;
use super::dense::Dense;
use super::integer_tile::Tile;
use super::memory::blocks;
use super::sum_columns::by_class;
use crate::error::Error;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/panel_shift.wgsl"),
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/two_words.wgsl"),
    include_str!("../../shaders/kept_panels.wgsl"),
    include_str!("../../shaders/sum_stored.wgsl"),
);

/// Rows of a workgroup, four a thread.
const ROWS: usize = 256;
/// Columns of a workgroup: few enough that small classes keep a GPU busy.
const COLUMNS: usize = 512;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    tiles: u32,
}

/// The sum of every row kept over those of the columns that are of its class.
pub(super) fn run(
    resident: &ClassRows<'_>,
    kept: &Dense,
    columns: &[usize],
) -> Result<Vec<i64>, Error> {
    let gpu = resident.gpu;
    let rows = kept.rows(&resident.ranges);
    if columns.is_empty() {
        return Ok(vec![0; rows.len()]);
    }
    let mut columns = columns.to_vec();
    columns.sort_unstable();
    let classes = by_class(resident, &columns);
    let sums = resident.panels.sums(rows.len())?;
    let place = |&row: &usize| (row - resident.ranges.class(resident.class_of(row)).start) as u32;
    let places: Vec<u32> = columns.iter().map(place).collect();
    let list = gpu.filled("columns", &places, BufferUsages::STORAGE)?;
    let tiles = classes.into_iter().flat_map(|(class, list)| {
        let of_class = resident.ranges.class(class);
        let place = of_class.start - rows.start;
        blocks(0..of_class.len(), ROWS).flat_map(move |rows| {
            blocks(list.clone(), COLUMNS).map(move |columns| Tile {
                row: rows.start as u32,
                row_end: rows.end as u32,
                column: columns.start as u32,
                column_end: columns.end as u32,
                row_place: (place + rows.start) as u32,
                column_place: 0,
                matrix: kept.matrix(class),
                pitch: kept.groups(class),
            })
        })
    });
    gpu.each_list(tiles, gpu.most_listed::<Tile>(), |list_of_tiles, tiles| {
        let count = tiles.len() as u32;
        let shape = gpu.uniform(Shape { tiles: count })?;
        let own = [&shape, list_of_tiles, &list, &sums].map(|block| block.as_entire_binding());
        gpu.dispatch(
            "sum_stored",
            (WGSL, &[gpu.panel_shift()]),
            &[own.as_slice(), &kept.bindings()].concat(),
            count.into(),
        )
    })?;
    resident.panels.read_sums(&sums, rows.len())
}

#[cfg(test)]
mod tests {
    use super::super::dense::tests::{PANELS, with_shift};
    use super::super::integer_tile::tests::assert_tile_list;
    use super::super::layout::{assert_entry, assert_struct};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let own = ["shape", "tiles", "columns", "sums"];
        let bindings = [&own[..], &PANELS].concat();
        let wgsl = with_shift(WGSL);
        assert_entry(&wgsl, "sum_stored", (ROWS / 4) as u32, &bindings);
        let members = [("tiles", offset_of!(Shape, tiles))];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        assert_tile_list(WGSL);
    }
}
