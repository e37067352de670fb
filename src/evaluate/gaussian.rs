//! The mean and the covariance of rows, and what a symmetric matrix is made of.

use super::rows::{add, by_blocks};
use crate::error::Error;
use crate::select::points::Points;
use faer::diag::Diag;
use faer::dyn_stack::{MemBuffer, MemStack};
use faer::linalg::evd::{ComputeEigenvectors, self_adjoint_evd, self_adjoint_evd_scratch};
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Mat, MatRef, Par};

/// The mean and the covariance of some points, two at least; `ridge` is added to its diagonal. Two passes, of
/// `rows · dim²` flops.
pub(super) fn gaussian(
    points: Points<'_>,
    rows: &[usize],
    ridge: f64,
) -> Result<(Vec<f64>, Mat<f64>), Error> {
    let dim = points.dim();
    let sums = |_: usize, x: &[f64]| {
        let mut sums = vec![0.0; dim];
        x.chunks_exact(dim).for_each(|x| add(&mut sums, x));
        sums
    };
    let mut mean = vec![0.0; dim];
    by_blocks(points, rows, sums, |sums| add(&mut mean, &sums))?;
    mean.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
    let squares = |_: usize, x: &[f64]| {
        let less = |x: &[f64]| -> Vec<f64> { x.iter().zip(&mean).map(|(x, m)| x - m).collect() };
        let x: Vec<f64> = x.chunks_exact(dim).flat_map(less).collect();
        let x = MatRef::from_row_major_slice(&x, x.len() / dim, dim);
        let mut squares = Mat::<f64>::zeros(dim, dim);
        triangular::matmul(
            squares.as_mut(),
            BlockStructure::TriangularLower,
            Accum::Replace,
            x.transpose(),
            BlockStructure::Rectangular,
            x,
            BlockStructure::Rectangular,
            1.0,
            Par::Seq,
        );
        squares
    };
    let mut sum = Mat::<f64>::zeros(dim, dim);
    by_blocks(points, rows, squares, |squares| sum += squares)?;
    let over = rows.len() as f64 - 1.0;
    let entry = |i: usize, j: usize| {
        let own = if i == j { ridge } else { 0.0 };
        sum[(i.max(j), i.min(j))] / over + own
    };
    let covariance = Mat::from_fn(dim, dim, entry);
    Ok((mean, covariance))
}

/// The eigenvalues of a symmetric matrix, and its eigenvectors where they are asked for, by one
/// thread: ascending, a column each.
pub(super) fn eigen(
    matrix: MatRef<'_, f64>,
    vectors: ComputeEigenvectors,
) -> Result<(Vec<f64>, Mat<f64>), Error> {
    let size = matrix.ncols();
    let wanted = vectors == ComputeEigenvectors::Yes;
    let (mut values, mut found) = (Diag::zeros(size), Mat::zeros(size, size));
    let params = Default::default();
    let scratch = self_adjoint_evd_scratch::<f64>(size, vectors, Par::Seq, params);
    let done = self_adjoint_evd(
        matrix,
        values.as_mut(),
        wanted.then(|| found.as_mut()),
        Par::Seq,
        MemStack::new(&mut MemBuffer::new(scratch)),
        params,
    );
    match done {
        Ok(()) => Ok((values.column_vector().iter().copied().collect(), found)),
        Err(_) => Err(Error::Argument {
            argument: "features",
            found: "a covariance whose eigenvalues are not found".to_owned(),
            expected: "rows of moderate lengths".to_owned(),
        }),
    }
}
