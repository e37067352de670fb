//! Binds `shaders/columns.wgsl`.

use super::class_rows::ClassRows;
use super::integer_rows::{IntegerPanels, Part};
use super::integer_tile::{Kernel, Size, Tile};
use super::memory::{Block, blocks};
use crate::error::Error;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::borrow::Cow;
use std::ops::Range;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/kernel_function.wgsl"),
    include_str!("../../shaders/columns.wgsl"),
);

/// Columns that are there at a time, at most: the more, the less often are those asked for that no pick comes of.
const MOST: u64 = 256;

/// Similarities of some columns of one class on a device, rows x columns, row-major.
pub(super) struct Strip {
    /// As they were asked for.
    pub(super) columns: Vec<usize>,
    /// Where each of those stands among the columns on the device.
    at: Vec<usize>,
    /// The rows of their class.
    pub(super) rows: Range<usize>,
    pub(super) values: Block,
}

impl Strip {
    /// Computes it: of one column at least, and no more than [`at_once`].
    pub(super) fn new(resident: &ClassRows<'_>, columns: &[usize]) -> Result<Self, Error> {
        let rows = resident.ranges.class(resident.class_of(columns[0]));
        let mut sorted = columns.to_vec();
        sorted.sort_unstable(); // by panel
        let parts = resident.panels.having(&sorted)?;
        let values = fill(resident, rows.clone(), &parts, sorted.len())?;
        let place = |column: &usize| sorted.partition_point(|other| other < column);
        Ok(Self {
            at: columns.iter().map(place).collect(),
            columns: columns.to_vec(),
            rows,
            values,
        })
    }

    /// The same of visitors, who meet the rows of the only class, one at least, and no more than [`at_once`].
    pub(super) fn of_visitors(
        resident: &ClassRows<'_>,
        visitors: &IntegerRows,
    ) -> Result<Self, Error> {
        let panels = IntegerPanels::given(resident.gpu, 0, Cow::Borrowed(visitors))?;
        let part = |panel: Result<_, Error>| panel.map(Part::whole);
        let parts: Vec<Part> = panels.iter().map(part).collect::<Result<_, _>>()?;
        let rows = 0..resident.ranges.places();
        let columns: Vec<usize> = (0..visitors.rows()).collect();
        Ok(Self {
            values: fill(resident, rows.clone(), &parts, columns.len())?,
            at: columns.clone(),
            columns,
            rows,
        })
    }

    /// What was found of the columns on the device, in the order in which they were asked for.
    pub(super) fn in_order<T: Copy>(&self, found: &[T]) -> Vec<T> {
        self.at.iter().map(|&at| found[at]).collect()
    }

    /// Where some columns stand on the device, if all do.
    pub(super) fn places(&self, columns: &[usize]) -> Option<Vec<u32>> {
        let place = |column| self.columns.iter().position(|own| own == column);
        let on_device = |column| place(column).map(|place| self.at[place] as u32);
        columns.iter().map(on_device).collect()
    }

    /// The similarities on the host, in that order.
    pub(super) fn read(&self, resident: &ClassRows<'_>) -> Result<Vec<i32>, Error> {
        let values: Vec<i32> = resident.gpu.read("similarities", &self.values)?;
        let rows = values
            .chunks_exact(self.columns.len())
            .take(self.rows.len());
        Ok(rows.flat_map(|row| self.in_order(row)).collect())
    }
}

/// Computes the similarities of the rows at some places and of so many columns, which are in these parts.
fn fill(
    resident: &ClassRows<'_>,
    rows: Range<usize>,
    parts: &[Part],
    columns: usize,
) -> Result<Block, Error> {
    let gpu = resident.gpu;
    let bytes = gpu.fits("similarities", 4 * (rows.len() * columns) as u64)?;
    let values = gpu.output("similarities", bytes)?;
    let size = Size::for_columns(columns);
    let kernel = Kernel {
        name: "columns",
        wgsl: WGSL,
        constants: &[],
        function: Some(&resident.function),
        threshold: 0,
    };
    for part in parts {
        let list = gpu.filled("columns", &part.places, BufferUsages::STORAGE)?;
        let others = [values.as_entire_binding(), list.as_entire_binding()];
        for a in resident.panels.over(rows.clone()) {
            let a = &*a?;
            let tiles = blocks(a.part(&rows), size.rows()).flat_map(|own| {
                blocks(0..part.places.len(), size.columns())
                    .map(move |columns| (own.clone(), columns))
            });
            let tiles = tiles.map(|(own, of)| Tile {
                row: a.place(own.start),
                row_end: a.place(own.end),
                column: of.start as u32,
                column_end: of.end as u32,
                row_place: (own.start - rows.start) as u32,
                column_place: (part.of.start + of.start) as u32,
                matrix: 0,
                pitch: columns as u32,
            });
            let (panels, pass) = ((a, &*part.panel), Pass::unheard());
            (resident.panels).dispatch(&kernel, size, panels, tiles, &others, &pass)?;
        }
    }
    Ok(values)
}

/// Columns of rows that fit memory and one binding at a time.
pub(super) fn at_once(resident: &ClassRows<'_>) -> usize {
    let rows = resident.ranges.places().max(1) as u64;
    let left = resident.gpu.memory_left().map_or(u64::MAX, |left| left / 2);
    let most = left.min(resident.gpu.most_bound()) / (4 * rows);
    most.clamp(1, MOST) as usize
}

/// The similarities of all rows and some columns of one class, rows x columns; 0 between classes.
pub(super) fn run(resident: &ClassRows<'_>, columns: &[usize]) -> Result<Vec<i32>, Error> {
    let mut all = vec![0; resident.ranges.places() * columns.len()];
    let mut first = 0;
    for some in columns.chunks(at_once(resident)) {
        let strip = Strip::new(resident, some)?;
        let found = strip.read(resident)?;
        let rows = all.chunks_exact_mut(columns.len()).skip(strip.rows.start);
        for (row, found) in rows.zip(found.chunks_exact(some.len())) {
            row[first..first + some.len()].copy_from_slice(found);
        }
        first += some.len();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::super::integer_tile::tests::assert_function_kernel;
    use super::*;

    #[test]
    fn layout() {
        assert_function_kernel(WGSL, "columns", &["values", "listed"]);
    }
}
