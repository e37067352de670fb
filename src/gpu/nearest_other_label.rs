//! Binds `shaders/nearest_other_label.wgsl`.

use super::integer_rows::IntegerPanels;
use super::integer_tile::Kernel;
use crate::error::Error;
use crate::progress::Pass;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/nearest_other_label.wgsl"),
);

/// For every row the largest product with a row of another label.
/// Of pairs of rows, or, where there are visitors, of rows and those; what there is of the latter then comes
/// after what there is of the rows, as their labels do.
pub(super) fn run(
    rows: &IntegerPanels<'_>,
    labels: &[u32],
    visitors: Option<&IntegerPanels<'_>>,
    pass: &Pass<'_>,
) -> Result<Vec<i32>, Error> {
    let (gpu, count) = (rows.gpu, labels.len());
    let kernel = Kernel {
        name: "nearest_other_label",
        wgsl: WGSL,
        constants: &[],
        function: None,
        threshold: 0,
    };
    gpu.fits("labels", size_of_val(labels) as u64)?;
    let labels = gpu.filled("labels", labels, BufferUsages::STORAGE)?;
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    let largest = gpu.filled("largest products", &vec![i32::MIN; count], usage)?;
    let others = [labels.as_entire_binding(), largest.as_entire_binding()];
    match visitors {
        None => rows.on_all_pairs(&kernel, &others, pass)?,
        Some(visitors) => rows.on_visitors(&kernel, visitors, &others, pass)?,
    }
    gpu.read("largest products", &largest)
}

#[cfg(test)]
mod tests {
    use super::super::integer_tile::tests::assert_tile_kernel;
    use super::*;

    #[test]
    fn layout() {
        assert_tile_kernel(WGSL, "nearest_other_label", &["labels", "largest"]);
    }
}
