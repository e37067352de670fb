//! Chains of integers in this processor's own instructions.

use super::multiply_adds::{CHAINS, LINKS};
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
