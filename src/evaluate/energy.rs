//! How much of the rows lies in the span of the picks.

use super::evaluation::Evaluation;
use super::rows::by_blocks;
use crate::error::Error;
use crate::reduce;
use crate::select::gram_schmidt::span;
use crate::select::metric::Metric;
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};

impl Evaluation<'_> {
    /// 1 − Σ residual² / Σ ‖F‖², over all rows: the share of their squared lengths that lies in the span of the picks
    /// (N. Bar and R. Giryes, arXiv:2406.01086, section 3.1).
    ///
    /// One pass, of `rows · dim` flops twice for each direction of the span.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] where all rows are zeros.
    pub fn energy_kept(&self) -> Result<f64, Error> {
        let (pool, dim) = (self.pool, self.pool.dim());
        let (span, _) = span(&pool.given_rows(self.picks)?, dim, pool.stop())?;
        let of_block = |_: usize, x: &[f64]| {
            let products = in_span(x, &span, dim);
            reduce::vectorised!([reduce::dot(&products, &products), reduce::dot(x, x)])
        };
        let all: Vec<usize> = (0..pool.rows()).collect();
        let (mut kept, mut whole) = (0.0, 0.0);
        let points = self.points(Metric::Euclidean);
        by_blocks(points, &all, of_block, |[in_span, squares]| {
            kept += in_span;
            whole += squares;
        })?;
        if whole == 0.0 {
            return Err(no_length());
        }
        Ok((kept / whole).min(1.0))
    }
}

/// The products of some rows with some directions of `dim` values, a row's one after another.
pub(super) fn in_span(x: &[f64], directions: &[f64], dim: usize) -> Vec<f64> {
    let (rows, count) = (x.len() / dim, directions.len() / dim);
    let mut products = vec![0.0; rows * count];
    matmul(
        MatMut::from_row_major_slice_mut(&mut products, rows, count),
        Accum::Replace,
        MatRef::from_row_major_slice(x, rows, dim),
        MatRef::from_row_major_slice(directions, count, dim).transpose(),
        1.0,
        Par::Seq,
    );
    products
}

/// There is no energy of which a share could be kept.
pub(super) fn no_length() -> Error {
    Error::Argument {
        argument: "features",
        found: "zeros alone".to_owned(),
        expected: "a row that has a length".to_owned(),
    }
}
