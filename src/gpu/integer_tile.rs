//! What the kernels of `shaders/integer_tile.wgsl` share: tiles and their dispatch.

use super::function::Function;
use super::integer_rows::IntegerPanels;
use super::memory::{Block, blocks};
use super::panels::Panel;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::progress::Pass;
use std::ops::Range;
use wgpu::BufferUsages;

/// Rows or columns of a tile for each thread along them.
const ROWS_OF_THREAD: usize = 8;

/// Multiply-adds of one dispatch, a fraction of a second on the slowest GPUs.
const MOST_PRODUCTS: u64 = 1 << 34;
/// As many bytes of a list fill any GPU.
const LIST_BYTES: u64 = 1 << 20;

/// `Tile` in `shaders/tile_list.wgsl`; the kernels' tests hold the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Tile {
    pub(super) row: u32,
    pub(super) row_end: u32,
    pub(super) column: u32,
    pub(super) column_end: u32,
    pub(super) row_place: u32,
    pub(super) column_place: u32,
    pub(super) matrix: u32,
    pub(super) pitch: u32,
}

impl Tile {
    /// Some rows of a panel against some of another, their places being those among all rows.
    pub(super) fn of(
        (a, rows): (&Panel, &Range<usize>),
        (b, columns): (&Panel, &Range<usize>),
    ) -> Self {
        Self {
            row: a.place(rows.start),
            row_end: a.place(rows.end),
            column: b.place(columns.start),
            column_end: b.place(columns.end),
            row_place: rows.start as u32,
            column_place: columns.start as u32,
            matrix: 0,
            pitch: 0,
        }
    }

    /// Pairs of rows that meet, in either order where the tile is off the diagonal.
    fn pairs(&self) -> u64 {
        let rows = u64::from(self.row_end - self.row);
        let columns = u64::from(self.column_end - self.column);
        rows * columns
            * if self.row_place == self.column_place {
                1
            } else {
                2
            }
    }
}

/// `Shape` in `shaders/integer_tile.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    tiles: u32,
    vectors: u32,
    threshold: i32,
}

/// Threads of a workgroup along rows and columns: a tile has eight times as many of either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// 64 x 64.
    Small,
    /// 128 x 128.
    Large,
    /// 128 x 32.
    Narrow,
}

impl Size {
    fn threads(self) -> (usize, usize) {
        match self {
            Self::Small => (8, 8),
            Self::Large => (16, 16),
            Self::Narrow => (16, 4),
        }
    }

    pub(super) fn rows(self) -> usize {
        self.threads().0 * ROWS_OF_THREAD
    }

    pub(super) fn columns(self) -> usize {
        self.threads().1 * ROWS_OF_THREAD
    }

    /// For all pairs of rows in each of some classes: large tiles read their rows half as often,
    /// but where there are few of them, or classes fill them badly, small ones take less time.
    pub(super) fn for_classes(classes: impl Iterator<Item = usize> + Clone) -> Self {
        const FILL_A_GPU: usize = 64;
        let tiles = |size: Self| -> usize {
            let blocks = classes.clone().map(|rows| rows.div_ceil(size.rows()));
            blocks.map(|blocks| blocks * (blocks + 1) / 2).sum()
        };
        let (small, large) = (tiles(Self::Small), tiles(Self::Large));
        if large >= FILL_A_GPU && 16 * large <= 5 * small {
            Self::Large
        } else {
            Self::Small
        }
    }

    /// For all rows of a class and some columns of it.
    pub(super) fn for_columns(columns: usize) -> Self {
        if columns > 2 * Self::Narrow.columns() {
            Self::Large
        } else {
            Self::Narrow
        }
    }
}

/// A kernel joined to the tile.
pub(super) struct Kernel<'a> {
    pub(super) name: &'static str,
    pub(super) wgsl: &'static str,
    /// Overrides of its own.
    pub(super) constants: &'a [(&'static str, f64)],
    /// What becomes of products, for a kernel that asks for that;
    pub(super) function: Option<&'a Function>,
    /// what they are to be above, for another.
    pub(super) threshold: i32,
}

impl IntegerPanels<'_> {
    /// Runs a kernel on tiles of one panel's rows and another's columns, `others` being what it
    /// binds besides.
    pub(super) fn dispatch(
        &self,
        kernel: &Kernel<'_>,
        size: Size,
        (rows, columns): (&Panel, &Panel),
        tiles: impl Iterator<Item = Tile>,
        others: &[wgpu::BindingResource<'_>],
        pass: &Pass<'_>,
    ) -> Result<(), Error> {
        self.gpu
            .each_list(tiles, self.most_tiles(size), |list, tiles| {
                let count = tiles.len() as u32;
                let shape = self.gpu.uniform(Shape {
                    tiles: count,
                    vectors: (self.pitch / 8) as u32,
                    threshold: kernel.threshold,
                })?;
                let mut bindings = vec![
                    shape.as_entire_binding(),
                    list.as_entire_binding(),
                    rows.binding(),
                    columns.binding(),
                ];
                let function = kernel.function;
                bindings.extend(function.map(|function| function.block.as_entire_binding()));
                bindings.extend_from_slice(others);
                let (row_threads, column_threads) = size.threads();
                let threads = [
                    ("ROW_THREADS", row_threads as f64),
                    ("COLUMN_THREADS", column_threads as f64),
                ];
                let mut constants = [&threads, kernel.constants].concat();
                constants.extend(function.map(|function| function.constant));
                let source = (kernel.wgsl, &constants[..]);
                pass.met(tiles.iter().map(Tile::pairs).sum())?;
                (self.gpu).dispatch(kernel.name, source, &bindings, count.into())
            })
    }

    /// Runs a kernel on every pair of rows once: tiles on and above the diagonal.
    pub(super) fn on_all_pairs(
        &self,
        kernel: &Kernel<'_>,
        others: &[wgpu::BindingResource<'_>],
        pass: &Pass<'_>,
    ) -> Result<(), Error> {
        let size = Size::for_classes(std::iter::once(self.rows()));
        self.pairs(|a, b| {
            let pairs = pairs(a.rows.clone(), b.rows.clone(), size.rows());
            let tiles = pairs.map(|(rows, columns)| Tile::of((a, &rows), (b, &columns)));
            self.dispatch(kernel, size, (a, b), tiles, others, pass)
        })
    }

    /// Runs a kernel on every pair of a row and a visitor. Visitors have the places after the rows.
    pub(super) fn on_visitors(
        &self,
        kernel: &Kernel<'_>,
        visitors: &IntegerPanels<'_>,
        others: &[wgpu::BindingResource<'_>],
        pass: &Pass<'_>,
    ) -> Result<(), Error> {
        let size = Size::for_columns(visitors.rows());
        self.pairs_with(visitors, |a, b| {
            let pairs = blocks(a.rows.clone(), size.rows()).flat_map(|rows| {
                let columns = blocks(b.rows.clone(), size.columns());
                columns.map(move |columns| (rows.clone(), columns))
            });
            let tiles = pairs.map(|(rows, columns)| Tile::of((a, &rows), (b, &columns)));
            self.dispatch(kernel, size, (a, b), tiles, others, pass)
        })
    }

    /// Tiles of one dispatch.
    fn most_tiles(&self, size: Size) -> usize {
        let products = (size.rows() * size.columns() * self.pitch.max(1)) as u64;
        let most = (MOST_PRODUCTS / products).max(1) as usize;
        most.min(self.gpu.most_listed::<Tile>())
    }

    /// Zeros for the kernels to add to, two words a row.
    pub(super) fn sums(&self, rows: usize) -> Result<Block, Error> {
        let size = self.gpu.fits("sums of rows", 8 * rows as u64)?;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        self.gpu.block("sums of rows", size, usage) // wgpu clears it
    }

    pub(super) fn read_sums(&self, sums: &Block, rows: usize) -> Result<Vec<i64>, Error> {
        let words = self.gpu.read::<[u32; 2]>("sums of rows", sums)?;
        Ok(words.into_iter().take(rows).map(joined).collect())
    }
}

/// A number of two words, the low one first.
pub(super) fn joined([low, high]: [u32; 2]) -> i64 {
    (i64::from(high.cast_signed()) << 32) | i64::from(low)
}

/// Pairs of blocks on and above the diagonal: of rows `a` and columns `b` of one class, each of
/// one panel. Where they are the same rows, so are the blocks.
pub(super) fn pairs(
    a: Range<usize>,
    b: Range<usize>,
    size: usize,
) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
    blocks(a, size).flat_map(move |rows| {
        let from = b.start.max(rows.start)..b.end;
        blocks(from, size).map(move |columns| (rows.clone(), columns))
    })
}

impl Gpu {
    /// A size that one binding must hold, and at least what a binding has to.
    pub(super) fn fits(&self, what: &'static str, size: u64) -> Result<u64, Error> {
        let limit = self.most_bound();
        if size > limit {
            return Err(Error::Device(format!(
                "{what}: {size} bytes do not fit a binding of {limit}"
            )));
        }
        Ok(size.max(16))
    }

    /// Has `run` dispatch a kernel on tiles, so many at a time: on a list of them.
    pub(super) fn each_list(
        &self,
        mut tiles: impl Iterator<Item = Tile>,
        at_once: usize,
        run: impl Fn(&Block, &[Tile]) -> Result<wgpu::SubmissionIndex, Error>,
    ) -> Result<(), Error> {
        let mut under_way = None;
        loop {
            let some: Vec<Tile> = tiles.by_ref().take(at_once).collect();
            if some.is_empty() {
                return Ok(());
            }
            let list = self.filled("tiles", &some, BufferUsages::STORAGE)?;
            let index = run(&list, &some)?;
            // Two lists under way at a time: the memory of the one before is free.
            if let Some(before) = under_way.replace(index) {
                self.wait_amid(before)?;
            }
        }
    }

    /// Most bytes of a list that a dispatch works through; two may be under way at a time.
    pub(super) fn list_bytes(&self) -> u64 {
        LIST_BYTES.min(self.memory_limit / 64)
    }

    /// Entries of a list with a workgroup for each, one at least.
    pub(super) fn most_listed<T>(&self) -> usize {
        let bound = self.most_bound().min(self.list_bytes()) / size_of::<T>() as u64;
        bound.min(self.most_groups()).max(1) as usize
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::function::tests::assert_function;
    use super::super::integer_rows::STEP;
    use super::super::layout::{assert_entry, assert_struct, constant, overridden};
    use super::*;
    use std::mem::offset_of;

    /// Asserts that the shader's `Tile` is ours.
    pub(in super::super) fn assert_tile_list(wgsl: &str) {
        let members = [
            ("row", offset_of!(Tile, row)),
            ("row_end", offset_of!(Tile, row_end)),
            ("column", offset_of!(Tile, column)),
            ("column_end", offset_of!(Tile, column_end)),
            ("row_place", offset_of!(Tile, row_place)),
            ("column_place", offset_of!(Tile, column_place)),
            ("matrix", offset_of!(Tile, matrix)),
            ("pitch", offset_of!(Tile, pitch)),
        ];
        assert_struct(wgsl, "Tile", &members, size_of::<Tile>());
    }

    /// Asserts that the shader has the tile's structs and sizes, and one entry point of this name
    /// with these bindings after the tile's own.
    pub(in super::super) fn assert_tile_kernel(wgsl: &str, name: &str, others: &[&str]) {
        assert_kernel(wgsl, name, others);
    }

    /// As [`assert_tile_kernel`], of a kernel that takes a function of the products.
    pub(in super::super) fn assert_function_kernel(wgsl: &str, name: &str, others: &[&str]) {
        assert_function(wgsl);
        assert_kernel(wgsl, name, &[&["function"], others].concat());
    }

    fn assert_kernel(wgsl: &str, name: &str, others: &[&str]) {
        let members = [
            ("tiles", offset_of!(Shape, tiles)),
            ("vectors", offset_of!(Shape, vectors)),
            ("threshold", offset_of!(Shape, threshold)),
        ];
        assert_struct(wgsl, "Shape", &members, size_of::<Shape>());
        assert_tile_list(wgsl);
        assert_eq!(constant(wgsl, "STEP"), STEP as u64);
        let own = ["shape", "tiles", "row_values", "column_values"];
        let bindings = [&own, others].concat();
        for size in [Size::Small, Size::Large, Size::Narrow] {
            let (rows, columns) = size.threads();
            let wgsl = overridden(wgsl, &[("ROW_THREADS", rows), ("COLUMN_THREADS", columns)]);
            assert_entry(&wgsl, name, (rows * columns) as u32, &bindings);
        }
    }

    #[test]
    fn pairs_are_the_upper_triangle() {
        let all: Vec<_> = pairs(3..9, 3..9, 4).collect();
        assert_eq!(all, [(3..7, 3..7), (3..7, 7..9), (7..9, 7..9)]);
        let apart: Vec<_> = pairs(0..5, 8..13, 4).collect();
        assert_eq!(apart.len(), 4);
        assert!(pairs(0..0, 0..0, 4).next().is_none());
    }

    #[test]
    fn sizes_follow_the_work() {
        let of = |classes: &[usize]| Size::for_classes(classes.iter().copied());
        assert_eq!(of(&[]), Size::Small);
        assert_eq!(of(&[1000]), Size::Small);
        assert_eq!(of(&[5000; 10]), Size::Large);
        assert_eq!(of(&[50; 1000]), Size::Small);
        assert_eq!(Size::for_columns(64), Size::Narrow);
        assert_eq!(Size::for_columns(65), Size::Large);
    }

    #[test]
    fn words_join() {
        assert_eq!(joined([u32::MAX, 0]), (1 << 32) - 1);
        assert_eq!(joined([u32::MAX, u32::MAX]), -1);
        assert_eq!(joined([0, 0x8000_0000]), i64::MIN);
    }
}
