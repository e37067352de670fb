//! What the processor can do at best, for benchmarks: mirror of `shaders/ceiling_*.wgsl`.

use super::device::{self, Device, Record};
use super::measure::features;
use super::report::{Adapter, Ceiling, Timing};
use super::sizes::{Shape, Sizes};
use coresift::bench::{
    Effort, Limit, Measured, Number, Product, latency, long_enough, word, wrong,
};
use coresift::{CpuPool, Error, Features, Pool};
use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// Words that a thread sums at a time.
const PIECE: usize = 1 << 18;
/// Chains that hide the latency of every unit, and fit sixteen registers.
const CHAINS: usize = 12;
/// Multiply-adds of a chain: so many that f32 still counts them exactly.
const LINKS: u32 = 40_000;
/// Rows of which the GEMM crate's rate is told: far beyond the caches.
const MOST_ROWS: usize = 1 << 16;
/// What the chains of whole numbers are reckoned by.
const FACTOR: i16 = 24_693;
const TERM: i32 = 1_013_904_223;

/// The CPU pool as a device.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Device for Cpu {
    fn describe(&self) -> Adapter {
        Adapter {
            name: "cpu".to_owned(),
            backend: "cpu".to_owned(),
            kind: "cpu-pool".to_owned(),
            driver: vectors().to_owned(),
            threads: Some(rayon::current_num_threads()),
            limits: BTreeMap::new(),
            timing: Timing::WallClock,
            ceilings: Vec::new(),
            kernels: Vec::new(),
            selectors: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn pool<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(CpuPool::new(features)))
    }

    fn ceiling(&self, limit: Limit, sizes: &Sizes) -> Result<Option<Ceiling>, Error> {
        let effort = &sizes.effort();
        let measured = match limit {
            Limit::Copy => copies(effort)?,
            Limit::Read => reads(effort)?,
            Limit::MultiplyAdd(Number::F32) => f32s(limit, effort)?,
            Limit::MultiplyAdd(Number::I32) => integers(limit, effort)?,
            Limit::Dispatch => latency(effort, |times| {
                Ok(seconds(|| (0..times).for_each(|_| on_every_thread(|| {}))))
            })?,
            Limit::Gemm(product) => gemm(product, sizes)?,
            // No half precision; and nothing is moved anywhere.
            Limit::MultiplyAdd(Number::F16) | Limit::ReadBack | Limit::Upload => return Ok(None),
        };
        Ok(Some(device::ceiling(limit, measured)))
    }

    fn take_record(&self) -> Result<Option<Record>, Error> {
        Ok(None)
    }
}

/// The widest vectors that kernels use here.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::x86::{V3, V4};
        if V4::try_new().is_some() {
            return "x86_64, AVX-512";
        }
        if V3::try_new().is_some() {
            return "x86_64, AVX2";
        }
    }
    std::env::consts::ARCH
}

/// Compiles work for vectors as wide as there are.
fn vectorised<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}

fn seconds(run: impl FnOnce()) -> f64 {
    let began = Instant::now();
    run();
    began.elapsed().as_secs_f64()
}

fn on_every_thread(work: impl Fn() + Sync) {
    rayon::broadcast(|_| work());
}

fn words(effort: &Effort) -> Vec<u32> {
    let words = (0..(effort.buffer / 4) as u32).into_par_iter();
    words.map(word).collect()
}

fn copies(effort: &Effort) -> Result<Measured, Error> {
    let source = words(effort);
    let mut copied = vec![0u32; source.len()];
    let of_thread = source.len().div_ceil(rayon::current_num_threads()).max(1);
    let mut run = || {
        seconds(|| {
            (copied.par_chunks_mut(of_thread))
                .zip(source.par_chunks(of_thread))
                .for_each(|(to, from)| to.copy_from_slice(from));
            black_box(&mut copied);
        })
    };
    run();
    let seconds = (0..effort.samples).map(|_| run()).collect();
    if copied != source {
        return Err(wrong(Limit::Copy));
    }
    Ok((2.0 * size_of_val(&source[..]) as f64, seconds))
}

fn reads(effort: &Effort) -> Result<Measured, Error> {
    let source = words(effort);
    let want = (source.iter()).fold(0u32, |sum, &word| sum.wrapping_add(word));
    let of_piece = |words: &[u32]| vectorised(|| sum(words));
    let run = || {
        let mut total = 0;
        let seconds = seconds(|| {
            let sums = source.par_chunks(PIECE).map(of_piece);
            total = sums.reduce(|| 0, u32::wrapping_add);
        });
        if total == want {
            Ok(seconds)
        } else {
            Err(wrong(Limit::Read))
        }
    };
    run()?;
    let seconds: Result<_, _> = (0..effort.samples).map(|_| run()).collect();
    Ok((size_of_val(&source[..]) as f64, seconds?))
}

/// The sum modulo 2³².
#[inline(always)]
fn sum(words: &[u32]) -> u32 {
    let mut sums = [0u32; 64];
    let (blocks, rest) = words.as_chunks::<64>();
    for block in blocks {
        for (sum, &word) in sums.iter_mut().zip(block) {
            *sum = sum.wrapping_add(word);
        }
    }
    let mut total = 0u32;
    for &word in sums.iter().chain(rest) {
        total = total.wrapping_add(word);
    }
    total
}

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

fn f32s(limit: Limit, effort: &Effort) -> Result<Measured, Error> {
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
fn integers(limit: Limit, effort: &Effort) -> Result<Measured, Error> {
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

/// The ends of the chains that begin at 0, 1, ..., and how many lanes each was reckoned in.
fn chains(factor: i16, term: i32) -> ([i32; CHAINS], usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(ends) = x86::avx512(factor, term).or_else(|| x86::avx2(factor, term)) {
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

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{CHAINS, LINKS};
    use core::arch::x86_64::{__m256i, __m512i};
    use coresift::bench::with_vnni;
    use pulp::x86::{V3, V4};

    type Ends = ([i32; CHAINS], usize);

    /// If the processor has AVX2.
    pub(super) fn avx2(factor: i16, term: i32) -> Option<Ends> {
        let simd = V3::try_new()?;
        Some(pulp::Simd::vectorize(simd, Avx2 { simd, factor, term }))
    }

    /// If the processor has AVX-512.
    pub(super) fn avx512(factor: i16, term: i32) -> Option<Ends> {
        let chains = |simd| Avx512 { simd, factor, term };
        with_vnni(chains).or_else(|| {
            let simd = V4::try_new()?;
            Some(pulp::Simd::vectorize(simd, chains(simd)))
        })
    }

    struct Avx2 {
        simd: V3,
        factor: i16,
        term: i32,
    }

    impl pulp::WithSimd for Avx2 {
        type Output = Ends;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> Ends {
            let Self { simd, factor, term } = self;
            let factor: __m256i = pulp::cast([factor; 16]);
            let term: __m256i = pulp::cast([term; 8]);
            let mut chains = [term; CHAINS];
            for (start, chain) in chains.iter_mut().enumerate() {
                *chain = pulp::cast([start as i32; 8]);
            }
            for _ in 0..LINKS {
                for chain in &mut chains {
                    let pairs = simd.avx2._mm256_madd_epi16(*chain, factor);
                    *chain = simd.avx2._mm256_add_epi32(pairs, term);
                }
            }
            let mut ends = [0; CHAINS];
            for (end, chain) in ends.iter_mut().zip(chains) {
                *end = pulp::cast::<_, [i32; 8]>(chain)[0];
            }
            (ends, 8)
        }
    }

    struct Avx512 {
        simd: V4,
        factor: i16,
        term: i32,
    }

    impl pulp::WithSimd for Avx512 {
        type Output = Ends;

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) -> Ends {
            let Self { simd, factor, term } = self;
            let factor: __m512i = pulp::cast([factor; 32]);
            let term: __m512i = pulp::cast([term; 16]);
            let mut chains = [term; CHAINS];
            for (start, chain) in chains.iter_mut().enumerate() {
                *chain = pulp::cast([start as i32; 16]);
            }
            for _ in 0..LINKS {
                for chain in &mut chains {
                    let pairs = simd.avx512bw._mm512_madd_epi16(*chain, factor);
                    *chain = simd.avx512f._mm512_add_epi32(pairs, term);
                }
            }
            let mut ends = [0; CHAINS];
            for (end, chain) in ends.iter_mut().zip(chains) {
                *end = pulp::cast::<_, [i32; 16]>(chain)[0];
            }
            (ends, 16)
        }
    }
}

/// x · yᵀ by the GEMM crate, both row-major and as many rows and columns as a kernel has; every
/// thread has its share of the rows, which is faster here than the crate's own threads.
fn gemm(product: Product, sizes: &Sizes) -> Result<Measured, Error> {
    let ((rows, dim), others) = match product {
        Product::Deflate => ((sizes.rows.rows, sizes.rows.dim), sizes.block),
        Product::Refresh => ((sizes.rows.rows, sizes.rows.dim), sizes.basis),
        Product::Nearest => ((sizes.rows.rows, sizes.rows.dim), sizes.centres),
        Product::Closest => {
            let shape = sizes.products;
            ((shape.rows, shape.dim), shape.rows)
        }
    };
    let rows = rows.min(MOST_ROWS);
    let x = features(Shape {
        rows: rows.max(others),
        dim,
    })?;
    let y = &x[..others * dim];
    let mut products = vec![0.0f32; rows * others];
    let of_thread = rows.div_ceil(rayon::current_num_threads());
    let mut run = || {
        seconds(|| {
            (products.par_chunks_mut(of_thread * others))
                .zip(x.par_chunks(of_thread * dim))
                .for_each(|(products, x)| {
                    let rows = products.len() / others;
                    matmul(
                        MatMut::from_row_major_slice_mut(products, rows, others),
                        Accum::Replace,
                        MatRef::from_row_major_slice(&x[..rows * dim], rows, dim),
                        MatRef::from_row_major_slice(y, others, dim).transpose(),
                        1.0,
                        Par::Seq,
                    );
                });
        })
    };
    run();
    let seconds = (0..sizes.samples).map(|_| run()).collect();
    // The last row with the last of the others, of numbers in [0, 2).
    let pairs = x[(rows - 1) * dim..][..dim]
        .iter()
        .zip(&x[(others - 1) * dim..]);
    let want: f64 = pairs.map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    let got = f64::from(products[products.len() - 1]);
    if (got - want).abs()
        > f64::from(coresift::kernels::rounding::inner_error(dim)) * 4.0 * dim as f64
    {
        return Err(wrong(Limit::Gemm(product)));
    }
    Ok((2.0 * (rows * others) as f64 * dim as f64, seconds))
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

    /// Every sum of the counting chains is a whole number that f32 holds.
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
