//! Mirror of `shaders/cover_rounds.wgsl`.

use super::gain_stored::gain_stored;
use super::raise::raise_by;
use super::store_similarities::Matrix;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::similarities::{MASK, is_masked};
use crate::lazy::{First, Lazy};

/// Gains that are brought up to date at a time: all cores have some.
const AT_ONCE: usize = 24;

/// Greedy rounds of the cover in one class, whose rows `best` and `weights` are of: rows picked, and their gains.
pub(super) fn cover_rounds(
    matrix: &Matrix,
    (best, weights): (&mut [u16], Option<&[u16]>),
    gains: &mut [i64],
    count: usize,
    stop: &Stop,
) -> Result<Vec<(usize, i64)>, Error> {
    let mut lazy = Lazy::new(gains.to_vec());
    let masked: Vec<usize> = (0..gains.len())
        .filter(|&row| is_masked(gains[row]))
        .collect();
    lazy.close(&masked);
    let mut rounds = Vec::with_capacity(count);
    while rounds.len() < count
        && let Some(first) = lazy.first()
    {
        stop.check()?;
        if let First::Sure(row, gain) = first {
            raise_by(best, matrix.row(row));
            gains[row] = gain + MASK;
            lazy.close(&[row]);
            rounds.push((row, gain));
            continue;
        }
        let old = lazy.take_old(AT_ONCE);
        let found = gain_stored(matrix, &old, Cover { best, weights }, stop)?;
        for (row, gain) in old.into_iter().zip(found) {
            gains[row] = gain;
            lazy.set(row, gain);
        }
    }
    Ok(rounds)
}
