//! Mirror of `shaders/sum_stored.wgsl`.

use super::store_similarities::Matrix;
use crate::control::Stop;
use crate::error::Error;
use crate::reduce;
use rayon::prelude::*;

/// Rows a thread works on in one go: their sums stay in a core's nearest cache.
const CHUNK: usize = 1 << 10;
/// So many similarities of 16 bits add up to less than 2³².
const NARROW: usize = 1 << 16;

/// Σ s_ij over the columns j, for every row i of a class. The matrix is symmetric, so what is
/// added are rows.
pub(super) fn sum_stored(
    matrix: &Matrix,
    columns: &[usize],
    sums: &mut [i64],
    stop: &Stop,
) -> Result<(), Error> {
    let chunks = sums.par_chunks_mut(CHUNK).enumerate();
    stop.over(chunks).try_for_each(|chunk| {
        let (chunk, sums) = chunk?;
        for columns in columns.chunks(NARROW) {
            let mut narrow = [0u32; CHUNK];
            reduce::vectorised!(add(matrix, columns, chunk * CHUNK, &mut narrow));
            for (sum, narrow) in sums.iter_mut().zip(narrow) {
                *sum += i64::from(narrow);
            }
        }
        Ok(())
    })
}

/// Adds the similarities of the columns with the rows from `first` on.
#[inline(always)]
fn add(matrix: &Matrix, columns: &[usize], first: usize, sums: &mut [u32; CHUNK]) {
    for &column in columns {
        for (sum, &similarity) in sums.iter_mut().zip(&matrix.row(column)[first..]) {
            *sum += u32::from(similarity);
        }
    }
}
