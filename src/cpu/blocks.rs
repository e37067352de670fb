//! How much one thread does before it turns to other rows, and before it looks whether it is to stop.

/// Rows one thread works on at a time: small enough that a block of rows, its inner products
/// and its states stay in a core's own cache between the product and the epilogue.
pub(super) const BLOCK: usize = 256;

/// Multiply-adds that a thread does between two looks at the [`Stop`](crate::control::Stop) of its pool, at
/// most: some tens of milliseconds. Every kernel goes over its blocks by `Stop::over`; where a block may
/// take more, it looks within.
pub(super) const BETWEEN_LOOKS: usize = 1 << 28;

/// How many of a block's rows, at so many multiply-adds each, are worked on between two looks.
pub(super) fn rows_between_looks(work: usize) -> usize {
    (BETWEEN_LOOKS / work.max(1)).clamp(1, BLOCK)
}
