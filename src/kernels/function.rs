//! How similar two rows are, as a function of their integer product.

/// How similar two rows in integers are, by their product alone: a kernel function, as of a kernel method.
///
/// It takes products in units of 2⁻³⁰. Exact integers come of it, so that sums of them are the same on
/// every device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KernelFunction {
    /// The product itself, of either sign: then a sum over rows is the product with the sum of the rows.
    Linear,
    /// `(product + 2¹³) >> 14`, at most 65535, in units of 2⁻¹⁶, where the product is above this
    /// threshold, which is not negative; else 0.
    Thresholded(i32),
}

impl KernelFunction {
    /// What two rows of this product are similar by.
    #[inline(always)]
    #[must_use]
    pub fn of(&self, product: i32) -> i32 {
        match *self {
            Self::Linear => product,
            Self::Thresholded(least) if product > least => {
                ((product + (1 << 13)) >> 14).min(0xffff)
            }
            Self::Thresholded(_) => 0,
        }
    }

    /// The value of one unit of what it gives.
    #[must_use]
    pub fn unit(&self) -> f64 {
        let bits = match self {
            Self::Linear => 30,
            Self::Thresholded(_) => 16,
        };
        1.0 / f64::from(1u32 << bits)
    }

    /// Whether it is [`Linear`](Self::Linear): nothing is kept of such similarities, and totals serve.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        *self == Self::Linear
    }
}
