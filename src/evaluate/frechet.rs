//! How far apart picks and other rows are as Gaussians.

use super::evaluation::{Evaluation, refuse};
use super::gaussian::{eigen, gaussian};
use crate::error::Error;
use crate::select::metric::Metric;
use faer::linalg::evd::ComputeEigenvectors;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// The square of a length is at most 3.5e38: with a larger ridge nothing is left of a covariance in f64.
const MOST_RIDGE: f64 = 1e50;

/// The Fréchet distance of two Gaussians.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Frechet {
    /// ‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2(C₁^½ C₂ C₁^½)^½), in the caller's unit, squared.
    pub distance: f64,
    /// The rank of C₁ as far as f64 tells. Below the number of columns the picks are too few for the distance to be
    /// that of what they were drawn from: then a ridge tells subsets of one size apart better.
    pub rank: usize,
}

impl Evaluation<'_> {
    /// The Fréchet distance between Gaussians of the picks and of the other rows, in the space of the features: what
    /// FID is of Inception's. Covariances are over one less than the number of rows, and `ridge`, 0 for none, is added
    /// to both their diagonals, in the caller's unit, squared. Singular ones are taken as they are (N. Bar and R. Giryes,
    /// arXiv:2406.01086, table 4).
    ///
    /// Two passes, of `rows · dim²` flops; 24 bytes for each of dim² entries, and two or three times that for a while.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for fewer than two picks or fewer than two other rows, and for a ridge that is not a number
    /// from 0 to 1e50.
    pub fn frechet(&self, ridge: f64) -> Result<Frechet, Error> {
        self.check_frechet(ridge)?;
        let scale = f64::from(self.pool.scale());
        let (points, ridge) = (self.points(Metric::Euclidean), ridge * scale * scale);
        let (mean, covariance) = gaussian(points, self.picks, ridge)?;
        let (mean_of_rest, of_rest) = gaussian(points, &self.unpicked(), ridge)?;
        let (root, rank) = root(&covariance)?;
        let mut products = Mat::zeros(rank, covariance.ncols());
        product(&mut products, root.as_ref(), of_rest.as_ref());
        let mut inner = Mat::zeros(rank, rank);
        product(&mut inner, products.as_ref(), root.transpose());
        let (values, _) = eigen(inner.as_ref(), ComputeEigenvectors::No)?;
        let cross: f64 = above_rounding(&values).map(|(_, value)| value.sqrt()).sum();
        let apart = mean.iter().zip(&mean_of_rest);
        let apart: f64 = apart.map(|(a, b)| (a - b) * (a - b)).sum();
        let traces = trace(&covariance) + trace(&of_rest);
        Ok(Frechet {
            distance: (apart + traces - 2.0 * cross).max(0.0) / scale / scale,
            rank,
        })
    }

    fn check_frechet(&self, ridge: f64) -> Result<(), Error> {
        let (rows, picks) = (self.pool.rows(), self.picks.len());
        if picks < 2 {
            let expected = "at least 2, for a covariance of theirs";
            return refuse("picks", picks.to_string(), expected);
        }
        if rows - picks < 2 {
            let expected = "at least 2 rows that are not picked, for a covariance of theirs";
            return refuse("picks", format!("{picks} of {rows} rows"), expected);
        }
        if !(0.0..=MOST_RIDGE).contains(&ridge) {
            let expected = format!("a number from 0 to {MOST_RIDGE:e}");
            return refuse("ridge", ridge.to_string(), expected);
        }
        Ok(())
    }
}

fn trace(matrix: &Mat<f64>) -> f64 {
    (0..matrix.ncols()).map(|at| matrix[(at, at)]).sum()
}

fn product(to: &mut Mat<f64>, a: MatRef<'_, f64>, b: MatRef<'_, f64>) {
    matmul(to.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
}

/// The rows √λ vᵀ of the eigenvalues λ of a covariance that are more than rounding, and how many there are: its square
/// root, turned to where the other directions are left out.
fn root(covariance: &Mat<f64>) -> Result<(Mat<f64>, usize), Error> {
    let (values, vectors) = eigen(covariance.as_ref(), ComputeEigenvectors::Yes)?;
    let kept: Vec<(usize, f64)> = above_rounding(&values).collect();
    let entry = |row: usize, column: usize| kept[row].1.sqrt() * vectors[(column, kept[row].0)];
    let root = Mat::from_fn(kept.len(), covariance.ncols(), entry);
    Ok((root, kept.len()))
}

/// The eigenvalues that are more than rounding, and their places.
fn above_rounding(values: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    let largest = values.iter().copied().fold(0.0, f64::max);
    let least = values.len() as f64 * f64::EPSILON * largest;
    let values = values.iter().copied().enumerate();
    values.filter(move |&(_, value)| value > least)
}
