//! Mirror of `shaders/row_sums.wgsl`.

use crate::products::{TILE, products};
use crate::{IntegerRows, similarity};
use rayon::prelude::*;

/// Σⱼ s_ij over the class of row i, for every row.
///
/// A tile above the diagonal counts twice, for its rows and for its columns. Whole numbers add up
/// to the same in any order, so every thread has sums of its own.
pub(super) fn row_sums(rows: &IntegerRows, threshold: Option<i32>) -> Vec<i64> {
    let bands: Vec<_> = (0..rows.classes())
        .flat_map(|class| {
            let class = rows.class(class);
            class
                .clone()
                .step_by(TILE)
                .map(move |first| (first, class.end))
        })
        .collect();
    let zeros = || vec![0i64; rows.rows()];
    bands
        .into_par_iter()
        .fold(
            || (zeros(), vec![0; TILE * TILE]),
            |(mut sums, mut scratch), (first, end)| {
                add_band(rows, threshold, (first, end), &mut sums, &mut scratch);
                (sums, scratch)
            },
        )
        .map(|(sums, _)| sums)
        .reduce_with(|mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            a
        })
        .unwrap_or_else(zeros)
}

/// Adds the tiles of one block of rows, from the diagonal on.
fn add_band(
    rows: &IntegerRows,
    threshold: Option<i32>,
    (first, end): (usize, usize),
    sums: &mut [i64],
    scratch: &mut [i32],
) {
    let block = |first: usize| -> Vec<usize> { (first..end.min(first + TILE)).collect() };
    let a = block(first);
    for column in (first..end).step_by(TILE) {
        let b = block(column);
        products(rows, &a, &b, scratch);
        for (&i, products) in a.iter().zip(scratch.chunks_exact(b.len())) {
            let mut sum = 0;
            for (&product, &j) in products.iter().zip(&b) {
                let similarity = i64::from(similarity(product, threshold));
                sum += similarity;
                if column > first {
                    sums[j] += similarity;
                }
            }
            sums[i] += sum;
        }
    }
}
