//! Binds `shaders/linear_row_sums.wgsl`.

use super::class_rows::{ClassRows, Kernel};
use super::class_totals;
use super::integer_tile::joined;
use super::memory::blocks;
use crate::error::Error;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/tile_list.wgsl"),
    include_str!("../../shaders/class_tile.wgsl"),
    include_str!("../../shaders/signed_words.wgsl"),
    include_str!("../../shaders/linear_row_sums.wgsl"),
);

/// Rows of a workgroup, eight a thread: of the longest rows that Mesa's lavapipe is given (`integer_rows`)
/// a tenth of the rounds after which its threads stop.
const ROWS: usize = 64;

/// Bytes of an answer.
const BYTES: u64 = 8;
/// Rows at a time: their answers take little memory beside the rows.
const AT_ONCE: usize = 1 << 14;

/// Every row's product with the total of its class.
pub(super) fn run(resident: &ClassRows<'_>) -> Result<Vec<i64>, Error> {
    let (gpu, panels) = (resident.gpu, &resident.panels);
    let kernel = Kernel {
        name: "linear_row_sums",
        wgsl: WGSL,
        tile: (ROWS, panels.pitch),
    };
    let at_once = AT_ONCE.min((gpu.most_bound() / BYTES) as usize);
    let mut sums = Vec::with_capacity(resident.ranges.places());
    for classes in class_totals::runs(resident) {
        let totals = class_totals::run(resident, &classes)?;
        let places = resident.ranges.span(classes.clone());
        for panel in panels.over(places.clone()) {
            let panel = &*panel?;
            for rows in blocks(panel.part(&places), at_once) {
                let out = gpu.output("sums of rows", rows.len() as u64 * BYTES)?;
                let others = [totals.as_entire_binding(), out.as_entire_binding()];
                resident.dispatch(&kernel, &classes, (panel, rows), &others)?;
                let words = gpu.read::<[u32; 2]>("sums of rows", &out)?;
                sums.extend(words.into_iter().map(joined));
            }
        }
    }
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::super::class_rows::tests::assert_class_tile_kernel;
    use super::super::layout::constant;
    use super::*;

    #[test]
    fn layout() {
        assert_class_tile_kernel(WGSL, "linear_row_sums", &["totals", "sums"]);
        assert_eq!(8 * constant(WGSL, "ROWS"), ROWS as u64);
    }
}
