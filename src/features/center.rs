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
    Ok(less_mean_of(rows, |row| row, values, dim))
}

/// As [`center`], the mean being that of some rows alone, ascending: those that no [`LeftOut`] has.
///
/// # Errors
///
/// As [`center`]; and [`Error::Argument`] where there are none of them, or they are not ascending rows of the matrix.
///
/// ```
/// use coresift::{Features, LeftOut, Rows};
///
/// let mut x = [1001.0, 1000.0, f32::NAN, 0.0, 1000.0, 1001.0];
/// let left_out = LeftOut { invalid: true, ..LeftOut::default() };
/// let features = Features::without(Rows::Slice(&x), [3, 2], &left_out)?;
/// let kept = features.numbers().map_or(vec![0, 1, 2], <[usize]>::to_vec);
/// assert_eq!(coresift::center_among(&mut x, 3, 2, &kept)?, [1000.5, 1000.5]);
/// assert_eq!(x[..2], [0.5, -0.5]);
/// # Ok::<(), coresift::Error>(())
/// ```
///
/// [`LeftOut`]: crate::LeftOut
pub fn center_among(
    values: &mut [f32],
    rows: usize,
    dim: usize,
    among: &[usize],
) -> Result<Vec<f64>, Error> {
    check_shape(values, rows, dim)?;
    let is_ascending = among.is_sorted_by(|a, b| a < b);
    match among.last() {
        Some(&last) if is_ascending && last < rows => {
            Ok(less_mean_of(among.len(), |at| among[at], values, dim))
        }
        last => Err(Error::Argument {
            argument: "among",
            found: match last {
                Some(_) if !is_ascending => "rows out of order".to_owned(),
                Some(last) => format!("row {last}"),
                None => "no rows".to_owned(),
            },
            expected: format!("ascending rows below {rows}, at least one"),
        }),
    }
}

/// Subtracts the mean of so many rows from all, and gives it.
fn less_mean_of(
    count: usize,
    row: impl Fn(usize) -> usize + Sync,
    values: &mut [f32],
    dim: usize,
) -> Vec<f64> {
    let of_rows = |first: usize| {
        let mut sums = vec![0.0; dim];
        for at in first..count.min(first + ROWS) {
            let x = &values[row(at) * dim..][..dim];
            sums.iter_mut()
                .zip(x)
                .for_each(|(sum, &v)| *sum += f64::from(v));
        }
        sums
    };
    let firsts: Vec<usize> = (0..count).step_by(ROWS).collect();
    let parts: Vec<Vec<f64>> = firsts.into_par_iter().map(of_rows).collect();
    let mut mean = vec![0.0; dim];
    for part in parts {
        mean.iter_mut().zip(part).for_each(|(sum, v)| *sum += v);
    }
    mean.iter_mut().for_each(|sum| *sum /= count as f64);
    subtract(values, &mean);
    mean
}

/// Subtracts a mean row that is known already, as [`center`] does: from what is compared with centered rows, or from a
/// part of them. Values past the last whole row stay as they are.
///
/// ```
/// let mut prompt = [1001.0, 1000.0];
/// coresift::subtract(&mut prompt, &[1000.5, 1000.5]);
/// assert_eq!(prompt, [0.5, -0.5]);
/// ```
pub fn subtract(values: &mut [f32], mean: &[f64]) {
    let rows = values.par_chunks_exact_mut(mean.len().max(1));
    rows.with_min_len(64).for_each(|x| {
        x.iter_mut()
            .zip(mean)
            .for_each(|(v, m)| *v = (f64::from(*v) - m) as f32);
    });
}
