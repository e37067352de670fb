//! How similar two rows are, as a function of their integer product.

use super::rbf::Rbf;

/// How similar two rows in integers are, by their product and their lengths: a kernel function, as of a kernel
/// method.
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
    /// exp(−d²/2σ²), d being the distance of the two, in 0..=65535.
    Rbf(Rbf),
}

/// Evaluates an expression with `$of` being the function of a product and of [`half_square`] of the two rows
/// added up: a loop then has one function alone in it.
macro_rules! by_function {
    ($function:expr, $of:ident => $work:expr) => {
        match $function {
            $crate::kernels::function::KernelFunction::Linear => {
                let $of = |product: i32, _: i32| product;
                $work
            }
            $crate::kernels::function::KernelFunction::Thresholded(least) => {
                let least = *least;
                let $of = move |product: i32, _: i32| {
                    $crate::kernels::function::thresholded(product, least)
                };
                $work
            }
            $crate::kernels::function::KernelFunction::Rbf(rbf) => {
                let $of = |product: i32, halves: i32| rbf.of(product, halves);
                $work
            }
        }
    };
}
pub(crate) use by_function;

impl KernelFunction {
    /// Cosine similarity: of products above 0, in units of 2⁻¹⁶.
    pub const COSINE: Self = Self::Thresholded(0);

    /// What two rows of this product are similar by; `halves` is [`half_square`] of the two, added up.
    #[inline(always)]
    #[must_use]
    pub fn of(&self, product: i32, halves: i32) -> i32 {
        by_function!(self, of => of(product, halves))
    }

    /// Whether rows' lengths matter beside their product.
    #[must_use]
    pub fn needs_halves(&self) -> bool {
        matches!(self, Self::Rbf(_))
    }

    /// The value of one unit of what it gives.
    #[must_use]
    pub fn unit(&self) -> f64 {
        match self {
            Self::Linear => 1.0 / f64::from(1u32 << 30),
            Self::Thresholded(_) => 1.0 / f64::from(1u32 << 16),
            Self::Rbf(_) => 1.0 / f64::from(Rbf::MOST),
        }
    }

    /// Whether it is [`Linear`](Self::Linear): nothing is kept of such similarities, and totals serve.
    #[must_use]
    pub fn is_linear(&self) -> bool {
        *self == Self::Linear
    }
}

/// Half a row's product with itself, rounded down.
#[inline(always)]
#[must_use]
pub fn half_square(square: i32) -> i32 {
    square >> 1
}

#[inline(always)]
pub(crate) fn thresholded(product: i32, least: i32) -> i32 {
    if product > least {
        ((product + (1 << 13)) >> 14).min(0xffff)
    } else {
        0
    }
}
