//! Numbers by which a kernel multiplies as integers.

/// What a row is multiplied by: (`high` · 2³² + `low`) · 2^`exponent`.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
pub(super) struct Factor {
    pub(super) high: u32,
    pub(super) low: u32,
    pub(super) exponent: i32,
}

impl Factor {
    /// All 53 bits of a positive number.
    pub(super) fn of_f64(value: f64) -> Self {
        let bits = value.to_bits();
        let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
        Self {
            high: (mantissa >> 32) as u32,
            low: mantissa as u32,
            exponent: (bits >> 52) as i32 - 1075,
        }
    }

    /// All 24 bits of a positive number, no subnormal.
    pub(super) fn of_f32(value: f32) -> Self {
        let bits = value.to_bits();
        Self {
            high: 0,
            low: (bits & ((1 << 23) - 1)) | (1 << 23),
            exponent: (bits >> 23) as i32 - 150,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_their_numbers() {
        let back = |factor: Factor| {
            let mantissa = f64::from(factor.high) * 4_294_967_296.0 + f64::from(factor.low);
            mantissa * f64::from(factor.exponent).exp2()
        };
        for value in [1.0, 0.1, 32_768.0, 3e-5, 7e19, f64::from(f32::MIN_POSITIVE)] {
            assert_eq!(back(Factor::of_f64(value)), value);
            assert_eq!(back(Factor::of_f32(value as f32)), f64::from(value as f32));
        }
    }
}
