//! Rows in whole numbers: every rounding of features to them.

use crate::sums;
use std::ops::Range;

/// Fractional bits of a coordinate in the unit ball.
pub const FIXED_BITS: u32 = 15;

/// Rows of whole numbers, class after class.
///
/// A row's length is at most 2¹⁵, but for the rounding of its values, so by Cauchy and Schwarz
/// every partial sum of a product of two rows stays within 2³⁰ and a little: an `i32` holds it.
#[derive(Clone, Debug)]
pub struct IntegerRows {
    values: Vec<i16>,
    pitch: usize,
    starts: Vec<usize>,
}

impl IntegerRows {
    /// Values to a multiple of which rows are filled up with zeros.
    pub const ALIGNMENT: usize = 16;

    /// Rows of zeros. `starts` holds the first row of each class and, at last, the number of rows;
    /// a row has `dim` values.
    ///
    /// # Panics
    ///
    /// If `starts` does not begin with 0 and ascend.
    #[must_use]
    pub fn zeros(dim: usize, starts: Vec<usize>) -> Self {
        assert!(starts.first() == Some(&0) && starts.is_sorted());
        let pitch = dim.next_multiple_of(Self::ALIGNMENT);
        let rows = starts[starts.len() - 1];
        Self {
            values: vec![0; rows * pitch],
            pitch,
            starts,
        }
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

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }

    /// One row, filled up with zeros.
    #[must_use]
    pub fn row(&self, row: usize) -> &[i16] {
        &self.values[row * self.pitch..][..self.pitch]
    }

    /// Number of classes.
    #[must_use]
    pub fn classes(&self) -> usize {
        self.starts.len() - 1
    }

    /// The rows of a class.
    #[must_use]
    pub fn class(&self, class: usize) -> Range<usize> {
        self.starts[class]..self.starts[class + 1]
    }

    /// The first row of each class and, at last, the number of rows.
    #[must_use]
    pub fn starts(&self) -> &[usize] {
        &self.starts
    }
}

/// 2¹⁵ over a row's length in pool unit; 0 for a row of zeros.
pub(crate) fn factor(x: &[f32], scale: f32) -> f64 {
    let length = sums::vectorised!(sums::squares(x)).sqrt() * f64::from(scale);
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

/// A row brought to length 2¹⁵ and rounded, half to even, to whole numbers; `factor` is that of
/// the row. What is past the row's end in `out` stays.
#[inline(always)]
pub(crate) fn to_integers(x: &[f32], scale: f32, factor: f64, out: &mut [i16]) {
    const MOST: f32 = 32767.0;
    // A sum with 1.5 · 2²³ has no fractional bits: the whole number stands in its lowest bits.
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
