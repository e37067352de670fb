//! Mirror of `shaders/greedy_rounds.wgsl`.

use super::store_similarities::Matrix;
use crate::{MASK, Round, sums};

/// Greedy rounds in one class, whose first row is `first`.
pub(super) fn greedy_rounds(
    first: usize,
    matrix: &Matrix,
    gains: &mut [i64],
    count: usize,
    step: i64,
) -> Vec<Round> {
    sums::vectorised(|| {
        let mut largest = gains.iter().copied().max().unwrap_or(MASK);
        let mut rounds = Vec::with_capacity(count);
        for _ in 0..count {
            let pick = gains
                .iter()
                .position(|&gain| gain == largest)
                .expect("as many rows as rounds");
            rounds.push(Round {
                row: first + pick,
                gain: largest,
            });
            add(gains, matrix.row(pick), step);
            gains[pick] += MASK;
            largest = gains.iter().copied().max().unwrap_or(MASK);
        }
        rounds
    })
}

/// `gains += step * similarities`.
#[inline(always)]
fn add(gains: &mut [i64], similarities: &[u16], step: i64) {
    for (gain, &similarity) in gains.iter_mut().zip(similarities) {
        *gain += step * i64::from(similarity);
    }
}
