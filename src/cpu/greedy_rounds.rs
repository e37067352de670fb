//! Mirror of `shaders/greedy_rounds.wgsl`.

use super::store_similarities::Matrix;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::similarities::{MASK, Round, is_masked};
use crate::reduce;
use std::ops::{AddAssign, Mul};

/// Greedy rounds in one class, whose first row is `first`.
///
/// Where 32 bits hold every gain that can come up they are what is worked with: twice as many to
/// a vector, and a class of some thousand rows stays in a core's nearest cache.
pub(super) fn greedy_rounds(
    first: usize,
    matrix: &Matrix,
    gains: &mut [i64],
    count: usize,
    step: i64,
    stop: &Stop,
) -> Result<Vec<Round>, Error> {
    let picks = if let (Some(mut narrow), Ok(step)) = (narrow(gains, count, step), step.try_into())
    {
        let picks = reduce::vectorised!(rounds::<i32>(matrix, &mut narrow, count, step, stop))?;
        for (gain, narrow) in gains.iter_mut().zip(narrow) {
            *gain = widen(narrow);
        }
        let wide = |(row, gain)| (row, i64::from(gain));
        picks.into_iter().map(wide).collect()
    } else {
        reduce::vectorised!(rounds::<i64>(matrix, gains, count, step, stop))?
    };
    let round = |(row, gain)| Round {
        row: first + row,
        gain,
    };
    Ok(picks.into_iter().map(round).collect())
}

/// An integer that gains are computed in.
trait Gain: Copy + Ord + AddAssign + Mul<Output = Self> + From<u16> {
    /// Added to the gain of a row that takes no part.
    const MASK: Self;
}

impl Gain for i64 {
    const MASK: Self = MASK;
}

impl Gain for i32 {
    const MASK: Self = -(1 << 30);
}

/// No gain comes so far from 0 where 32 bits are used, so that masked ones are told apart.
const NARROW: i64 = 1 << 29;

/// The gains in 32 bits, if all that come up in so many rounds stay below [`NARROW`].
fn narrow(gains: &[i64], count: usize, step: i64) -> Option<Vec<i32>> {
    let unmasked = |gain: i64| if is_masked(gain) { gain - MASK } else { gain };
    let largest = gains
        .iter()
        .map(|&gain| unmasked(gain).unsigned_abs())
        .max();
    let change = (count as u64).checked_mul(step.unsigned_abs().checked_mul(0xffff)?)?;
    if largest?.checked_add(change)? >= NARROW as u64 {
        return None;
    }
    let narrow = |&gain: &i64| unmasked(gain) as i32 + if is_masked(gain) { i32::MASK } else { 0 };
    Some(gains.iter().map(narrow).collect())
}

fn widen(gain: i32) -> i64 {
    if i64::from(gain) < -NARROW {
        i64::from(gain - i32::MASK) + MASK
    } else {
        i64::from(gain)
    }
}

/// The rows picked, and their gains.
#[inline(always)]
fn rounds<T: Gain>(
    matrix: &Matrix,
    gains: &mut [T],
    count: usize,
    step: T,
    stop: &Stop,
) -> Result<Vec<(usize, T)>, Error> {
    let mut largest = gains.iter().copied().max().unwrap_or(T::MASK);
    let mut rounds = Vec::with_capacity(count);
    for _ in 0..count {
        stop.check()?;
        let pick = gains
            .iter()
            .position(|&gain| gain == largest)
            .expect("as many rows as rounds");
        rounds.push((pick, largest));
        gains[pick] += T::MASK;
        largest = add(gains, matrix.row(pick), step);
    }
    Ok(rounds)
}

/// `gains += step * similarities`; gives the largest that is then there.
#[inline(always)]
fn add<T: Gain>(gains: &mut [T], similarities: &[u16], step: T) -> T {
    let mut largest = gains[0];
    largest += step * T::from(similarities[0]);
    for (gain, &similarity) in gains.iter_mut().zip(similarities) {
        *gain += step * T::from(similarity);
        largest = largest.max(*gain);
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrow_gains_are_the_same_gains() {
        let gains = [0, 5, -7, MASK, MASK + 9, MASK - 9, NARROW - 1 - 2 * 0xffff];
        let narrow = narrow(&gains, 1, -2).unwrap();
        let widened: Vec<i64> = narrow.iter().map(|&gain| widen(gain)).collect();
        assert_eq!(widened, gains);
        assert!(super::narrow(&gains, 2, -2).is_none());
        assert!(super::narrow(&gains, 1, 3).is_none());
        assert!(super::narrow(&gains, 1, i64::MIN).is_none());
        assert!(super::narrow(&[MASK - NARROW], 0, 1).is_none());
    }
}
