//! Whole-number rows on a device, in panels.

use super::memory::{Block, blocks};
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::quantise::{ClassRanges, IntegerRows};
use std::ops::Range;
use wgpu::BufferUsages;

/// Most bytes of a panel of integer rows.
const PANEL_BYTES: u64 = 1 << 30;
/// Panels are cut between groups of so many rows of a class, which a thread stores together.
const GROUP: usize = 4;

/// Values of a row up to which a thread of Mesa's lavapipe comes to the end of a tile: it stops
/// after 65 535 rounds of all its loops.
const MOST_VALUES: usize = (65_535 - ROUNDS_BESIDES) / ROUNDS_OF_STEP * STEP;
/// `STEP` in the shader, and the rounds that a thread spends on it, and besides.
pub(super) const STEP: usize = 16;
const ROUNDS_OF_STEP: usize = 24;
const ROUNDS_BESIDES: usize = 64;

/// Some integer rows, within one binding.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) rows: Range<usize>,
    pub(super) block: Block,
}

impl Panel {
    /// Those of a panel's rows that are in `rows`.
    pub(super) fn part(&self, rows: &Range<usize>) -> Range<usize> {
        let first = self.rows.start.max(rows.start);
        first..self.rows.end.min(rows.end).max(first)
    }

    pub(super) fn binding(&self) -> wgpu::BindingResource<'_> {
        self.block.as_entire_binding()
    }

    /// A row's place in the panel.
    pub(super) fn place(&self, row: usize) -> u32 {
        (row - self.rows.start) as u32
    }
}

/// Integer rows on a GPU, in panels.
pub(super) struct Panels<'a> {
    pub(super) gpu: &'a Gpu,
    /// Values to a row.
    pub(super) pitch: usize,
    panels: Vec<Panel>,
}

impl std::ops::Deref for Panels<'_> {
    type Target = [Panel];

    fn deref(&self) -> &[Panel] {
        &self.panels
    }
}

/// Integer rows by class on a GPU.
pub(super) struct Resident<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) ranges: ClassRanges,
    pub(super) panels: Panels<'a>,
    /// Negative where there is none.
    pub(super) threshold: i32,
}

impl<'a> Resident<'a> {
    /// Memory for rows of `pitch` values.
    pub(super) fn new(
        gpu: &'a Gpu,
        ranges: ClassRanges,
        pitch: usize,
        threshold: Option<i32>,
    ) -> Result<Self, Error> {
        let cuts = panels(&ranges, rows_per_panel(gpu, pitch)?);
        Ok(Self {
            gpu,
            panels: Panels::cut(gpu, pitch, cuts)?,
            ranges,
            threshold: threshold.unwrap_or(-1),
        })
    }

    /// The class of a row.
    pub(super) fn class_of(&self, row: usize) -> usize {
        self.ranges.class_of(row)
    }
}

impl<'a> Panels<'a> {
    /// Memory for these ranges of rows of `pitch` values.
    fn cut(gpu: &'a Gpu, pitch: usize, ranges: Vec<Range<usize>>) -> Result<Self, Error> {
        if pitch > MOST_VALUES && gpu.is_software() {
            return Err(Error::Device(format!(
                "rows of {pitch} values found, at most {MOST_VALUES} expected by a software adapter"
            )));
        }
        // A binding of a runtime-sized array cannot be empty.
        let size = |range: &Range<usize>| (2 * range.len() * pitch).max(16) as u64;
        let sizes: Vec<u64> = ranges.iter().map(size).collect();
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST | BufferUsages::COPY_SRC;
        let blocks = gpu.blocks("integer rows", &sizes, usage)?;
        let panels = ranges.into_iter().zip(blocks);
        Ok(Self {
            gpu,
            pitch,
            panels: panels.map(|(rows, block)| Panel { rows, block }).collect(),
        })
    }

    /// Memory for so many rows of one class.
    pub(super) fn new(gpu: &'a Gpu, rows: usize, pitch: usize) -> Result<Self, Error> {
        let most = rows_per_panel(gpu, pitch)?;
        Self::cut(gpu, pitch, blocks(0..rows, most).collect())
    }

    /// Rows of the host's, with places from `first` on.
    pub(super) fn of(gpu: &'a Gpu, first: usize, rows: &IntegerRows) -> Result<Self, Error> {
        let most = rows_per_panel(gpu, rows.pitch())?;
        let places = first..first + rows.rows();
        let panels = Self::cut(gpu, rows.pitch(), blocks(places, most).collect())?;
        panels.fill(first, rows)?;
        Ok(panels)
    }

    /// Writes all rows, the first of which has the place `first`.
    pub(super) fn fill(&self, first: usize, rows: &IntegerRows) -> Result<(), Error> {
        for panel in self.iter() {
            let own = panel.rows.start - first..panel.rows.end - first;
            let values = &rows.values()[own.start * self.pitch..own.end * self.pitch];
            self.gpu.write("integer rows", &panel.block, values)?;
        }
        Ok(())
    }

    /// Values to a row.
    pub(super) fn pitch(&self) -> usize {
        self.pitch
    }

    /// Number of rows.
    pub(super) fn rows(&self) -> usize {
        self.panels.iter().map(|panel| panel.rows.len()).sum()
    }

    /// Writes rows at a place of a panel and those after it.
    pub(super) fn write(
        &self,
        panel: &Panel,
        place: usize,
        rows: &IntegerRows,
    ) -> Result<(), Error> {
        let offset = self.bytes(panel, place..place).start;
        self.gpu
            .write_at("integer rows", &panel.block, offset, rows.values())
    }

    /// The rows at some places, in panels of their own.
    pub(super) fn some(&self, places: &[usize]) -> Result<Self, Error> {
        let copies = Self::new(self.gpu, places.len(), self.pitch)?;
        for to in &*copies {
            self.gpu.submit("integer rows", |encoder| {
                for (at, &place) in to.rows.clone().zip(&places[to.rows.clone()]) {
                    let from = self.partition_point(|panel| panel.rows.end <= place);
                    let from = &self[from];
                    let (source, target) = (
                        self.bytes(from, place..place + 1),
                        self.bytes(to, at..at + 1),
                    );
                    let size = source.end - source.start;
                    encoder.copy_buffer_to_buffer(
                        &from.block,
                        source.start,
                        &to.block,
                        target.start,
                        size,
                    );
                }
            })?;
        }
        Ok(copies)
    }

    /// The rows at some places, on the host.
    pub(super) fn read(&self, places: Range<usize>) -> Result<IntegerRows, Error> {
        let mut values = Vec::with_capacity(places.len() * self.pitch);
        for panel in self.iter() {
            let part = panel.part(&places);
            if !part.is_empty() {
                let bytes = self.bytes(panel, part);
                values.extend(
                    self.gpu
                        .read_part::<i16>("integer rows", &panel.block, bytes)?,
                );
            }
        }
        Ok(IntegerRows::of(values, self.pitch))
    }

    /// Where in a panel some rows stand.
    fn bytes(&self, panel: &Panel, places: Range<usize>) -> Range<u64> {
        let byte = |place: usize| (2 * (place - panel.rows.start) * self.pitch) as u64;
        byte(places.start)..byte(places.end)
    }
}

fn rows_per_panel(gpu: &Gpu, pitch: usize) -> Result<usize, Error> {
    let bytes = (pitch * size_of::<i16>()).max(1) as u64;
    let limit = gpu.most_bound();
    let fit = limit.min(PANEL_BYTES.max(bytes * GROUP as u64)) / bytes;
    if fit < GROUP as u64 {
        return Err(Error::Device(format!(
            "{GROUP} integer rows of {bytes} bytes do not fit a binding of {limit}"
        )));
    }
    Ok(fit.min(u64::from(u32::MAX)) as usize)
}

/// All rows, cut so that no panel has more than `most` of them, and no group of a class is cut.
fn panels(ranges: &ClassRanges, most: usize) -> Vec<Range<usize>> {
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
            let panels = panels(&ranges, most);
            assert!(panels.iter().all(|p| !p.is_empty() && p.len() <= most));
            assert_eq!((panels[0].start, panels[panels.len() - 1].end), (0, 50));
            for (before, after) in panels.iter().zip(&panels[1..]) {
                assert_eq!(before.end, after.start);
                let class = ranges.class(ranges.class_of(after.start));
                assert_eq!((after.start - class.start) % GROUP, 0, "{panels:?}");
            }
        }
        assert!(panels(&ClassRanges::new([0]), 4).is_empty());
    }
}
