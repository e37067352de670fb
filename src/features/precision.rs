//! What values look rounded to.

use crate::reduce;

/// What values were rounded to before they came to be `f32`, the finest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "remote", derive(serde::Serialize, serde::Deserialize))]
pub enum Precision {
    /// Nothing coarser.
    #[default]
    F32,
    /// IEEE half precision: 11 significant bits.
    F16,
    /// bfloat16: 8 significant bits.
    Bf16,
}

impl Precision {
    /// 2 to the power of the significant bits, negated: a rounding is half as much at most, over the
    /// value.
    #[must_use]
    pub fn epsilon(self) -> f64 {
        (-f64::from(self.bits())).exp2()
    }

    /// Significant bits.
    const fn bits(self) -> u32 {
        match self {
            Self::F32 => 24,
            Self::F16 => 11,
            Self::Bf16 => 8,
        }
    }

    /// Its name, as numpy and the machine-learning libraries have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "float32",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
        }
    }
}

/// Low bits that are 0 in every value of f16.
const F16_ZEROS: u32 = f32::MANTISSA_DIGITS - Precision::F16.bits();

/// Binades, beyond those that its significant bits span, over which values must reach to look rounded
/// to a precision.
const BINADES: u32 = 2;

/// What is seen of values that tells what they were rounded to.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "remote", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct Digits {
    /// All bits that are set in any of the values.
    bits: u32,
    /// The exponents of the least bit and of the highest bit that is set in any, for as long as the values
    /// look rounded.
    span: (i32, i32),
}

impl Default for Digits {
    /// Those of no values.
    fn default() -> Self {
        Self {
            bits: 0,
            span: (i32::MAX, i32::MIN),
        }
    }
}

impl Digits {
    /// Looks at more values. Most features have low bits set that neither coarser precision has: once such
    /// a bit has been seen nothing looks rounded, and no more values need be looked at.
    pub(super) fn see(&mut self, x: &[f32]) {
        if !self.look_rounded() {
            return;
        }
        self.bits |= reduce::vectorised!(bits_of(x));
        if self.look_rounded() {
            self.span = joined(self.span, exponents(x));
        }
    }

    /// Those of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            bits: self.bits | other.bits,
            span: joined(self.span, other.span),
        }
    }

    fn look_rounded(&self) -> bool {
        self.bits.trailing_zeros() >= F16_ZEROS
    }

    /// What the values look rounded to.
    pub(super) fn precision(&self) -> Precision {
        if !self.look_rounded() {
            return Precision::F32;
        }
        let low_zeros = self.bits.trailing_zeros();
        let precision = if low_zeros >= f32::MANTISSA_DIGITS - Precision::Bf16.bits() {
            Precision::Bf16
        } else {
            Precision::F16
        };
        let (step, top) = self.span;
        // 2⁻²⁴ and 2¹⁵ are the least and the largest exponent of f16.
        let fits = precision == Precision::Bf16 || step >= -24 && top <= 15;
        let spans = top.saturating_sub(step) >= (precision.bits() + BINADES) as i32;
        if fits && spans {
            precision
        } else {
            Precision::F32
        }
    }
}

fn joined(a: (i32, i32), b: (i32, i32)) -> (i32, i32) {
    (a.0.min(b.0), a.1.max(b.1))
}

#[inline(always)]
fn bits_of(x: &[f32]) -> u32 {
    x.iter().fold(0, |bits, v| bits | v.to_bits())
}

/// The exponents of the least bit and of the highest bit that is set in any of the values.
fn exponents(values: &[f32]) -> (i32, i32) {
    let of_value = |v: &f32| {
        let (fraction, exponent) = (v.to_bits() & 0x7f_ffff, v.to_bits() >> 23 & 0xff);
        // Subnormals have no leading one, and the exponent of the least normal numbers.
        let mantissa = fraction | u32::from(exponent > 0) << 23;
        let unit = exponent.max(1) as i32 - 150;
        (
            unit + mantissa.trailing_zeros() as i32,
            unit + mantissa.ilog2() as i32,
        )
    };
    let all = values.iter().filter(|v| **v != 0.0).map(of_value);
    all.fold((i32::MAX, i32::MIN), joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Features;

    #[test]
    fn precisions_are_told() {
        let numbers = crate::random::exponentials(5, 0, 4000);
        let plain: Vec<f32> = numbers.iter().map(|&e| e as f32 - 1.0).collect();
        let of = |x: &[f32]| Features::new(x, 40, 100).unwrap().precision();
        let rounded = |bits: u32| -> Vec<f32> {
            let keep = u32::MAX << (24 - bits);
            plain
                .iter()
                .map(|v| f32::from_bits(v.to_bits() & keep))
                .collect()
        };
        // Below 2⁻¹⁴ f16 has fewer bits.
        let step = (24f32).exp2();
        let half: Vec<f32> = rounded(11)
            .iter()
            .map(|v| (v * step).trunc() / step)
            .collect();
        assert_eq!(of(&plain), Precision::F32);
        assert_eq!(of(&half), Precision::F16);
        assert_eq!(of(&rounded(8)), Precision::Bf16);
        // Past the range of f16, and below its least step.
        let scaled = |by: f32| half.iter().map(|v| v * by).collect::<Vec<f32>>();
        assert_eq!(of(&scaled(65536.0)), Precision::F32);
        assert_eq!(of(&scaled(1.0 / 65536.0)), Precision::F32);
        assert_eq!(of(&rounded(12)), Precision::F32);
        // Nothing says that these have been rounded.
        let whole = |most: f64| {
            numbers
                .iter()
                .map(|e| (e * most / 9.0).trunc() as f32)
                .collect::<Vec<_>>()
        };
        for x in [
            whole(1.0),
            whole(16.0),
            whole(255.0),
            vec![0.0; 4000],
            vec![1.0; 4000],
        ] {
            assert_eq!(of(&x), Precision::F32);
        }
    }
}
