//! Vector norms by their exponent.

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
