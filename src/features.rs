//! The caller's matrix, checked once. The only place where values are validated.

use crate::{Error, Lp, sums};
use ndarray::ArrayView2;
use rayon::prelude::*;
use std::sync::Arc;

/// Borrowed feature rows: `rows` examples of `dim` values, row-major `f32`, checked.
///
/// Every value is finite and every row's squared Euclidean length fits an `f32`. Cloning is cheap:
/// clones share the values, and the lengths that the check came by (8 bytes a row).
///
/// ```
/// use coresift::Features;
///
/// let x = [3.0, 4.0, 0.0, 1.0];
/// let features = Features::new(&x, 2, 2)?;
/// assert_eq!((features.rows(), features.dim()), (2, 2));
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Features<'a> {
    values: &'a [f32],
    rows: usize,
    dim: usize,
    /// Squared lengths, which the check of the values comes by: a pass over the features saved.
    norms_sq: Arc<Vec<f64>>,
    scale: f32,
}

impl<'a> Features<'a> {
    /// Checks `values`: `rows` x `dim`, row-major.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`], [`Error::Empty`], [`Error::NotFinite`] and [`Error::RowOverflow`],
    /// the last two with the first row that is at fault.
    pub fn new(values: &'a [f32], rows: usize, dim: usize) -> Result<Self, Error> {
        if rows.checked_mul(dim) != Some(values.len()) {
            let len = values.len();
            return Err(Error::Shape { rows, dim, len });
        }
        if values.is_empty() {
            return Err(Error::Empty { rows, dim });
        }
        let mut norms_sq = vec![0.0; rows];
        norms_sq
            .par_iter_mut()
            .zip(values.par_chunks(dim))
            .with_min_len(64)
            .for_each(|(norm_sq, x)| *norm_sq = sums::vectorised!(sums::squares(x)));
        // NaN and infinity fail too: a NaN compares false.
        let is_in_range = |norm_sq: &f64| *norm_sq <= f64::from(f32::MAX);
        if let Some(row) = norms_sq
            .par_iter()
            .position_first(|norm_sq| !is_in_range(norm_sq))
        {
            return Err(fault(row, &values[row * dim..][..dim]));
        }
        let longest_sq = norms_sq.par_iter().copied().reduce(|| 0.0, f64::max);
        Ok(Self {
            values,
            rows,
            dim,
            norms_sq: norms_sq.into(),
            scale: scale_for(longest_sq),
        })
    }

    /// Checks an array view of shape `(rows, dim)`, which must be row-major without gaps.
    ///
    /// # Errors
    ///
    /// [`Error::Layout`] for other strides (`.as_standard_layout()` makes a copy that serves);
    /// else as [`Features::new`].
    pub fn from_array(array: ArrayView2<'a, f32>) -> Result<Self, Error> {
        let (rows, dim) = array.dim();
        let strides = array.strides().to_vec();
        let values = array.to_slice().ok_or(Error::Layout { strides })?;
        Self::new(values, rows, dim)
    }

    /// Number of examples.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Values per example.
    #[must_use]
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All values, row-major.
    #[must_use]
    pub fn values(&self) -> &'a [f32] {
        self.values
    }

    /// Each row's norm in f64.
    ///
    /// ```
    /// use coresift::{Features, Lp};
    ///
    /// let x = [3.0, -4.0, 0.0, 1.0];
    /// let features = Features::new(&x, 2, 2)?;
    /// assert_eq!(features.norms(Lp::L1), [7.0, 1.0]);
    /// assert_eq!(features.norms(Lp::L2), [5.0, 1.0]);
    /// # Ok::<(), coresift::Error>(())
    /// ```
    #[must_use]
    pub fn norms(&self, norm: Lp) -> Vec<f64> {
        let of_row = |x: &[f32]| sums::vectorised!(sums::norm(norm, x));
        self.values.par_chunks_exact(self.dim).map(of_row).collect()
    }

    /// Each row's squared length, in the caller's unit.
    pub(crate) fn norms_sq(&self) -> &[f64] {
        &self.norms_sq
    }

    /// The power of two that brings the longest row into `[1, 2)`.
    pub(crate) fn scale(&self) -> f32 {
        self.scale
    }
}

/// The power of two that brings a length, given squared, into `[1, 2)`; 1 for length 0.
/// Held to what an `f32` holds without a subnormal: 2⁻¹²⁶ … 2¹²⁶.
pub(crate) fn scale_for(norm_sq: f64) -> f32 {
    if norm_sq == 0.0 {
        return 1.0;
    }
    let exponent = -libm::ilogb(norm_sq.sqrt());
    f32::exp2(exponent.clamp(-126, 126) as f32)
}

/// Says what is wrong with a row that failed its check.
pub(crate) fn fault(row: usize, x: &[f32]) -> Error {
    match x.iter().position(|v| !v.is_finite()) {
        Some(column) => Error::NotFinite {
            row,
            column,
            value: x[column],
        },
        None => {
            let norm = sums::squares(x).sqrt();
            Error::RowOverflow { row, norm }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named() {
        let mut x = vec![1.0; 3 * 20];
        let found = |x: &[f32]| Features::new(x, 3, 20).unwrap_err().to_string();
        x[59] = f32::NAN;
        assert_eq!(
            found(&x),
            "features: NaN found at row 2, column 19, a finite value expected"
        );
        x[21] = f32::NEG_INFINITY;
        assert_eq!(
            found(&x),
            "features: -inf found at row 1, column 1, a finite value expected"
        );
        x[3] = 2e19;
        assert!(
            found(&x).starts_with("features: row 0 has length 1.99999999"),
            "{}",
            found(&x)
        );
        assert!(matches!(
            Features::new(&x, 2, 20),
            Err(Error::Shape { len: 60, .. })
        ));
        assert!(matches!(
            Features::new(&[], 0, 20),
            Err(Error::Empty { rows: 0, dim: 20 })
        ));
        assert!(matches!(
            Features::new(&[], usize::MAX, 2),
            Err(Error::Shape { .. })
        ));
    }

    #[test]
    fn views_must_be_row_major() {
        let x = ndarray::array![[1.0f32, 2.0], [3.0, 4.0]];
        assert_eq!(
            Features::from_array(x.view()).unwrap().values(),
            [1.0, 2.0, 3.0, 4.0]
        );
        let turned = Features::from_array(x.t());
        assert!(matches!(turned, Err(Error::Layout { .. })));
    }

    #[test]
    fn scale_brings_the_longest_row_to_one() {
        for (x, scale) in [(3.0, 0.5), (1.0, 1.0), (1.999, 1.0), (0.3, 4.0), (0.0, 1.0)] {
            assert_eq!(
                Features::new(&[x, 0.0], 1, 2).unwrap().scale(),
                scale,
                "{x}"
            );
        }
        let smallest = f32::from_bits(1);
        assert_eq!(
            Features::new(&[smallest], 1, 1).unwrap().scale(),
            126f32.exp2()
        );
    }
}
