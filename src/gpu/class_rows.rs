//! Integer rows by class on a device.

use super::function::Function;
use super::integer_rows::{GROUP, IntegerPanels, Source, rows_per_panel};
use super::integer_tile::Tile;
use super::memory::blocks;
use super::panels::Panel;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::function::KernelFunction;
use crate::quantise::ClassRanges;
use std::ops::Range;

/// `Shape` in `shaders/class_tile.wgsl`; the kernels' tests hold the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    tiles: u32,
    words: u32,
}

/// A kernel that takes rows of a class one by one.
pub(super) struct Kernel {
    pub(super) name: &'static str,
    pub(super) wgsl: &'static str,
    /// Rows and values of a tile, at most.
    pub(super) tile: (usize, usize),
}

/// Integer rows by class on a GPU.
pub(super) struct ClassRows<'a> {
    pub(super) gpu: &'a Gpu,
    pub(super) ranges: ClassRanges,
    pub(super) panels: IntegerPanels<'a>,
    pub(super) is_linear: bool,
    pub(super) function: Function,
}

impl<'a> ClassRows<'a> {
    /// Rows of `pitch` values.
    pub(super) fn new(
        gpu: &'a Gpu,
        ranges: ClassRanges,
        pitch: usize,
        function: &KernelFunction,
        source: impl Source + 'a,
    ) -> Result<Self, Error> {
        let most = rows_per_panel(gpu, ranges.places(), pitch)?;
        Ok(Self {
            gpu,
            panels: IntegerPanels::transient(gpu, cuts(&ranges, most), pitch, source),
            ranges,
            is_linear: function.is_linear(),
            function: Function::new(gpu, function)?,
        })
    }

    /// The class of a row.
    pub(super) fn class_of(&self, row: usize) -> usize {
        self.ranges.class_of(row)
    }

    /// Runs a kernel on some rows of a panel, which are of these `classes`: the first of either has place
    /// 0 in `others`, what it binds besides.
    pub(super) fn dispatch(
        &self,
        kernel: &Kernel,
        classes: &Range<usize>,
        (panel, rows): (&Panel, Range<usize>),
        others: &[wgpu::BindingResource<'_>],
    ) -> Result<(), Error> {
        let gpu = self.gpu;
        let tiles = classes
            .clone()
            .skip_while(|&class| self.ranges.class(class).end <= rows.start)
            .take_while(|&class| self.ranges.class(class).start < rows.end)
            .flat_map(|class| self.tiles(kernel, (panel, &rows), (class, class - classes.start)));
        gpu.each_list(tiles, gpu.most_listed::<Tile>(), |list, tiles| {
            let count = tiles.len() as u32;
            let shape = gpu.uniform(Shape {
                tiles: count,
                words: (self.panels.pitch / 2) as u32,
            })?;
            let own = [
                shape.as_entire_binding(),
                list.as_entire_binding(),
                panel.binding(),
            ];
            let bindings = [&own, others].concat();
            let source = (kernel.wgsl, &[][..]);
            gpu.dispatch(kernel.name, source, &bindings, count.into())
        })
    }

    /// Those of some rows of a panel that are of one class.
    fn tiles(
        &self,
        kernel: &Kernel,
        (panel, rows): (&Panel, &Range<usize>),
        (class, place): (usize, usize),
    ) -> impl Iterator<Item = Tile> + use<> {
        let (first, start, pitch) = (rows.start, panel.rows.start, self.panels.pitch);
        let of_class = self.ranges.class(class);
        let own = of_class.start.max(first)..of_class.end.min(rows.end);
        let (rows_of_tile, values_of_tile) = kernel.tile;
        blocks(own, rows_of_tile).flat_map(move |rows| {
            blocks(0..pitch, values_of_tile).map(move |values| Tile {
                row: (rows.start - start) as u32,
                row_end: (rows.end - start) as u32,
                column: values.start as u32,
                column_end: values.end as u32,
                row_place: (rows.start - first) as u32,
                column_place: (place * pitch + values.start) as u32,
                matrix: 0,
                pitch: 0,
            })
        })
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
pub(super) mod tests {
    use super::super::integer_tile::tests::assert_tile_list;
    use super::super::layout::{assert_entry, assert_struct};
    use super::*;
    use std::mem::offset_of;

    /// Asserts that the shader has the structs, and one entry point of this name with these bindings after
    /// the rows.
    pub(in super::super) fn assert_class_tile_kernel(wgsl: &str, name: &str, others: &[&str]) {
        let members = [
            ("tiles", offset_of!(Shape, tiles)),
            ("words", offset_of!(Shape, words)),
        ];
        assert_struct(wgsl, "Shape", &members, size_of::<Shape>());
        assert_tile_list(wgsl);
        let bindings = [&["shape", "tiles", "integers"], others].concat();
        assert_entry(wgsl, name, 256, &bindings);
    }

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
