//! Integer rows by class on a device.

use super::integer_rows::{GROUP, IntegerPanels, Source, rows_per_panel};
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::quantise::ClassRanges;
use std::ops::Range;

/// Integer rows by class on a GPU.
pub(super) struct ClassRows<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) ranges: ClassRanges,
    pub(super) panels: IntegerPanels<'a>,
    /// Negative where there is none.
    pub(super) threshold: i32,
}

impl<'a> ClassRows<'a> {
    /// Rows of `pitch` values.
    pub(super) fn new(
        gpu: &'a Gpu,
        ranges: ClassRanges,
        pitch: usize,
        threshold: Option<i32>,
        source: impl Source + 'a,
    ) -> Result<Self, Error> {
        let most = rows_per_panel(gpu, ranges.places(), pitch)?;
        Ok(Self {
            gpu,
            panels: IntegerPanels::transient(gpu, cuts(&ranges, most), pitch, source),
            ranges,
            threshold: threshold.unwrap_or(-1),
        })
    }

    /// The class of a row.
    pub(super) fn class_of(&self, row: usize) -> usize {
        self.ranges.class_of(row)
    }
}

/// All rows, cut so that no panel has more than `most` of them, and no group of a class is cut.
fn cuts(ranges: &ClassRanges, most: usize) -> Vec<Range<usize>> {
    let mut panels = Vec::new();
    let mut first = 0;
    while first < ranges.places() {
        let mut end = ranges.places().min(first + most);
        if end < ranges.places() {
            end -= (end - ranges.class(ranges.class_of(end)).start) % GROUP;
        }
        panels.push(first..end);
        first = end;
    }
    panels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_cut_no_group() {
        let ranges = ClassRanges::new([0, 7, 23, 1, 0, 19]);
        for most in 4..60 {
            let panels = cuts(&ranges, most);
            assert!(panels.iter().all(|p| !p.is_empty() && p.len() <= most));
            assert_eq!((panels[0].start, panels[panels.len() - 1].end), (0, 50));
            for (before, after) in panels.iter().zip(&panels[1..]) {
                assert_eq!(before.end, after.start);
                let class = ranges.class(ranges.class_of(after.start));
                assert_eq!((after.start - class.start) % GROUP, 0, "{panels:?}");
            }
        }
        assert!(cuts(&ClassRanges::new([0]), 4).is_empty());
    }
}
