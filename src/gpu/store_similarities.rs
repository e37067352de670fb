//! Binds `shaders/store_similarities.wgsl`.

use super::class_rows::ClassRows;
use super::dense::Dense;
use super::integer_tile::{Kernel, Size, Tile, pairs};
use crate::error::Error;
use crate::progress::Pass;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/panel_shift.wgsl"),
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/kernel_function.wgsl"),
    include_str!("../../shaders/store_similarities.wgsl"),
);

/// Writes the similarities of the classes kept.
pub(super) fn run(resident: &ClassRows<'_>, kept: &Dense, pass: &Pass<'_>) -> Result<(), Error> {
    let ranges = &resident.ranges;
    let size = Size::for_classes(kept.classes.clone().map(|class| ranges.class(class).len()));
    let kernel = Kernel {
        name: "store_similarities",
        wgsl: WGSL,
        constants: &[resident.gpu.panel_shift()],
        function: Some(&resident.function),
        threshold: 0,
    };
    let kept_panels = kept.bindings();
    resident.panels.pairs(|a, b| {
        let tiles = kept.classes.clone().flat_map(|class| {
            let of_class = ranges.class(class);
            let start = of_class.start;
            pairs(a.part(&of_class), b.part(&of_class), size.rows()).map(move |(rows, columns)| {
                Tile {
                    row_place: (rows.start - start) as u32,
                    column_place: (columns.start - start) as u32,
                    matrix: kept.matrix(class),
                    pitch: kept.groups(class),
                    ..Tile::of((a, &rows), (b, &columns))
                }
            })
        });
        (resident.panels).dispatch(&kernel, size, (a, b), tiles, &kept_panels, pass)
    })?;
    resident.gpu.alive()
}

#[cfg(test)]
mod tests {
    use super::super::dense::tests::{PANELS, with_shift};
    use super::super::integer_tile::tests::assert_function_kernel;
    use super::*;

    #[test]
    fn layout() {
        assert_function_kernel(&with_shift(WGSL), "store_similarities", &PANELS);
    }
}
