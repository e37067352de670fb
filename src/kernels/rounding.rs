//! The error model: how far what a kernel answers may be from what is so.

use crate::lp::Lp;
use crate::quantise::FIXED_BITS;

/// Half an ulp of 1 in `f32`.
pub(crate) const UNIT_ROUNDOFF: f64 = 1.0 / (1u64 << 24) as f64;

/// Lanes over which a device splits a row's sum; no device adds more than
/// `dim / SUM_LANES` terms in a row.
pub(crate) const SUM_LANES: usize = 8;

/// The interval that holds the true norm ‖x‖ₚ (for l2 the length itself, not its square),
/// given what [`Pool::row_norms`](crate::Pool::row_norms) said.
///
/// A sum of n non-negative terms over L lanes and a tree has relative error at most
/// (n/L + log₂L + 2)·2⁻²⁴; a term may be up to 2⁻¹²⁶ off where subnormals are flushed.
#[must_use]
pub fn norm_bounds(norm: Lp, value: f32, dim: usize) -> (f64, f64) {
    let value = f64::from(value);
    if value == 0.0 {
        return (value, value);
    }
    if norm == Lp::LInf {
        // Exact, but that the smallest normal number also stands for all below it.
        let is_floor = value <= f64::from(f32::MIN_POSITIVE);
        return (if is_floor { 0.0 } else { value }, value);
    }
    let relative = (dim.div_ceil(SUM_LANES) + 5) as f64 * UNIT_ROUNDOFF;
    let absolute = dim as f64 * f64::from(f32::MIN_POSITIVE);
    let low = (value * (1.0 - relative) - absolute).max(0.0);
    let high = value * (1.0 + relative) + absolute;
    if norm == Lp::L1 {
        (low, high)
    } else {
        (low.sqrt(), high.sqrt())
    }
}

/// How far an f32 inner product with a unit direction may be off, over the row's length:
/// 4·√dim·2⁻²⁴.
///
/// Rounding errors of a sum of n terms grow as √n·2⁻²⁴ (N. Higham and T. Mary, *A new approach
/// to probabilistic rounding error analysis*, 2019); 4 leaves room for the direction's own
/// rounding to f32. Half the default rank tolerance, so that a residual computed in f32 to be
/// within this is dead beyond doubt.
#[must_use]
pub fn inner_error(dim: usize) -> f32 {
    (4.0 * (dim as f64).sqrt() * UNIT_ROUNDOFF) as f32
}

/// What a squared length changes, at most, when a length of `c` is off by `delta`:
/// delta·(2|c| + delta).
#[must_use]
pub fn slip(c: f32, delta: f32) -> f32 {
    delta * (2.0 * c.abs() + delta)
}

/// Added to the guard at every deflation and refresh, over the squared residual: covers the
/// roundings of up to 256 down-dates, two each, and as much again.
pub const DOWN_DATE_ERROR: f32 = 6e-5;

/// How far a score of [`Assigner::assign`](crate::kernels::Assigner::assign) may be off, given the lengths of the
/// row and of the vector and the size |offset · length|: the error of the inner product, of the
/// vector's own rounding to f32, and of three more roundings.
#[must_use]
pub fn score_error(dim: usize, row: f64, vector: f64, offset: f64) -> f64 {
    let product = row * vector;
    product * (f64::from(inner_error(dim)) + UNIT_ROUNDOFF)
        + 3.0 * UNIT_ROUNDOFF * (product + offset)
}

/// How far an answer of [`Pool::k_nearest`](crate::Pool::k_nearest) may be off, given the lengths of the
/// two w and what is taken from their product: the error of the inner product, of the roundings of
/// both w to f32, of the difference, of both w in f64, for rows no longer than their lengths, and of
/// values that a device takes for zero because they are subnormal. A GPU whose rows are its own has w in
/// fixed point, of 2⁻⁵⁸, instead of f64: off by less than the eight epsilons that are allowed here for both.
#[must_use]
pub fn k_nearest_error(dim: usize, a: f64, b: f64, half: f64) -> f64 {
    let roundings = 3.0 * UNIT_ROUNDOFF; // two, and their product
    let flushed = dim as f64 * f64::from(f32::MIN_POSITIVE) * (2.0 + a + b);
    let in_f64 = 8.0 * f64::EPSILON * (a + b + 8.0 * f64::EPSILON);
    let product = a * b * (f64::from(inner_error(dim)) + roundings);
    product + UNIT_ROUNDOFF * (a * b + half.abs()) + in_f64 + flushed
}

/// How far an integer row may be from 2¹⁵ times the row at length 1, over 2¹⁵.
///
/// A value is off by half a unit and by two roundings of f32, at most 2⁻⁷ of a unit together; one
/// near 2¹⁵ besides by a whole unit, since `i16` ends below it.
fn rounding(dim: usize) -> f64 {
    let of_value = 0.5 + 1.0 / 128.0;
    let of_row = (dim as f64 * of_value * of_value + 1.02).sqrt();
    of_row / f64::from(1u32 << FIXED_BITS)
}

/// How far the product of two integer rows, over 2³⁰, may be from that of the rows at length 1.
pub(crate) fn doubt(dim: usize) -> f64 {
    let e = rounding(dim);
    2.0 * e + e * e
}

/// How far the product of two integer rows, unit 2⁻³⁰, may be from that of the rows at length 1
/// in f32.
///
/// Integers are off as [`Thresholds::of`](crate::kernels::Thresholds::of) has it; a sum of f32 products by
/// fewer roundings than there are values and a few more.
pub(crate) fn off_in_f32(dim: usize) -> f64 {
    let roundings = dim as f64 + 32.0;
    let one = f64::from(1u32 << (2 * FIXED_BITS));
    (doubt(dim) + roundings / f64::from(1 << 24)) * one
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::quantise::{factor, to_integers};
    use crate::{random, reduce};

    fn integers(x: &[f32], scale: f32) -> Vec<i16> {
        let mut out = vec![0; x.len()];
        to_integers(x, scale, factor(x, scale), &mut out);
        out
    }

    /// The bound on products that `Thresholds` goes by, on rows of all kinds of values.
    #[test]
    fn products_are_off_by_no_more_than_told() {
        for dim in [1, 2, 3, 16, 100, 1000] {
            let numbers = random::exponentials(dim as u64, 0, 8 * dim);
            let x: Vec<f32> = numbers.iter().map(|&e| (e * e * e) as f32 - 1.0).collect();
            let rows: Vec<(Vec<f64>, Vec<f64>)> = x
                .chunks_exact(dim)
                .map(|x| {
                    let length = reduce::squares(x).sqrt();
                    let z = x.iter().map(|&v| f64::from(v) / length).collect();
                    let whole = integers(x, 1.0).into_iter().map(f64::from).collect();
                    (z, whole)
                })
                .collect();
            let e = rounding(dim);
            for (z, whole) in &rows {
                let off: Vec<f64> = z.iter().zip(whole).map(|(z, w)| z - w / 32768.0).collect();
                assert!(reduce::dot(&off, &off).sqrt() <= e, "{dim}");
                for (other, other_whole) in &rows {
                    let product = reduce::dot(whole, other_whole) / f64::from(1 << 30);
                    let off = product - reduce::dot(z, other);
                    assert!(off.abs() <= 2.0 * e + e * e, "{dim}: {off}");
                }
            }
        }
    }
}
