//! Products of rows rounded to 8 bits, at up to twice the rate of the exact ones: they tell of most
//! pairs of rows on which side of a limit the exact product is.
//!
//! With c = L / 2¹⁵, a row w of 16 bits is z = c·w + e in integers of 8, e being what rounding
//! makes. Then for two rows, by Cauchy and Schwarz,
//!
//! ```text
//! |⟨z, z′⟩ − c²⟨w, w′⟩| = |⟨c·w, e′⟩ + ⟨e, c·w′⟩ + ⟨e, e′⟩| ≤ r + r′,    r = (n + ½·m)·‖e‖
//! ```
//!
//! where n is the largest ‖c·w‖ and m the largest ‖e‖ of all rows. L is chosen such that ‖z‖² stays
//! below 2¹⁵, and so does every product: 16 bits hold it, and sums may wrap on the way.

use super::tile::{Columns, Tile};
use crate::quantise::{FIXED_BITS, IntegerRows};
use crate::reduce;
use std::ops::Range;

/// Largest value of 8 bits. Rows are shifted by it, since processors multiply values without sign
/// with values that have one; two such products stay below 2¹⁵, where processors cut off. What of a
/// row is larger is cut off before, and e tells.
const MOST: i32 = 90;

/// Rows of more values lose too much by rounding: their length would be below 164.
const MOST_VALUES: usize = 1024;

/// How rows are rounded to 8 bits.
#[derive(Clone, Copy)]
pub(crate) struct Rounding {
    /// L: the length in 8 bits of a row of length 2¹⁵ in 16.
    length: i32,
}

impl Rounding {
    /// Rounding for rows of `dim` values and a length of at most 2¹⁵, but for their own rounding;
    /// `None` where it says too little of them, or the processor has no such products.
    pub(crate) fn of(dim: usize) -> Option<Self> {
        // ‖z‖ ≤ c·(2¹⁵ + ½√dim) + ½√dim, and c < 2⁻⁷.
        let length = 180.9 - 0.505 * (dim as f64).sqrt();
        let new = Self {
            length: length as i32,
        };
        (dim <= MOST_VALUES && has_products()).then_some(new)
    }

    /// A value of 16 bits in 8.
    #[inline(always)]
    fn round(self, value: i16) -> i32 {
        let half = 1 << (FIXED_BITS - 1);
        let rounded = (i32::from(value) * self.length + half) >> FIXED_BITS;
        rounded.clamp(-MOST, MOST)
    }

    /// Writes a row's values in 8 bits, and gives their sum.
    #[inline(always)]
    fn write(self, row: &[i16], bytes: &mut [u8]) -> i32 {
        let mut sum = 0;
        for (byte, &value) in bytes.iter_mut().zip(row) {
            let rounded = self.round(value);
            *byte = rounded as u8;
            sum += rounded;
        }
        sum
    }

    /// ‖c·w‖ and ‖e‖ of a row.
    pub(crate) fn lengths(self, row: &[i16]) -> (f32, f32) {
        let unit = f64::from(1 << FIXED_BITS);
        let length = |sum: i64| ((sum as f64).sqrt() / unit) as f32;
        let (exact, off) = reduce::vectorised!(self.squares(row));
        (length(exact), length(off))
    }

    /// 2³⁰‖c·w‖² and 2³⁰‖e‖².
    #[inline(always)]
    fn squares(self, row: &[i16]) -> (i64, i64) {
        let (mut exact, mut off) = (0, 0);
        for &value in row {
            let scaled = i32::from(value) * self.length;
            let error = (self.round(value) << FIXED_BITS) - scaled;
            exact += i64::from(scaled) * i64::from(scaled);
            off += i64::from(error) * i64::from(error);
        }
        (exact, off)
    }

    /// How far from exact the products of each row may be by its fault, in integers, given the
    /// lengths of all rows.
    pub(crate) fn radii(lengths: &[(f32, f32)]) -> Vec<i16> {
        let most = |of: fn(&(f32, f32)) -> f32| lengths.iter().map(of).fold(0.0, f32::max);
        let factor = most(|lengths| lengths.0) + 0.5 * most(|lengths| lengths.1);
        // One more than is lost in f32. Far from the end of 16 bits: no ‖e‖ comes near to 180.
        let radius = |&(_, off): &(f32, f32)| (factor * off).ceil() as i16 + 1;
        lengths.iter().map(radius).collect()
    }

    /// The rough product above which an exact one above `least` would be, were it exact.
    pub(crate) fn limit(self, least: i32) -> i32 {
        let square = i64::from(self.length * self.length);
        ((square * i64::from(least)) >> (2 * FIXED_BITS)) as i32
    }
}

/// Rows in 8 bits, all made anew for every use.
#[derive(Default)]
pub(crate) struct RoughRows {
    bytes: Vec<u8>,
}

impl RoughRows {
    pub(crate) fn make(&mut self, rounding: Rounding, rows: &IntegerRows, places: Range<usize>) {
        let pitch = rows.pitch();
        let values = &rows.values()[places.start * pitch..places.end * pitch];
        self.bytes.resize(values.len(), 0);
        reduce::vectorised!({
            for (byte, &value) in self.bytes.iter_mut().zip(values) {
                *byte = (rounding.round(value) + MOST) as u8;
            }
        });
    }
}

/// Rows in 8 bits as the columns of products.
#[derive(Default)]
pub(crate) struct RoughColumns {
    columns: Columns,
    bytes: Vec<u8>,
}

impl RoughColumns {
    pub(crate) fn pack(&mut self, rounding: Rounding, rows: &IntegerRows, places: Range<usize>) {
        let pitch = rows.pitch();
        self.columns.begin(places.len(), pitch / 4);
        self.bytes.resize(pitch, 0);
        for (at, place) in places.enumerate() {
            let (bytes, row) = (&mut self.bytes[..], rows.row(place));
            let sum = reduce::vectorised!(rounding.write(row, bytes));
            // Takes back what shifting the rows adds; the lane's upper half begins with nothing.
            let start = (-MOST * sum) & 0xffff;
            self.columns.put(at, start, self.bytes.as_chunks().0);
        }
    }
}

/// The products of the rows from place `first` on with all columns, row-major, into `out`.
pub(crate) fn rough_products(
    rows: &RoughRows,
    places: Range<usize>,
    columns: &RoughColumns,
    out: &mut [i16],
) {
    let columns = &columns.columns;
    let a: Vec<usize> = places.collect();
    let tile = Tile {
        rows: rows.bytes.as_chunks::<4>().0,
        a: &a,
        columns,
    };
    let filled = fill(&tile, out);
    debug_assert!(
        filled,
        "there is no rounding where there are no such products"
    );
}

#[cfg(target_arch = "x86_64")]
fn fill(tile: &Tile<'_>, out: &mut [i16]) -> bool {
    super::x86::BYTES.iter().any(|fill| fill(tile, out))
}

#[cfg(not(target_arch = "x86_64"))]
fn fill(_: &Tile<'_>, _: &mut [i16]) -> bool {
    false
}

/// Whether the processor has such products.
fn has_products() -> bool {
    let nothing = Tile {
        rows: &[],
        a: &[],
        columns: &Columns::default(),
    };
    fill(&nothing, &mut [])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::product;
    use crate::random;

    /// Rows of length 2¹⁵: dense ones, ones of a few values, and one of a single value, of which
    /// much is cut off.
    fn rows(dim: usize) -> IntegerRows {
        let count = 40;
        let mut rows = IntegerRows::zeros(dim, count);
        let pitch = rows.pitch();
        let numbers = random::exponentials(dim as u64, 0, count * dim);
        let places = rows.values_mut().chunks_mut(pitch);
        for (at, (place, x)) in places.zip(numbers.chunks(dim)).enumerate() {
            let power = 1 + at % 4;
            let x: Vec<f64> = x.iter().map(|&x| (x - 0.5).powi(power as i32)).collect();
            let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            for (place, x) in place.iter_mut().zip(x) {
                *place = (x / length * 32768.0).clamp(-32767.0, 32767.0) as i16;
            }
        }
        rows.values_mut()[..pitch].fill(0);
        rows.values_mut()[dim - 1] = -32767;
        rows.values_mut()[pitch..2 * pitch].fill(0);
        rows
    }

    /// What every processor runs against what this one does: the definition of the products, and
    /// the bound on how far they are off.
    #[test]
    fn products_are_off_by_no_more_than_the_radii() {
        for dim in [1, 2, 15, 16, 100, 128, 1000, MOST_VALUES] {
            let Some(rounding) = Rounding::of(dim) else {
                eprintln!("this processor has no products of 8 bits");
                return;
            };
            let made = rows(dim);
            let count = made.rows();
            let lengths: Vec<_> = (0..count)
                .map(|row| rounding.lengths(made.row(row)))
                .collect();
            let radii = Rounding::radii(&lengths);
            let (mut rows, mut columns) = (RoughRows::default(), RoughColumns::default());
            rows.make(rounding, &made, 0..count);
            columns.pack(rounding, &made, 3..count);
            let width = count - 3;
            let a: Vec<usize> = (0..count).collect();
            let tile = Tile {
                rows: rows.bytes.as_chunks().0,
                a: &a,
                columns: &columns.columns,
            };
            let mut out = vec![i16::MIN; count * width];
            rough_products(&rows, 0..count, &columns, &mut out);
            #[cfg(target_arch = "x86_64")]
            for fill in crate::products::x86::BYTES {
                let mut got = vec![i16::MIN; count * width];
                assert!(!fill(&tile, &mut got) || got == out, "{dim}");
            }
            let unit = f64::from(rounding.length) / 32768.0;
            for (row, out) in out.chunks_exact(width).enumerate() {
                for (column, &rough) in (3..count).zip(out) {
                    let rough = i32::from(rough);
                    let (a, b) = (made.row(row), made.row(column));
                    let pairs = a.iter().zip(b);
                    let products = pairs.map(|(&a, &b)| rounding.round(a) * rounding.round(b));
                    assert_eq!(rough, products.sum::<i32>(), "{dim}: {row}, {column}");
                    let exact = product(a, b);
                    let off = f64::from(rough) - unit * unit * f64::from(exact);
                    let radius = i32::from(radii[row]) + i32::from(radii[column]);
                    assert!(off.abs() <= f64::from(radius), "{dim}: {off}, {radius}");
                    assert!(rough - radius <= rounding.limit(exact), "{dim}");
                    assert!(rough + radius > rounding.limit(exact - 1), "{dim}");
                }
            }
        }
    }

    #[test]
    fn there_is_none_for_long_rows() {
        assert!(Rounding::of(MOST_VALUES + 1).is_none());
    }
}
