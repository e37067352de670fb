//! How many multiply-adds there are at best, of floats and of integers.

use super::{on_every_thread, seconds, vectorised};
use coresift::Error;
use coresift::bench::{Effort, Limit, Measured, long_enough, wrong};
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};

/// Chains that hide the latency of every unit, and fit sixteen registers.
pub(super) const CHAINS: usize = 12;
/// Multiply-adds of a chain: so many that f32 still counts them exactly.
pub(super) const LINKS: u32 = 40_000;
/// What the chains of integers are computed by.
const FACTOR: i16 = 24_693;
const TERM: i32 = 1_013_904_223;

/// Chains on every thread: `run` makes `of_call` multiply-adds and says whether their ends are
/// right.
fn multiply_adds(
    limit: Limit,
    effort: &Effort,
    of_call: u64,
    run: impl Fn() -> bool + Sync,
) -> Result<Measured, Error> {
    let right = AtomicBool::new(true);
    let (times, seconds) = long_enough(effort, 1 << 30, |times| {
        Ok(seconds(|| {
            on_every_thread(|| {
                for _ in 0..times {
                    if !run() {
                        right.store(false, Ordering::Relaxed);
                    }
                }
            });
        }))
    })?;
    if !right.into_inner() {
        return Err(wrong(limit));
    }
    let threads = rayon::current_num_threads() as f64;
    Ok((2.0 * threads * (times * of_call) as f64, seconds))
}

/// v ← v + 1 by a multiplication and an addition whose factor and term no compiler knows, in
/// vectors as wide as there are.
struct MultiplyAdds {
    factor: f32,
    term: f32,
}

impl pulp::WithSimd for MultiplyAdds {
    /// The sum of all numbers, and how many there are.
    type Output = (f32, usize);

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, simd: S) -> (f32, usize) {
        let factor = simd.splat_f32s(self.factor);
        let term = simd.splat_f32s(self.term);
        let mut chains = [simd.splat_f32s(0.0); CHAINS];
        for (start, chain) in chains.iter_mut().enumerate() {
            *chain = simd.splat_f32s(start as f32);
        }
        for _ in 0..LINKS {
            for chain in &mut chains {
                *chain = simd.mul_add_e_f32s(*chain, factor, term);
            }
        }
        let mut sum = chains[0];
        for chain in &chains[1..] {
            sum = simd.add_f32s(sum, *chain);
        }
        (simd.reduce_sum_f32s(sum), CHAINS * S::F32_LANES)
    }
}

pub(super) fn f32s(limit: Limit, effort: &Effort) -> Result<Measured, Error> {
    let (_, numbers) = counted();
    let ends = (0..CHAINS as u32).map(|start| start + LINKS).sum::<u32>();
    let want = ends as f32 * (numbers / CHAINS) as f32;
    let of_call = numbers as u64 * u64::from(LINKS);
    multiply_adds(limit, effort, of_call, || counted().0 == want)
}

/// The sum of all chains' ends, and how many chains there are.
fn counted() -> (f32, usize) {
    let (factor, term) = black_box((1.0, 1.0));
    pulp::Arch::new().dispatch(MultiplyAdds { factor, term })
}

/// Products of pairs of 16 bits and their sums of 32, as the integer tile has them, by the
/// instructions that `src/products/` uses: v ← (low half of v) factor + (high half of v) factor
/// + term. Two multiply-adds a link.
pub(super) fn integers(limit: Limit, effort: &Effort) -> Result<Measured, Error> {
    let (factor, term) = (FACTOR, TERM);
    let want: [i32; CHAINS] =
        std::array::from_fn(|start| (0..LINKS).fold(start as i32, |v, _| link(v, factor, term)));
    let (_, lanes) = chains(factor, term);
    let of_call = 2 * (lanes * CHAINS) as u64 * u64::from(LINKS);
    multiply_adds(limit, effort, of_call, || {
        let (factor, term) = black_box((factor, term));
        chains(factor, term).0 == want
    })
}

/// One link of a chain.
#[inline(always)]
fn link(v: i32, factor: i16, term: i32) -> i32 {
    let factor = i32::from(factor);
    let (low, high) = (i32::from(v as i16), v >> 16);
    (low * factor)
        .wrapping_add(high * factor)
        .wrapping_add(term)
}

/// The ends of the chains that begin at 0, 1, ..., and how many lanes each was computed in.
fn chains(factor: i16, term: i32) -> ([i32; CHAINS], usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(ends) = super::x86::avx512(factor, term).or_else(|| super::x86::avx2(factor, term))
    {
        return ends;
    }
    vectorised(|| plain(factor, term))
}

/// For every processor.
#[inline(always)]
fn plain(factor: i16, term: i32) -> ([i32; CHAINS], usize) {
    const LANES: usize = 8;
    let mut chains = [[0i32; LANES]; CHAINS];
    for (start, chain) in chains.iter_mut().enumerate() {
        *chain = [start as i32; LANES];
    }
    for _ in 0..LINKS {
        for chain in &mut chains {
            for v in chain {
                *v = link(*v, factor, term);
            }
        }
    }
    (chains.map(|chain| chain[0]), LANES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_end_where_they_must() {
        let want = |start| (0..LINKS).fold(start, |v, _| link(v, FACTOR, TERM));
        let want: [i32; CHAINS] = std::array::from_fn(|start| want(start as i32));
        assert_eq!(plain(FACTOR, TERM).0, want);
        assert_eq!(chains(FACTOR, TERM).0, want);
    }

    /// Every sum of the counting chains is an integer that f32 holds.
    #[test]
    fn chains_count_exactly() {
        let (sum, numbers) = counted();
        let lanes = numbers / CHAINS;
        let want = lanes
            * (0..CHAINS)
                .map(|start| start + LINKS as usize)
                .sum::<usize>();
        assert!(want < 1 << 24, "{want}");
        assert_eq!(sum as usize, want);
    }
}
