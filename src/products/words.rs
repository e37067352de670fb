//! Exact products of integer rows, 16 bits a value: the mirror of `shaders/integer_tile.wgsl` for
//! the kernels that end in one.
//!
//! Sums of `i16` products in `i32` are exact (see [`IntegerRows`]), so any order and any vector
//! width give the same bits, and they run at more than twice the rate of the f64 GEMM that would
//! be exact too.

use super::tile::{Arithmetic, Cell, Columns, Group, LANES, Tile};
#[cfg(target_arch = "x86_64")]
use super::x86;
use crate::quantise::IntegerRows;

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
        bytemuck::cast(group.0)
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
