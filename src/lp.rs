//! Vector norms by their exponent.

use crate::names::names;

/// A vector norm ‖x‖ₚ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lp {
    /// Σ|xⱼ|.
    L1,
    /// √Σxⱼ².
    #[default]
    L2,
    /// max|xⱼ|.
    LInf,
}

names!(Lp {
    L1 = "l1", "Sum of absolute values";
    L2 = "l2", "Euclidean length";
    LInf = "linf", "Largest absolute value";
});
