//! Binds `shaders/row_sums.wgsl`.

use super::class_rows::ClassRows;
use super::integer_rows::IntegerPanels;
use super::integer_tile::{Kernel, Size, Tile, pairs};
use crate::error::Error;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::borrow::Cow;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/integer_tile.wgsl"),
    include_str!("../../shaders/kernel_function.wgsl"),
    include_str!("../../shaders/tile_sums.wgsl"),
    include_str!("../../shaders/two_words.wgsl"),
    include_str!("../../shaders/row_sums.wgsl"),
);

/// Every row's sum over its class.
pub(super) fn run(resident: &ClassRows<'_>, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
    let ranges = &resident.ranges;
    let classes = (0..ranges.classes()).map(|class| ranges.class(class));
    let size = Size::for_classes(classes.clone().map(|class| class.len()));
    let kernel = kernel(resident);
    let sums = resident.panels.sums(ranges.places())?;
    let others = [sums.as_entire_binding()];
    resident.panels.pairs(|a, b| {
        let tiles = classes.clone().flat_map(|class| {
            let pairs = pairs(a.part(&class), b.part(&class), size.rows());
            pairs.map(|(rows, columns)| Tile::of((a, &rows), (b, &columns)))
        });
        (resident.panels).dispatch(&kernel, size, (a, b), tiles, &others, pass)
    })?;
    resident.panels.read_sums(&sums, ranges.places())
}

/// Every row's sum over visitors, and every visitor's over the rows, of one class.
pub(super) fn with_visitors(
    resident: &ClassRows<'_>,
    visitors: &IntegerRows,
    pass: &Pass<'_>,
) -> Result<[Vec<i64>; 2], Error> {
    let rows = resident.ranges.places();
    let others = IntegerPanels::given(resident.gpu, rows, Cow::Borrowed(visitors))?;
    let sums = resident.panels.sums(rows + visitors.rows())?;
    let bound = [sums.as_entire_binding()];
    (resident.panels).on_visitors(&kernel(resident), &others, &bound, pass)?;
    let mut found = resident.panels.read_sums(&sums, rows + visitors.rows())?;
    let of_visitors = found.split_off(rows);
    Ok([found, of_visitors])
}

fn kernel<'k>(resident: &'k ClassRows<'_>) -> Kernel<'k> {
    Kernel {
        name: "row_sums",
        wgsl: WGSL,
        constants: &[],
        function: Some(&resident.function),
        threshold: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::integer_tile::tests::assert_function_kernel;
    use super::*;

    #[test]
    fn layout() {
        assert_function_kernel(WGSL, "row_sums", &["sums"]);
    }
}
