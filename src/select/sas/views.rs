//! The mean views of examples, by which their latent classes are found.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::quantise::{Length, NEED, mean_of};
use crate::reduce;
use crate::select::gather::at_once;
use rayon::prelude::*;

/// The mean views of all examples, row-major; a view is over its length.
pub(super) fn mean_views(pool: &dyn Pool, views: usize, length: Length) -> Result<Vec<f32>, Error> {
    let dim = pool.dim();
    let examples: Vec<usize> = (0..pool.rows() / views).collect();
    let mut out = vec![0.0; examples.len() * dim];
    let at_once = at_once(pool, views * dim);
    let mut zero_row = None;
    for (examples, out) in examples.chunks(at_once).zip(out.chunks_mut(at_once * dim)) {
        let rows = examples.iter().flat_map(|e| e * views..(e + 1) * views);
        let rows: Vec<usize> = rows.collect();
        // Of a row far shorter than the longest the direction is left in the caller's unit alone.
        let x = match length {
            Length::Own => pool.given_rows(&rows)?,
            Length::Given(_) => pool.gather_rows(&rows)?,
        };
        let found = x
            .par_chunks_exact(views * dim)
            .zip(out.par_chunks_exact_mut(dim))
            .zip(examples)
            .map_init(
                || vec![0.0; dim],
                |mean, ((x, out), example)| {
                    let zero_view =
                        reduce::vectorised!(mean_of(x.chunks_exact(dim), 1.0, length, mean));
                    out.iter_mut()
                        .zip(&*mean)
                        .for_each(|(to, &v)| *to = v as f32);
                    zero_view.map(|view| example * views + view)
                },
            )
            .flatten()
            .min();
        zero_row = zero_row.or(found);
    }
    match zero_row {
        Some(row) => Err(Error::ZeroRow { row, need: NEED }),
        None => Ok(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;

    #[test]
    fn views_are_averaged_and_not_divided_again() {
        let x = [1.0, 0.0, 0.0, 7.0, 0.0, 1.0, 0.0, 1.0];
        let pool = CpuPool::new(Features::new(&x, 4, 2).unwrap());
        assert_eq!(
            mean_views(&pool, 2, Length::Own).unwrap(),
            [0.5, 0.5, 0.0, 1.0]
        );
    }

    #[test]
    fn a_zero_view_is_named() {
        let x = [1.0, 0.0, 0.0, 7.0, 0.0, 1.0, 0.0, 0.0];
        let pool = CpuPool::new(Features::new(&x, 4, 2).unwrap());
        let error = mean_views(&pool, 2, Length::Own).unwrap_err().to_string();
        assert!(error.contains("row 3 is all zeros"), "{error}");
    }
}
