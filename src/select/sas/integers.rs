//! From features to integer rows.

use super::{Sas, Similarity};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::lp::Lp;
use crate::quantise::{FIXED_BITS, IntegerRows};
use crate::select::classes::Partition;
use crate::select::gather::at_once;
use crate::select::norm::largest_norm;
use crate::sums;
use rayon::prelude::*;

/// Largest magnitude of a value: 2¹⁵ itself is no `i16`.
const MOST: f64 = 32767.0;

/// The examples in whole numbers, class after class, and which example stands at each place.
///
/// A view is divided by its own length, or for `dot` by the pool's largest; an example is the mean
/// of its views, not divided again, so that a product of two is the expected similarity of their
/// views. Then times 2¹⁵, rounded half to even.
pub(super) fn integer_rows(
    options: &Sas,
    pool: &dyn Pool,
    partition: &Partition,
) -> Result<(IntegerRows, Vec<usize>), Error> {
    let classes = &partition.classes;
    let order: Vec<usize> = classes
        .iter()
        .flat_map(|class| class.rows.clone())
        .collect();
    let mut starts = vec![0];
    for class in classes {
        starts.push(starts[starts.len() - 1] + class.rows.len());
    }
    let mut rows = IntegerRows::zeros(pool.dim(), starts);
    let pitch = rows.pitch();
    means(options, pool, &order, rows.values_mut(), pitch, to_integers)?;
    Ok((rows, order))
}

#[inline(always)]
fn to_integers(to: &mut [i16], mean: &[f64]) {
    // 1.5 · 2⁵²: a sum with it has no fractional bits, so that it is rounded, half to even, to a
    // whole number, which stands in its lowest bits.
    const TO_WHOLE: f64 = 1.5 * (1u64 << 52) as f64;
    let scale = f64::from(1u32 << FIXED_BITS);
    for (to, value) in to.iter_mut().zip(mean) {
        *to = ((value * scale).clamp(-MOST, MOST) + TO_WHOLE).to_bits() as i16;
    }
}

/// The mean views of all examples, row-major.
pub(super) fn mean_views(options: &Sas, pool: &dyn Pool) -> Result<Vec<f32>, Error> {
    let examples: Vec<usize> = (0..pool.rows() / options.views).collect();
    let mut out = vec![0.0; examples.len() * pool.dim()];
    means(options, pool, &examples, &mut out, pool.dim(), to_f32)?;
    Ok(out)
}

#[inline(always)]
fn to_f32(to: &mut [f32], mean: &[f64]) {
    for (to, &value) in to.iter_mut().zip(mean) {
        *to = value as f32;
    }
}

/// Hands the mean views of `examples` to `write`, each with its `width` entries of `out`.
fn means<T: Send>(
    options: &Sas,
    pool: &dyn Pool,
    examples: &[usize],
    out: &mut [T],
    width: usize,
    write: impl Fn(&mut [T], &[f64]) + Sync,
) -> Result<(), Error> {
    let (views, dim) = (options.views, pool.dim());
    let divisor = match options.similarity {
        Similarity::Cosine => None,
        Similarity::Dot => {
            let norms = pool.row_norms(Lp::L2)?;
            let all: Vec<usize> = (0..pool.rows()).collect();
            Some(largest_norm(pool, Lp::L2, &norms, &all)?)
        }
    };
    let at_once = at_once(pool, views * dim);
    for (examples, out) in examples
        .chunks(at_once)
        .zip(out.chunks_mut(at_once * width))
    {
        let rows: Vec<usize> = examples
            .iter()
            .flat_map(|e| e * views..(e + 1) * views)
            .collect();
        // Of a row far shorter than the longest the direction is left in the caller's unit alone.
        let x = match divisor {
            None => pool.given_rows(&rows)?,
            Some(_) => pool.gather_rows(&rows)?,
        };
        let zero_row = x
            .par_chunks_exact(views * dim)
            .zip(out.par_chunks_exact_mut(width))
            .zip(examples)
            .map_init(
                || vec![0.0; dim],
                |mean, ((x, out), example)| {
                    let zero_view = sums::vectorised!(mean_of(x, divisor, mean));
                    sums::vectorised!(write(out, mean));
                    zero_view.map(|view| example * views + view)
                },
            )
            .flatten()
            .min();
        if let Some(row) = zero_row {
            let need = "cosine similarity";
            return Err(Error::ZeroRow { row, need });
        }
    }
    Ok(())
}

/// `mean` becomes that of the views `x`, each over `divisor` or its own length. Names a view that
/// has none.
#[inline(always)]
fn mean_of(x: &[f32], divisor: Option<f64>, mean: &mut [f64]) -> Option<usize> {
    let dim = mean.len();
    mean.fill(0.0);
    for (view, x) in x.chunks_exact(dim).enumerate() {
        let length = divisor.unwrap_or_else(|| sums::squares(x).sqrt());
        if length == 0.0 && divisor.is_none() {
            return Some(view);
        }
        // A pool of zeros alone has the largest length 0: its similarities are 0 too.
        let length = if length == 0.0 { 1.0 } else { length };
        for (mean, &x) in mean.iter_mut().zip(x) {
            *mean += f64::from(x) / length;
        }
    }
    let views = (x.len() / dim) as f64;
    mean.iter_mut().for_each(|mean| *mean /= views);
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::CpuPool;
    use crate::features::Features;

    fn rows_of(options: &Sas, x: &[f32], dim: usize) -> Result<IntegerRows, Error> {
        let pool = CpuPool::new(Features::new(x, x.len() / dim, dim).expect("finite"));
        let examples = x.len() / dim / options.views;
        let partition = Partition::of(&vec![0; examples]);
        integer_rows(options, &pool, &partition).map(|(rows, _)| rows)
    }

    #[test]
    fn rows_are_unit_vectors_in_whole_numbers() {
        let rows = rows_of(&Sas::default(), &[3.0, 4.0, 0.0, -2.0], 2).unwrap();
        assert_eq!(rows.row(0)[..3], [19661, 26214, 0]); // 0.6 and 0.8 of 32768
        assert_eq!(rows.row(1)[..3], [0, -32767, 0]);
    }

    #[test]
    fn halves_are_rounded_to_even() {
        let values = [
            -1.5, -0.5, 0.5, 1.5, 2.5, 32_766.5, 40_000.0, -40_000.0, 0.49, -7.51,
        ];
        let mean = values.map(|value| value / 32_768.0);
        let mut whole = [1; 10];
        to_integers(&mut whole, &mean);
        let want = [-2, 0, 0, 2, 2, 32_766, 32_767, -32_767, 0, -8];
        assert_eq!(whole, want);
    }

    #[test]
    fn dot_divides_by_the_largest_length() {
        let dot = Sas {
            similarity: Similarity::Dot,
            ..Sas::default()
        };
        let rows = rows_of(&dot, &[3.0, 4.0, 0.0, -2.0, 0.0, 0.0], 2).unwrap();
        assert_eq!(rows.row(1)[..2], [0, -13107]);
        assert_eq!(rows.row(2)[..2], [0, 0]);
        assert_eq!(rows_of(&dot, &[0.0; 4], 2).unwrap().values(), [0; 32]);
    }

    #[test]
    fn views_are_averaged_and_not_divided_again() {
        let two = Sas {
            views: 2,
            ..Sas::default()
        };
        let rows = rows_of(&two, &[1.0, 0.0, 0.0, 7.0, 0.0, 1.0, 0.0, 1.0], 2).unwrap();
        assert_eq!(rows.row(0)[..2], [16384, 16384]);
        assert_eq!(rows.row(1)[..2], [0, 32767]);
    }

    #[test]
    fn a_zero_view_is_named() {
        let two = Sas {
            views: 2,
            ..Sas::default()
        };
        let x = [1.0, 0.0, 0.0, 7.0, 0.0, 1.0, 0.0, 0.0];
        let error = rows_of(&two, &x, 2).unwrap_err().to_string();
        assert!(error.contains("row 3 is all zeros"), "{error}");
    }
}
