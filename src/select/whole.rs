//! Values in whole multiples of 2⁻³²: finer than what f32 features hold, and with room for 2³¹ rows. They add
//! up exactly in any order, so rows may come and go.

use crate::reduce;

/// How many of them make 1.
pub(super) const UNIT: f64 = (1u64 << 32) as f64;

/// A value below 2¹⁹ in whole multiples of 1/[`UNIT`], rounded half to even.
///
/// Beside 1.5·2⁵² a sum in f64 is an integer, and its last bits are that number's.
#[inline(always)]
pub(super) fn whole(value: f64) -> i64 {
    const BESIDE: f64 = (3u64 << 51) as f64;
    (value * UNIT + BESIDE).to_bits() as i64 - BESIDE.to_bits() as i64
}

/// Adds a row's values to a sum, or takes them away.
pub(super) fn add(sum: &mut [i64], values: &[f64], comes: bool) {
    reduce::vectorised!({
        for (sum, &value) in sum.iter_mut().zip(values) {
            *sum += if comes { whole(value) } else { -whole(value) };
        }
    });
}
