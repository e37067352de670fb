//! Binds `shaders/sum_columns.wgsl`.

use super::class_rows::ClassRows;
use super::integer_tile::{Kernel, Size, Tile};
use super::memory::blocks;
use super::panels::Panel;
use crate::error::Error;
use crate::progress::Pass;
use std::ops::Range;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/kernel_function.wgsl"),
    include_str!("../../shaders/two_words.wgsl"),
    include_str!("../../shaders/sum_columns.wgsl"),
);

/// Every row's sum over those of the columns that are of its class.
pub(super) fn run(resident: &ClassRows<'_>, columns: &[usize]) -> Result<Vec<i64>, Error> {
    let gpu = resident.gpu;
    let rows = resident.ranges.places();
    if columns.is_empty() {
        return Ok(vec![0; rows]);
    }
    let mut columns = columns.to_vec();
    columns.sort_unstable(); // by panel, and within it by class
    let sums = resident.panels.sums(rows)?;
    for part in resident.panels.having(&columns)? {
        let list = gpu.filled("columns", &part.places, BufferUsages::STORAGE)?;
        let others = [sums.as_entire_binding(), list.as_entire_binding()];
        of_panel(resident, &part.panel, &columns[part.of], &others)?;
    }
    resident.panels.read_sums(&sums, rows)
}

/// Adds the columns of one panel.
fn of_panel(
    resident: &ClassRows<'_>,
    panel: &Panel,
    columns: &[usize],
    others: &[wgpu::BindingResource<'_>],
) -> Result<(), Error> {
    let parts = by_class(resident, columns);
    let most = parts.iter().map(|(_, list)| list.len()).max();
    let size = Size::for_columns(most.unwrap_or(0));
    let kernel = Kernel {
        name: "sum_columns",
        wgsl: WGSL,
        constants: &[],
        function: Some(&resident.function),
        threshold: 0,
    };
    for a in resident.panels.iter() {
        let a = &*a?;
        let tiles = parts.iter().flat_map(|(class, list)| {
            let rows = blocks(a.part(&resident.ranges.class(*class)), size.rows());
            rows.flat_map(move |rows| {
                blocks(list.clone(), size.columns()).map(move |columns| Tile {
                    row: a.place(rows.start),
                    row_end: a.place(rows.end),
                    column: columns.start as u32,
                    column_end: columns.end as u32,
                    row_place: rows.start as u32,
                    column_place: 0,
                    matrix: 0,
                    pitch: 0,
                })
            })
        });
        resident
            .panels
            .dispatch(&kernel, size, (a, panel), tiles, others, &Pass::unheard())?;
    }
    Ok(())
}

/// The classes of sorted rows, each with where its rows are in the list.
pub(super) fn by_class(resident: &ClassRows<'_>, rows: &[usize]) -> Vec<(usize, Range<usize>)> {
    let mut first = 0;
    let class_of = |&row: &usize| resident.class_of(row);
    let parts = rows.chunk_by(|a, b| class_of(a) == class_of(b));
    parts
        .map(|part| {
            let range = first..first + part.len();
            first = range.end;
            (class_of(&part[0]), range)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::integer_tile::tests::assert_function_kernel;
    use super::*;

    #[test]
    fn layout() {
        assert_function_kernel(WGSL, "sum_columns", &["sums", "columns"]);
    }
}
