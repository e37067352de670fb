//! Binds `shaders/count_within.wgsl`.

use super::integer_rows::IntegerPanels;
use super::integer_tile::Kernel;
use crate::error::Error;
use crate::progress::Pass;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/tile_sums.wgsl"),
    include_str!("../../shaders/count_within.wgsl"),
);

/// For every row the number of rows at a product above `least`.
/// Of pairs of rows, or, where there are visitors, of rows and those; counts of the latter then come after
/// those of the rows.
pub(super) fn run(
    rows: &IntegerPanels<'_>,
    least: i32,
    visitors: Option<&IntegerPanels<'_>>,
    pass: &Pass<'_>,
) -> Result<Vec<u32>, Error> {
    let gpu = rows.gpu;
    let kernel = Kernel {
        name: "count_within",
        wgsl: WGSL,
        constants: &[],
        function: None,
        threshold: least,
    };
    let count = rows.rows() + visitors.map_or(0, IntegerPanels::rows);
    let bytes = gpu.fits("counts", 4 * count as u64)?;
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    let counts = gpu.block("counts", bytes, usage)?; // wgpu clears it
    let others = [counts.as_entire_binding()];
    match visitors {
        None => rows.on_all_pairs(&kernel, &others, pass)?,
        Some(visitors) => rows.on_visitors(&kernel, visitors, &others, pass)?,
    }
    let mut counts: Vec<u32> = gpu.read("counts", &counts)?;
    counts.truncate(count);
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::super::integer_tile::tests::assert_tile_kernel;
    use super::*;

    #[test]
    fn layout() {
        assert_tile_kernel(WGSL, "count_within", &["counts"]);
    }
}
