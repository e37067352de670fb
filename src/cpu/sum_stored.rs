//! Mirror of `shaders/sum_stored.wgsl`.

use super::store_similarities::Matrix;
use rayon::prelude::*;

/// Rows a thread works on in one go.
const CHUNK: usize = 1 << 11;

/// Σ s_ij over the columns j, for every row i of a class. The matrix is symmetric, so what is
/// added are rows.
pub(super) fn sum_stored(matrix: &Matrix, columns: &[usize], sums: &mut [i64]) {
    sums.par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(chunk, sums)| {
            for &column in columns {
                let row = &matrix.row(column)[chunk * CHUNK..];
                for (sum, &similarity) in sums.iter_mut().zip(row) {
                    *sum += i64::from(similarity);
                }
            }
        });
}
