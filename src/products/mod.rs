//! Products of whole-number rows: exact ones of 16 bits, the mirror of `shaders/integer_tile.wgsl`
//! for the kernels that end in one, and rough ones of 8 bits. And products of a few floats.
//!
//! Sums of `i16` products in `i32` are exact (see [`IntegerRows`]), so any order and any vector
//! width give the same bits, and they run at more than twice the rate of the f64 GEMM that would
//! be exact too.

mod bytes;
mod floats;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

pub(crate) use bytes::{RoughColumns, RoughRows, Rounding, rough_products};
pub(crate) use floats::{FloatColumns, float_products};

use crate::quantise::IntegerRows;

/// Rows and columns of a tile: two blocks of 512 values stay in a core's own cache.
pub(crate) const TILE: usize = 64;

/// Columns whose values lie together, each in a lane of its own: so no sum is ever across lanes,
/// which would cost more than the products of a short row.
pub(crate) const LANES: usize = 16;

/// Some values of a row, whose products a processor multiplies and adds in one instruction: two of
/// 16 bits, four of 8, or a float.
type Cell = [u8; 4];

/// The same values of [`LANES`] columns.
type Group = [Cell; LANES];

/// Some rows as the columns of products: whoever meets many rows packs them once.
#[derive(Default)]
pub(crate) struct Columns {
    /// Groups of columns x cells; zeros past the last column.
    groups: Vec<Group>,
    /// What the sums of each begin with.
    starts: Vec<[i32; LANES]>,
    len: usize,
    /// Cells of a column.
    cells: usize,
}

impl Columns {
    /// Packs some rows.
    pub(crate) fn of(rows: &IntegerRows, columns: &[usize]) -> Self {
        let mut new = Self::default();
        new.pack(rows, columns.iter().copied());
        new
    }

    /// Packs some rows in the place of those packed before.
    pub(crate) fn pack(
        &mut self,
        rows: &IntegerRows,
        columns: impl ExactSizeIterator<Item = usize>,
    ) {
        self.begin(columns.len(), rows.pitch() / 2);
        for (at, column) in columns.enumerate() {
            self.put(at, 0, cells(rows.row(column)));
        }
    }

    /// Makes room for so many columns of so many cells.
    fn begin(&mut self, len: usize, cells: usize) {
        (self.len, self.cells) = (len, cells);
        let groups = len.div_ceil(LANES) * cells;
        if !len.is_multiple_of(LANES) || self.groups.len() != groups {
            self.groups.clear();
            self.groups.resize(groups, [[0; 4]; LANES]);
            self.starts.clear();
            self.starts.resize(len.div_ceil(LANES), [0; LANES]);
        }
    }

    fn put(&mut self, at: usize, start: i32, cells: &[Cell]) {
        let (group, lane) = (at / LANES, at % LANES);
        self.starts[group][lane] = start;
        let places = &mut self.groups[group * self.cells..][..self.cells];
        for (place, cell) in places.iter_mut().zip(cells) {
            place[lane] = *cell;
        }
    }

    /// Number of columns.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// The cells of values of 16 bits.
fn cells(values: &[i16]) -> &[Cell] {
    bytemuck::cast_slice::<_, u8>(values).as_chunks().0
}

/// The products of rows `a` with the columns, `a.len()` x `columns.len()`, row-major, into the
/// front of `out`.
pub(crate) fn products(rows: &IntegerRows, a: &[usize], columns: &Columns, out: &mut [i32]) {
    let tile = Tile {
        rows: cells(rows.values()),
        a,
        columns,
    };
    #[cfg(target_arch = "x86_64")]
    if x86::WORDS.iter().any(|fill| fill(&tile, out)) {
        return;
    }
    tile.fill::<_, 4, 1>(Plain, out);
}

/// The product of two rows.
#[inline(always)]
pub(crate) fn product(a: &[i16], b: &[i16]) -> i32 {
    let pairs = a.iter().zip(b);
    pairs.map(|(&a, &b)| i32::from(a) * i32::from(b)).sum()
}

/// What a processor multiplies with, [`LANES`] columns at a time.
trait Arithmetic: Copy {
    /// A cell for every lane.
    type Cells: Copy;
    /// A sum for every lane.
    type Sums: Copy;
    /// What a product is stored as.
    type Product: Copy + Default;

    /// One cell for all lanes.
    fn same(self, cell: Cell) -> Self::Cells;
    fn load(self, group: &Group) -> Self::Cells;
    fn begin(self, starts: &[i32; LANES]) -> Self::Sums;
    /// `sums + Σ a[k] b[k]` in every lane.
    fn add_products(self, sums: Self::Sums, a: Self::Cells, b: Self::Cells) -> Self::Sums;
    fn store(self, sums: Self::Sums, out: &mut [Self::Product; LANES]);
}

/// Rows, and the columns that they meet.
struct Tile<'a> {
    /// Rows x cells.
    rows: &'a [Cell],
    a: &'a [usize],
    columns: &'a Columns,
}

impl Tile<'_> {
    /// All products, of `R` rows and `C` groups of columns at a time: their sums are in registers.
    #[inline(always)]
    fn fill<A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        out: &mut [A::Product],
    ) {
        let Columns { groups, cells, .. } = self.columns;
        if groups.is_empty() {
            return;
        }
        let mut rest = groups.chunks_exact(C * cells);
        let mut first = 0;
        for groups in &mut rest {
            self.fill_columns::<A, R, C>(arithmetic, groups, first, out);
            first += C * LANES;
        }
        // The fewer groups, the more rows: enough sums to be under way, and enough reads of rows.
        let rest = rest.remainder();
        match rest.len() / cells {
            0 => {}
            1 => self.fill_columns::<A, 8, 1>(arithmetic, rest, first, out),
            2 => self.fill_columns::<A, 8, 2>(arithmetic, rest, first, out),
            _ => self.fill_columns::<A, R, 3>(arithmetic, rest, first, out),
        }
    }

    /// The products with the groups of columns from `first` on.
    #[inline(always)]
    fn fill_columns<A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        groups: &[Group],
        first: usize,
        out: &mut [A::Product],
    ) {
        let width = self.columns.len;
        let mut runs = self.a.chunks_exact(R);
        let mut out = out.chunks_exact_mut(width);
        for run in &mut runs {
            let run: [usize; R] = std::array::from_fn(|r| run[r]);
            self.fill_rows::<A, R, C>(arithmetic, run, groups, first, &mut out);
        }
        for &row in runs.remainder() {
            self.fill_rows::<A, 1, C>(arithmetic, [row], groups, first, &mut out);
        }
    }

    #[inline(always)]
    fn fill_rows<'o, A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        run: [usize; R],
        groups: &[Group],
        first: usize,
        out: &mut impl Iterator<Item = &'o mut [A::Product]>,
    ) where
        A::Product: 'o,
    {
        let cells = self.columns.cells;
        let a: [&[Cell]; R] = std::array::from_fn(|r| &self.rows[run[r] * cells..][..cells]);
        let b: [&[Group]; C] = std::array::from_fn(|c| &groups[c * cells..][..cells]);
        let starts = &self.columns.starts[first / LANES..][..C];
        let starts: [_; C] = std::array::from_fn(|c| arithmetic.begin(&starts[c]));
        let sums = sums_of(arithmetic, starts, a, b);
        for (sums, out) in sums.iter().zip(out) {
            let out = out[first..].chunks_mut(LANES);
            for (&sums, out) in sums.iter().zip(out) {
                match out.as_mut_array() {
                    Some(out) => arithmetic.store(sums, out),
                    None => {
                        let mut all = [A::Product::default(); LANES];
                        arithmetic.store(sums, &mut all);
                        out.copy_from_slice(&all[..out.len()]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn sums_of<A: Arithmetic, const R: usize, const C: usize>(
    arithmetic: A,
    starts: [A::Sums; C],
    a: [&[Cell]; R],
    b: [&[Group]; C],
) -> [[A::Sums; C]; R] {
    let mut sums = [starts; R];
    for k in 0..b[0].len() {
        let mut columns = [arithmetic.same([0; 4]); C];
        for (columns, b) in columns.iter_mut().zip(b) {
            *columns = arithmetic.load(&b[k]);
        }
        for (sums, a) in sums.iter_mut().zip(a) {
            let a = arithmetic.same(a[k]);
            for (sums, columns) in sums.iter_mut().zip(columns) {
                *sums = arithmetic.add_products(*sums, a, columns);
            }
        }
    }
    sums
}

/// For every processor: two values of 16 bits to a cell.
#[derive(Clone, Copy)]
struct Plain;

impl Arithmetic for Plain {
    type Cells = [[i16; 2]; LANES];
    type Sums = [i32; LANES];
    type Product = i32;

    #[inline(always)]
    fn same(self, cell: Cell) -> Self::Cells {
        [bytemuck::cast(cell); LANES]
    }

    #[inline(always)]
    fn load(self, group: &Group) -> Self::Cells {
        bytemuck::cast(*group)
    }

    #[inline(always)]
    fn begin(self, starts: &[i32; LANES]) -> Self::Sums {
        *starts
    }

    #[inline(always)]
    fn add_products(self, mut sums: Self::Sums, a: Self::Cells, b: Self::Cells) -> Self::Sums {
        for (sum, (a, b)) in sums.iter_mut().zip(a.into_iter().zip(b)) {
            *sum += i32::from(a[0]) * i32::from(b[0]) + i32::from(a[1]) * i32::from(b[1]);
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums, out: &mut [i32; LANES]) {
        *out = sums;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at both ends of the range, at shapes around the register tile's: what every
    /// processor runs against what this one does, and both against the definition.
    #[test]
    fn every_road_is_exact() {
        let shapes = [
            (1, 1, 1),
            (3, 5, 15),
            (4, 16, 16),
            (9, 70, 33),
            (64, 64, 100),
            (5, 131, 64),
            (17, 30, 7),
            (9, 100, 5),
        ];
        let mut columns = Columns::default();
        for (height, width, dim) in shapes {
            let mut rows = IntegerRows::zeros(dim, height + width);
            let pitch = rows.pitch();
            let most = 32767 / (dim as f64).sqrt() as i64;
            for (i, row) in rows.values_mut().chunks_mut(pitch).enumerate() {
                for (j, value) in row[..dim].iter_mut().enumerate() {
                    *value = ((i * 7919 + j * 104_729) as i64 % (2 * most + 1) - most) as i16;
                }
            }
            let a: Vec<usize> = (0..height).collect();
            let b: Vec<usize> = (height..height + width).rev().collect();
            let product = |i: usize, j: usize| -> i64 {
                let pairs = rows.row(i).iter().zip(rows.row(j));
                pairs.map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
            };
            let mut want = Vec::new();
            for i in 0..height {
                want.extend(b.iter().map(|&j| product(i, j) as i32));
            }
            columns.pack(&rows, b.iter().copied());
            let tile = Tile {
                rows: cells(rows.values()),
                a: &a,
                columns: &columns,
            };
            let mut got = vec![i32::MIN; height * width];
            tile.fill::<_, 4, 1>(Plain, &mut got);
            assert_eq!(got, want, "plain, {height} x {width} x {dim}");
            #[cfg(target_arch = "x86_64")]
            for fill in x86::WORDS {
                let mut got = vec![i32::MIN; height * width];
                assert!(
                    !fill(&tile, &mut got) || got == want,
                    "{height} x {width} x {dim}"
                );
            }
            got.fill(i32::MIN);
            products(&rows, &a, &Columns::of(&rows, &b), &mut got);
            assert_eq!(got, want, "{height} x {width} x {dim}");
        }
    }
}
