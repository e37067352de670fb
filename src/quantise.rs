//! Rows in integers: every rounding of features to them.

use crate::reduce;
use std::ops::Range;

/// Fractional bits of a coordinate in the unit ball.
pub const FIXED_BITS: u32 = 15;

/// Rows of integers.
///
/// A row's length is at most 2¹⁵, but for the rounding of its values, so by Cauchy and Schwarz
/// every partial sum of a product of two rows stays within 2³⁰ and a little: an `i32` holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IntegerRows {
    values: Vec<i16>,
    pitch: usize,
}

impl IntegerRows {
    /// Values to a multiple of which rows are filled up with zeros.
    pub const ALIGNMENT: usize = 16;

    /// So many rows of zeros; a row has `dim` values.
    #[must_use]
    pub fn zeros(dim: usize, rows: usize) -> Self {
        let pitch = Self::pitch_of(dim);
        Self::of(vec![0; rows * pitch], pitch)
    }

    /// Rows of `pitch` values each, those past a row's end zeros.
    pub(crate) fn of(values: Vec<i16>, pitch: usize) -> Self {
        Self { values, pitch }
    }

    /// Values from one row's first to the next one's, for rows of `dim` values.
    #[must_use]
    pub fn pitch_of(dim: usize) -> usize {
        dim.next_multiple_of(Self::ALIGNMENT)
    }

    /// Values from one row's first to the next one's: a multiple of [`Self::ALIGNMENT`].
    #[must_use]
    pub fn pitch(&self) -> usize {
        self.pitch
    }

    /// All values: [`rows`](Self::rows) x [`pitch`](Self::pitch), row-major.
    #[must_use]
    pub fn values(&self) -> &[i16] {
        &self.values
    }

    /// As [`values`](Self::values), to be filled in; what is past a row's `dim` must stay 0.
    #[must_use]
    pub fn values_mut(&mut self) -> &mut [i16] {
        &mut self.values
    }

    #[cfg(feature = "remote")]
    pub(crate) fn into_values(self) -> Vec<i16> {
        self.values
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.values.len() / self.pitch
    }

    /// A copy of some rows, in this order.
    #[must_use]
    pub fn some(&self, rows: &[usize]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * self.pitch);
        for &row in rows {
            values.extend_from_slice(self.row(row));
        }
        Self::of(values, self.pitch)
    }

    /// One row, filled up with zeros.
    #[must_use]
    pub fn row(&self, row: usize) -> &[i16] {
        &self.values[row * self.pitch..][..self.pitch]
    }
}

/// Which places each of some classes has, one class after the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRanges {
    /// The first place of each class and, at last, the number of places.
    starts: Vec<usize>,
}

impl ClassRanges {
    /// Classes of these sizes.
    #[must_use]
    pub fn new(sizes: impl IntoIterator<Item = usize>) -> Self {
        let mut starts = vec![0];
        starts.extend(sizes.into_iter().scan(0, |end, size| {
            *end += size;
            Some(*end)
        }));
        Self { starts }
    }

    /// Number of places.
    #[must_use]
    pub fn places(&self) -> usize {
        self.starts[self.classes()]
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.starts.len() - 1
    }

    /// The places of a class.
    #[must_use]
    pub fn class(&self, class: usize) -> Range<usize> {
        self.span(class..class + 1)
    }

    /// The places of consecutive classes.
    #[must_use]
    pub fn span(&self, classes: Range<usize>) -> Range<usize> {
        self.starts[classes.start]..self.starts[classes.end]
    }

    /// The class of a place.
    #[must_use]
    pub fn class_of(&self, place: usize) -> usize {
        self.starts.partition_point(|&start| start <= place) - 1
    }
}

/// What a row is divided by before it is rounded to integers.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "remote", derive(serde::Serialize, serde::Deserialize))]
pub enum Length {
    /// Its own length: a product is the cosine of an angle.
    Own,
    /// This, in pool unit, the same for all rows; not below any row's length, or 0 for a pool of zeros
    /// alone.
    Given(f64),
}

/// What a row of zeros lacks a direction for.
pub(crate) const NEED: &str = "cosine similarity";

/// `mean` becomes that of some rows, in a unit of 1/`unit`, each over its length. Names a row that has none.
#[inline(always)]
pub(crate) fn mean_of<'x>(
    rows: impl ExactSizeIterator<Item = &'x [f32]>,
    unit: f32,
    length: Length,
    mean: &mut [f64],
) -> Option<usize> {
    let count = rows.len() as f64;
    mean.fill(0.0);
    for (row, x) in rows.enumerate() {
        let length = match length {
            Length::Own => reduce::squares(x).sqrt(),
            // A pool of zeros alone: its similarities are 0 too.
            Length::Given(0.0) => 1.0,
            Length::Given(length) => length,
        };
        if length == 0.0 {
            return Some(row);
        }
        for (mean, &x) in mean.iter_mut().zip(x) {
            *mean += f64::from(x * unit) / length;
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= count);
    None
}

/// A row of f64, at most of length 1, times 2¹⁵ and rounded, half to even, to integers.
#[inline(always)]
pub(crate) fn round_mean(mean: &[f64], out: &mut [i16]) {
    // Largest magnitude of a value: 2¹⁵ itself is no `i16`.
    const MOST: f64 = 32767.0;
    // 1.5 · 2⁵²: a sum with it has no fractional bits, so that it is rounded, half to even, to a
    // integer, which stands in its lowest bits.
    const TO_WHOLE: f64 = 1.5 * (1u64 << 52) as f64;
    let scale = f64::from(1u32 << FIXED_BITS);
    for (out, value) in out.iter_mut().zip(mean) {
        *out = ((value * scale).clamp(-MOST, MOST) + TO_WHOLE).to_bits() as i16;
    }
}

/// 2¹⁵ over a row's length in pool unit; 0 for a row of zeros.
#[cfg(any(feature = "gpu", test))]
pub(crate) fn factor(x: &[f32], scale: f32) -> f64 {
    factor_of(reduce::vectorised!(reduce::squares(x)), scale)
}

/// 2¹⁵ over the length in pool unit of a row of that squared length; 0 for a row of zeros.
pub(crate) fn factor_of(norm_sq: f64, scale: f32) -> f64 {
    let length = norm_sq.sqrt() * f64::from(scale);
    if length == 0.0 {
        0.0
    } else {
        f64::from(1u32 << FIXED_BITS) / length
    }
}

/// Whether a row of this factor may be multiplied in f32: subnormals have fewer digits than that
/// counts on.
pub(crate) fn is_f32_enough(factor: f64) -> bool {
    factor <= 1e20
}

/// A row brought to length 2¹⁵ and rounded, half to even, to integers; `factor` is that of
/// the row. What is past the row's end in `out` stays.
#[inline(always)]
pub(crate) fn to_integers(x: &[f32], scale: f32, factor: f64, out: &mut [i16]) {
    const MOST: f32 = 32767.0;
    // A sum with 1.5 · 2²³ has no fractional bits: the integer stands in its lowest bits.
    const TO_WHOLE: f32 = 1.5 * (1u32 << 23) as f32;
    if !is_f32_enough(factor) {
        for (out, &x) in out.iter_mut().zip(x) {
            let value = f64::from(x) * f64::from(scale) * factor;
            *out = value
                .round_ties_even()
                .clamp(-f64::from(MOST), f64::from(MOST)) as i16;
        }
        return;
    }
    let factor = factor as f32;
    for (out, &x) in out.iter_mut().zip(x) {
        let value = ((x * scale) * factor).clamp(-MOST, MOST);
        *out = (value + TO_WHOLE).to_bits() as i16;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(x: &[f32], views: usize, length: Length) -> Vec<i16> {
        let mut mean = vec![0.0; x.len() / views];
        let rows = x.chunks_exact(mean.len());
        assert_eq!(mean_of(rows, 1.0, length, &mut mean), None);
        let mut out = vec![0; mean.len()];
        round_mean(&mean, &mut out);
        out
    }

    #[test]
    fn means_are_those_of_unit_vectors() {
        assert_eq!(rounded(&[3.0, 4.0, 0.0], 1, Length::Own), [19661, 26214, 0]); // 0.6 and 0.8 of 32768
        assert_eq!(rounded(&[0.0, -2.0], 1, Length::Own), [0, -32767]);
        let two = [1.0, 0.0, 0.0, 7.0];
        assert_eq!(
            rounded(&two, 2, Length::Own),
            [16384, 16384],
            "not divided again"
        );
    }

    #[test]
    fn halves_are_rounded_to_even() {
        let values = [
            -1.5, -0.5, 0.5, 1.5, 2.5, 32_766.5, 40_000.0, -40_000.0, 0.49, -7.51,
        ];
        let mut whole = [1; 10];
        round_mean(&values.map(|value| value / 32_768.0), &mut whole);
        let want = [-2, 0, 0, 2, 2, 32_766, 32_767, -32_767, 0, -8];
        assert_eq!(whole, want);
    }

    #[test]
    fn a_given_length_is_that_of_all() {
        assert_eq!(rounded(&[0.0, -2.0], 1, Length::Given(5.0)), [0, -13107]);
        assert_eq!(rounded(&[0.0; 2], 1, Length::Given(5.0)), [0, 0]);
        assert_eq!(rounded(&[0.0; 2], 1, Length::Given(0.0)), [0, 0]);
    }

    #[test]
    fn a_row_of_zeros_is_named() {
        let mut mean = [0.0; 2];
        let x = [0.0, 1.0, 0.0, 0.0];
        let rows = x.chunks_exact(2);
        assert_eq!(mean_of(rows, 1.0, Length::Own, &mut mean), Some(1));
    }

    #[test]
    fn classes_have_their_places() {
        let ranges = ClassRanges::new([0, 3, 0, 2]);
        assert_eq!((ranges.classes(), ranges.places()), (4, 5));
        assert_eq!((ranges.class(1), ranges.class(2)), (0..3, 3..3));
        assert_eq!(ranges.span(1..4), 0..5);
        let of: Vec<usize> = (0..5).map(|place| ranges.class_of(place)).collect();
        assert_eq!(of, [1, 1, 1, 3, 3]);
        assert_eq!(ClassRanges::new([]).places(), 0);
    }

    fn integers(x: &[f32], scale: f32) -> Vec<i16> {
        let mut out = vec![0; x.len()];
        to_integers(x, scale, factor(x, scale), &mut out);
        out
    }

    #[test]
    fn rows_come_to_length_one() {
        assert_eq!(integers(&[3.0, 4.0], 1.0), [19661, 26214]); // 0.6 and 0.8 of 32768
        assert_eq!(integers(&[0.0, -7.0], 0.25), [0, -32767]);
        assert_eq!(integers(&[0.0, 0.0], 1.0), [0, 0]);
        assert_eq!(integers(&[3e-38, 4e-38], 1.0), [19661, 26214]);
        assert_eq!(integers(&[0.0, 1e-45], 1e-18), [0, 32767]);
    }
}
