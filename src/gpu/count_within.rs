//! Binds `shaders/count_within.wgsl`.

use super::integer_tile::{Kernel, Size, Tile, pairs};
use super::neighbours::GpuNeighbours;
use crate::{Counts, Error, Reach};

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/tile_sums.wgsl"),
    include_str!("../../shaders/count_within.wgsl"),
);

/// For every row how many rows are near.
pub(super) fn run(neighbours: &GpuNeighbours<'_>, reach: Reach) -> Result<Vec<Counts>, Error> {
    let (panels, rows) = (&neighbours.panels, neighbours.rows());
    let gpu = panels.gpu;
    let size = Size::for_classes(std::iter::once(rows));
    let kernel = Kernel {
        name: "count_within",
        wgsl: WGSL,
        constants: &[],
        slots: &gpu.pipelines().count_within,
    };
    let (reach, counts) = (neighbours.reach(reach)?, panels.sums(rows)?);
    for (at, a) in panels.iter().enumerate() {
        for b in &panels[at..] {
            let pairs = pairs(a.rows.clone(), b.rows.clone(), size.rows());
            let tiles = pairs.map(|(rows, columns)| Tile::of((a, &rows), (b, &columns)));
            let others = [reach.as_entire_binding(), counts.as_entire_binding()];
            panels.dispatch(&kernel, size, (a, b), tiles, &others)?;
        }
    }
    let mut counts: Vec<Counts> = gpu.read("counts", &counts)?;
    counts.truncate(rows);
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::super::integer_tile::tests::assert_tile_kernel;
    use super::super::layout::assert_struct;
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_tile_kernel(WGSL, "count_within", &["reach", "counts"]);
        let members = [
            ("certain", offset_of!(Reach, certain)),
            ("possible", offset_of!(Reach, possible)),
        ];
        assert_struct(WGSL, "Reach", &members, size_of::<Reach>());
    }
}
