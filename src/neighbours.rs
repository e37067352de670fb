//! Which rows at length 1 lie within a distance of each other: the contract of the kernels that
//! tell it by whole numbers, and how the numbers come of the rows.

use crate::{Error, FIXED_BITS, sums};

/// Rows whose marks are told in one go: a bit of a word each.
pub const MARKED: usize = 32;

/// Products, unit 2⁻³⁰, above which two rows count as near: for certain, or at all.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// Above it a pair lies within the distance beyond doubt.
    pub certain: i32,
    /// At or below it a pair lies outside of it beyond doubt.
    pub possible: i32,
}

impl Reach {
    /// What products of rows of `dim` values say of a distance `delta` in (0, 2].
    ///
    /// Rows z of length 1 are at distance δ where ⟨z, z′⟩ = 1 − δ²/2. Whole-number rows are off by
    /// at most e, some 2⁻¹⁶·√dim, and their products by 2e + e².
    #[must_use]
    pub fn of(delta: f64, dim: usize) -> Self {
        let one = f64::from(1u32 << (2 * FIXED_BITS));
        // 2⁻³⁰ is far more than f64 may be off, here and where a distance is settled.
        let off = doubt(dim) + 1.0 / one;
        let product = 1.0 - 0.5 * delta * delta;
        Self {
            certain: ((product + off) * one).ceil() as i32,
            possible: ((product - off) * one).floor() as i32,
        }
    }
}

/// How far a whole-number row may be from 2¹⁵ times the row at length 1, over 2¹⁵.
///
/// A value is off by half a unit and by two roundings of f32, at most 2⁻⁷ of a unit together; one
/// near 2¹⁵ besides by a whole unit, since `i16` ends below it.
fn rounding(dim: usize) -> f64 {
    let of_value = 0.5 + 1.0 / 128.0;
    let of_row = (dim as f64 * of_value * of_value + 1.02).sqrt();
    of_row / f64::from(1u32 << FIXED_BITS)
}

/// How far the product of two whole-number rows, over 2³⁰, may be from that of the rows at length 1.
pub(crate) fn doubt(dim: usize) -> f64 {
    let e = rounding(dim);
    2.0 * e + e * e
}

/// How far the product of two whole-number rows, unit 2⁻³⁰, may be from that of the rows at length 1
/// in f32.
///
/// Whole numbers are off as [`Reach::of`] has it; a sum of f32 products by fewer roundings than there
/// are values and a few more.
pub(crate) fn off_in_f32(dim: usize) -> f64 {
    let roundings = dim as f64 + 32.0;
    let one = f64::from(1u32 << (2 * FIXED_BITS));
    (doubt(dim) + roundings / f64::from(1 << 24)) * one
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

/// Which of some rows a row is near to: bit b is the b-th of them.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Marks {
    /// For certain.
    pub certain: u32,
    /// Perhaps, or for certain.
    pub possible: u32,
}

/// The rows of a pool at length 2¹⁵ in whole numbers, and which of them are near to each other.
/// Products are exact: every device gives the same. A row's product with itself is one like any
/// other.
pub trait Neighbours {
    /// For every row the number of rows at a product above `least`, unit 2⁻³⁰.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`], and [`Error::Device`] where one binding does
    /// not hold an answer for every row; as of every method here.
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error>;

    /// For each row of `among` which of the `marked`, at most [`MARKED`], it is near to.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error>;

    /// For each row of `among` how many of the `marked`, of any number, it is near to for certain.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<u32>, Error> {
        let mut counts = vec![0; among.len()];
        for marked in marked.chunks(MARKED) {
            let marks = self.mark_within(marked, among, reach)?;
            for (count, marks) in counts.iter_mut().zip(marks) {
                *count += marks.certain.count_ones();
            }
        }
        Ok(counts)
    }

    /// The rows that may be near to one of the `marked`, each once and in any order, where that is
    /// known without a look at all of them; `None` where it is not.
    fn candidates(&self, _marked: &[usize], _reach: Reach) -> Option<Vec<usize>> {
        None
    }

    /// Rows among which it pays to mark at a time.
    fn at_once(&self) -> usize;

    /// For every row the largest product with a row of another label, unit 2⁻³⁰; `i32::MIN` where
    /// there is none. `labels` has one a row.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

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

    /// The bound on products that `Reach` goes by, on rows of all kinds of values.
    #[test]
    fn products_are_off_by_no_more_than_told() {
        for dim in [1, 2, 3, 16, 100, 1000] {
            let numbers = random::exponentials(dim as u64, 0, 8 * dim);
            let x: Vec<f32> = numbers.iter().map(|&e| (e * e * e) as f32 - 1.0).collect();
            let rows: Vec<(Vec<f64>, Vec<f64>)> = x
                .chunks_exact(dim)
                .map(|x| {
                    let length = sums::squares(x).sqrt();
                    let z = x.iter().map(|&v| f64::from(v) / length).collect();
                    let whole = integers(x, 1.0).into_iter().map(f64::from).collect();
                    (z, whole)
                })
                .collect();
            let e = rounding(dim);
            for (z, whole) in &rows {
                let off: Vec<f64> = z.iter().zip(whole).map(|(z, w)| z - w / 32768.0).collect();
                assert!(sums::dot(&off, &off).sqrt() <= e, "{dim}");
                for (other, other_whole) in &rows {
                    let product = sums::dot(whole, other_whole) / f64::from(1 << 30);
                    let off = product - sums::dot(z, other);
                    assert!(off.abs() <= 2.0 * e + e * e, "{dim}: {off}");
                }
            }
        }
    }

    #[test]
    fn reaches_are_in_order() {
        for delta in [1e-9, 1e-3, 0.1, 1.0, 1.999, 2.0] {
            let reach = Reach::of(delta, 300);
            assert!(reach.possible < reach.certain, "{delta}");
        }
        // Rows opposite to each other may lie within 2, and a row's copy does not for certain.
        assert!(Reach::of(2.0, 300).possible < -(1 << 30));
        assert!(Reach::of(1e-9, 300).certain > 1 << 30);
    }
}
