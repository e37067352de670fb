//! Rows in the plane of their first two principal components.

use super::gaussian::{eigen, gaussian};
use super::rows::{add, by_blocks};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::reduce;
use crate::select::metric::Metric;
use crate::select::points::Points;
use faer::linalg::evd::ComputeEigenvectors;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

/// Columns of which a covariance is made: 32 MiB, and a minute of the host's for a million rows.
const MOST_DIM: usize = 2048;
/// Rows that components are found from where there are more columns, and the values that they may have in all.
const MOST_ROWS: usize = 2048;
const MOST_VALUES: usize = 1 << 25;

/// Where rows lie in the plane of their first two principal components: the directions of largest variance.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalPlane {
    /// For every row its coordinates about the mean, in the caller's unit.
    pub coordinates: Vec<[f64; 2]>,
    /// The share of all variance that each component has; 0 where rows do not differ in so many directions.
    pub shares: [f64; 2],
    /// Rows that the components are those of.
    pub found_from: usize,
}

/// The first two components, as rows are in the pool's unit.
struct Components {
    mean: Vec<f64>,
    /// Length 1, or zeros.
    directions: [Vec<f64>; 2],
    shares: [f64; 2],
}

/// Where the rows of a pool lie in the plane of their first two principal components, in f64.
///
/// The components are eigenvectors of the covariance, whose largest entry (of several the first) is positive. Up to
/// 2048 columns it is that of all rows. Where there are more, they are those of up to 2048 rows at even distances, by
/// the products of these: exact for as many rows, else an estimate; `found_from` says of how many.
///
/// Three passes, the second of `rows · dim²` flops; 16 bytes a row, and some 24 for each of dim² entries.
///
/// # Errors
///
/// [`Error::Argument`] where eigenvalues are not found, which no finite rows are known for; else those of the pool.
pub fn principal_plane(pool: &dyn Pool) -> Result<PrincipalPlane, Error> {
    let metric = Metric::Euclidean;
    let points = Points { pool, metric };
    let all: Vec<usize> = (0..pool.rows()).collect();
    let used = match pool.dim() <= MOST_DIM {
        true => all.clone(),
        false => evenly(all.len(), MOST_ROWS.min((MOST_VALUES / pool.dim()).max(64))),
    };
    let found_from = used.len();
    let components = match (found_from < 2, pool.dim() <= MOST_DIM) {
        (true, _) => None,
        (_, true) => Some(of_covariance(points, &used)?),
        (_, false) => Some(of_products(points, &used)?),
    };
    let Some(components) = components else {
        return Ok(PrincipalPlane {
            coordinates: vec![[0.0; 2]; all.len()],
            shares: [0.0; 2],
            found_from,
        });
    };
    let mut coordinates = Vec::with_capacity(all.len());
    let unit = 1.0 / f64::from(pool.scale());
    let of_block = |_: usize, x: &[f64]| -> Vec<[f64; 2]> {
        let rows = x.chunks_exact(pool.dim());
        rows.map(|x| components.of_row(x).map(|v| v * unit))
            .collect()
    };
    by_blocks(points, &all, of_block, |found| coordinates.extend(found))?;
    Ok(PrincipalPlane {
        coordinates,
        shares: components.shares,
        found_from,
    })
}

/// So many of some rows, or all, at even distances from the first on.
fn evenly(rows: usize, most: usize) -> Vec<usize> {
    let count = rows.min(most);
    // Of more rows than 2^32 there would be too many to multiply.
    let place = |at: usize| (at as u128 * rows as u128 / count as u128) as usize;
    (0..count).map(place).collect()
}

/// The components of a covariance.
fn of_covariance(points: Points<'_>, rows: &[usize]) -> Result<Components, Error> {
    let (mean, covariance) = gaussian(points, rows, 0.0)?;
    let (values, vectors) = eigen(covariance.as_ref(), ComputeEigenvectors::Yes)?;
    let direction = |place: usize| vectors.col(place).iter().copied().collect();
    Ok(Components::new(mean, &values, direction))
}

/// The components of few rows of many columns: an eigenvector u of their products about the mean X makes Xᵀu one.
fn of_products(points: Points<'_>, rows: &[usize]) -> Result<Components, Error> {
    let dim = points.dim();
    let mut x = points.some(rows)?;
    let mut mean = vec![0.0; dim];
    x.chunks_exact(dim).for_each(|x| add(&mut mean, x));
    mean.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
    for x in x.chunks_exact_mut(dim) {
        x.iter_mut().zip(&mean).for_each(|(x, mean)| *x -= mean);
    }
    points.pool.stop().check()?;
    let x = MatRef::from_row_major_slice(&x, rows.len(), dim);
    let mut products = Mat::zeros(rows.len(), rows.len());
    matmul(
        products.as_mut(),
        Accum::Replace,
        x,
        x.transpose(),
        1.0,
        Par::Seq,
    );
    let (values, vectors) = eigen(products.as_ref(), ComputeEigenvectors::Yes)?;
    let direction = |place: usize| {
        let mut direction = vec![0.0; dim];
        for (row, &by) in vectors.col(place).iter().enumerate() {
            let values = x.row(row);
            direction
                .iter_mut()
                .zip(values.iter())
                .for_each(|(sum, x)| *sum += by * x);
        }
        direction
    };
    Ok(Components::new(mean, &values, direction))
}

impl Components {
    /// Of eigenvalues, ascending, and of what tells the direction of each.
    fn new(mean: Vec<f64>, values: &[f64], direction: impl Fn(usize) -> Vec<f64>) -> Self {
        let all: f64 = values.iter().map(|value| value.max(0.0)).sum();
        // Below this an eigenvalue is what rounding left.
        let least = values.len() as f64 * f64::EPSILON * values.last().copied().unwrap_or(0.0);
        let find = |rank: usize| {
            let place = values.len().checked_sub(rank + 1)?;
            (values[place] > least).then(|| (values[place] / all, signed(direction(place))))
        };
        let none = || (0.0, vec![0.0; mean.len()]);
        let [(first, one), (second, two)] = [0, 1].map(|rank| find(rank).unwrap_or_else(none));
        Self {
            mean,
            directions: [one, two],
            shares: [first, second],
        }
    }

    /// The coordinates of a row.
    fn of_row(&self, x: &[f64]) -> [f64; 2] {
        let off: Vec<f64> = x.iter().zip(&self.mean).map(|(x, mean)| x - mean).collect();
        let direction = |direction: &Vec<f64>| reduce::vectorised!(reduce::dot(&off, direction));
        [0, 1].map(|at| direction(&self.directions[at]))
    }
}

/// A direction at length 1, its largest entry positive.
fn signed(mut direction: Vec<f64>) -> Vec<f64> {
    let length = reduce::vectorised!(reduce::dot(&direction, &direction)).sqrt();
    let larger = |largest: f64, &v: &f64| if v.abs() > largest.abs() { v } else { largest };
    let sign = direction.iter().fold(0.0, larger).signum();
    direction.iter_mut().for_each(|v| *v *= sign / length);
    direction
}
