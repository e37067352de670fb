//! Which rows at length 1 lie within a distance of each other: the trait Neighbours.

use crate::error::Error;
use crate::kernels::rounding::doubt;
use crate::progress::Pass;
use crate::quantise::{FIXED_BITS, IntegerRows};

/// The rows of a pool at length 2¹⁵ in integers, and which of them are near to each other.
/// Products are exact: every device gives the same. A row's product with itself is one like any
/// other. A [`Pass`] is told of the pairs that have been met, either order of two rows being one, and ends
/// the kernel by its error.
pub trait Neighbours: Send {
    /// For every row the number of rows at a product above `least`, unit 2⁻³⁰.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`], and [`Error::Device`] where one binding does
    /// not hold an answer for every row; as of every method here.
    fn count_within(&self, least: i32, pass: &Pass<'_>) -> Result<Vec<u32>, Error>;

    /// For each row of `among` which of the `marked`, at most [`MARKED`], it is near to.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error>;

    /// For each row of `among` how many of the `marked`, of any number, it is near to for certain.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        let mark = |marked: &[usize]| self.mark_within(marked, among, thresholds);
        count_certain(marked, among.len(), mark)
    }

    /// The rows that may be near to one of the `marked`, each once and in any order, where that is
    /// known without a look at all of them; `None` where it is not.
    fn candidates(&self, _marked: &[usize], _reach: Thresholds) -> Option<Vec<usize>> {
        None
    }

    /// Rows among which it pays to mark at a time.
    fn at_once(&self) -> usize;

    /// Some of the integer rows, in this order.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error>;

    /// As [`count_within`](Self::count_within), across: for every row the number of the `visitors`, rows
    /// of another pool, at a product above `least`, and for every visitor that of the rows.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn count_visitors(
        &self,
        visitors: &IntegerRows,
        least: i32,
        pass: &Pass<'_>,
    ) -> Result<[Vec<u32>; 2], Error>;

    /// As [`mark_within`](Self::mark_within), the marked being `visitors`.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error>;

    /// As [`count_marked`](Self::count_marked), the marked being `visitors`.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn count_marked_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        let all: Vec<usize> = (0..visitors.rows()).collect();
        let mark = |marked: &[usize]| self.mark_visitors(&visitors.some(marked), among, thresholds);
        count_certain(&all, among.len(), mark)
    }

    /// As [`nearest_other_label`](Self::nearest_other_label), across: for every row the largest product with a
    /// visitor of another label, and for every visitor that with a row.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
        pass: &Pass<'_>,
    ) -> Result<[Vec<i32>; 2], Error>;

    /// For every row the largest product with a row of another label, unit 2⁻³⁰; `i32::MIN` where
    /// there is none. `labels` has one a row.
    ///
    /// # Errors
    ///
    /// As [`count_within`](Self::count_within).
    fn nearest_other_label(&self, labels: &[u32], pass: &Pass<'_>) -> Result<Vec<i32>, Error>;
}

/// How many of the marked each of so many rows is near to for certain, as `mark` finds for [`MARKED`] at a time.
fn count_certain(
    marked: &[usize],
    among: usize,
    mark: impl Fn(&[usize]) -> Result<Vec<NearMasks>, Error>,
) -> Result<Vec<u32>, Error> {
    let mut counts = vec![0; among];
    for marked in marked.chunks(MARKED) {
        for (count, marks) in counts.iter_mut().zip(mark(marked)?) {
            *count += marks.certain.count_ones();
        }
    }
    Ok(counts)
}

/// Rows whose marks are told in one go: a bit of a word each.
pub const MARKED: usize = 32;

/// Products, unit 2⁻³⁰, above which two rows count as near: for certain, or at all.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "remote", derive(serde::Serialize, serde::Deserialize))]
pub struct Thresholds {
    /// Above it a pair lies within the distance beyond doubt.
    pub certain: i32,
    /// At or below it a pair lies outside of it beyond doubt.
    pub possible: i32,
}

impl Thresholds {
    /// What products of rows of `dim` values say of a distance `delta` in (0, 2].
    ///
    /// Rows z of length 1 are at distance δ where ⟨z, z′⟩ = 1 − δ²/2. Integer rows are off by
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

/// Which of some rows a row is near to: bit b is the b-th of them.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct NearMasks {
    /// For certain.
    pub certain: u32,
    /// Perhaps, or for certain.
    pub possible: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaches_are_in_order() {
        for delta in [1e-9, 1e-3, 0.1, 1.0, 1.999, 2.0] {
            let thresholds = Thresholds::of(delta, 300);
            assert!(thresholds.possible < thresholds.certain, "{delta}");
        }
        // Rows opposite to each other may lie within 2, and a row's copy does not for certain.
        assert!(Thresholds::of(2.0, 300).possible < -(1 << 30));
        assert!(Thresholds::of(1e-9, 300).certain > 1 << 30);
    }
}
