//! The mean row taken away. The only place where values are changed.

use super::check::check_shape;
use crate::error::Error;
use rayon::prelude::*;

/// Rows whose sum is taken in one go: the same with any number of threads.
const ROWS: usize = 1 << 10;

/// Subtracts the mean row from every row, in place: the mean in f64, each difference rounded to f32.
///
/// `values` are `rows` x `dim`, row-major. Gives the mean, `dim` values in the caller's unit. Rows that
/// share a large mean point nearly the same way; without it directions and similarities tell what the
/// rows differ by.
///
/// # Errors
///
/// [`Error::Shape`] and [`Error::Empty`], as [`Features::new`](crate::Features::new).
///
/// ```
/// let mut x = [1001.0, 1000.0, 1000.0, 1001.0];
/// assert_eq!(coresift::center(&mut x, 2, 2)?, [1000.5, 1000.5]);
/// assert_eq!(x, [0.5, -0.5, -0.5, 0.5]);
/// # Ok::<(), coresift::Error>(())
/// ```
pub fn center(values: &mut [f32], rows: usize, dim: usize) -> Result<Vec<f64>, Error> {
    check_shape(values, rows, dim)?;
    let of_rows = |x: &[f32]| {
        let mut sums = vec![0.0; dim];
        for x in x.chunks_exact(dim) {
            sums.iter_mut()
                .zip(x)
                .for_each(|(sum, &v)| *sum += f64::from(v));
        }
        sums
    };
    let parts: Vec<Vec<f64>> = values.par_chunks(ROWS * dim).map(of_rows).collect();
    let mut mean = vec![0.0; dim];
    for part in parts {
        mean.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
    }
    mean.iter_mut().for_each(|sum| *sum /= rows as f64);
    values.par_chunks_mut(dim).with_min_len(64).for_each(|x| {
        x.iter_mut()
            .zip(&mean)
            .for_each(|(v, m)| *v = (f64::from(*v) - m) as f32);
    });
    Ok(mean)
}
