//! Binds `shaders/mark_within.wgsl`.

use super::integer_rows::IntegerPanels;
use super::integer_tile::{Kernel, Size, Tile};
use super::memory::blocks;
use crate::error::Error;
use crate::kernels::neighbours::{NearMasks, Thresholds};
use crate::progress::Pass;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/mark_within.wgsl"),
);

/// For each row of `among` which of `marked` it is near to.
pub(super) fn run(
    rows: &IntegerPanels<'_>,
    columns: &IntegerPanels<'_>,
    among: &[usize],
    thresholds: Thresholds,
) -> Result<Vec<NearMasks>, Error> {
    let gpu = rows.gpu;
    let kernel = Kernel {
        name: "mark_within",
        wgsl: WGSL,
        constants: &[],
        function: None,
        threshold: 0,
    };
    let thresholds = [thresholds.certain, thresholds.possible];
    let thresholds = gpu.filled("thresholds", &thresholds, BufferUsages::UNIFORM)?;
    let marks = rows.sums(rows.rows())?;
    let size = Size::Narrow;
    let others = [thresholds.as_entire_binding(), marks.as_entire_binding()];
    rows.pairs_with(columns, |a, b| {
        let tiles =
            blocks(a.rows.clone(), size.rows()).map(|of_a| Tile::of((a, &of_a), (b, &b.rows)));
        rows.dispatch(&kernel, size, (a, b), tiles, &others, &Pass::unheard())
    })?;
    let marks: Vec<NearMasks> = gpu.read("marks", &marks)?;
    Ok(among.iter().map(|&row| marks[row]).collect())
}

#[cfg(test)]
mod tests {
    use super::super::integer_tile::tests::assert_tile_kernel;
    use super::super::layout::assert_struct;
    use super::*;
    use crate::kernels::neighbours::MARKED;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_tile_kernel(WGSL, "mark_within", &["thresholds", "marks"]);
        let members = [
            ("certain", offset_of!(Thresholds, certain)),
            ("possible", offset_of!(Thresholds, possible)),
        ];
        assert_struct(WGSL, "Thresholds", &members, size_of::<Thresholds>());
        assert_eq!(Size::Narrow.columns(), MARKED);
    }
}
