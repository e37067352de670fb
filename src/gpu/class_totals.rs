//! Binds `shaders/class_totals.wgsl`.

use super::class_rows::{ClassRows, Kernel};
use super::memory::{Block, blocks};
use super::transfer::PIECE_BYTES;
use crate::error::Error;
use std::ops::Range;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/class_tile.wgsl"),
    include_str!("../../shaders/two_words.wgsl"),
    include_str!("../../shaders/class_totals.wgsl"),
);

/// Rows of a workgroup, 64 a thread, and values, two a lane.
const ROWS: usize = 512;
const VALUES: usize = 64;

/// The classes, in runs whose totals fit one binding.
pub(super) fn runs(resident: &ClassRows<'_>) -> impl Iterator<Item = Range<usize>> + use<> {
    let gpu = resident.gpu;
    let most = gpu.most_bound().min(gpu.share().unwrap_or(PIECE_BYTES));
    let at_once = most.min(PIECE_BYTES) / (8 * resident.panels.pitch.max(1)) as u64;
    blocks(0..resident.ranges.classes(), at_once.max(1) as usize)
}

/// The sums of some classes' rows, on the device: two words a value, and a row's values to a class.
pub(super) fn run(resident: &ClassRows<'_>, classes: &Range<usize>) -> Result<Block, Error> {
    let kernel = Kernel {
        name: "class_totals",
        wgsl: WGSL,
        tile: (ROWS, VALUES),
    };
    let sums = (resident.panels).sums(classes.len() * resident.panels.pitch)?;
    let places = resident.ranges.span(classes.clone());
    for panel in resident.panels.over(places.clone()) {
        let panel = &*panel?;
        let others = [sums.as_entire_binding()];
        resident.dispatch(&kernel, classes, (panel, panel.part(&places)), &others)?;
    }
    Ok(sums)
}

/// The sums of all classes' rows, class after class.
pub(super) fn read_all(resident: &ClassRows<'_>) -> Result<Vec<i64>, Error> {
    let mut totals = Vec::new();
    for classes in runs(resident) {
        let sums = run(resident, &classes)?;
        let values = classes.len() * resident.panels.pitch;
        totals.extend(resident.panels.read_sums(&sums, values)?);
    }
    Ok(totals)
}

#[cfg(test)]
mod tests {
    use super::super::class_rows::tests::assert_class_tile_kernel;
    use super::super::layout::constant;
    use super::*;

    #[test]
    fn layout() {
        assert_class_tile_kernel(WGSL, "class_totals", &["sums"]);
        assert_eq!(2 * constant(WGSL, "LANES"), VALUES as u64);
        assert_eq!(64 * constant(WGSL, "ROWS"), ROWS as u64);
    }
}
