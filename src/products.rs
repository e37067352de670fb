//! Exact products of integer rows: the mirror of `shaders/integer_tile.wgsl` for the kernels that
//! end in one, and what the host reckons with between them.
//!
//! Sums of `i16` products in `i32` are exact (see [`IntegerRows`]), so any order and any vector
//! width give the same bits, and they run at more than twice the rate of the f64 GEMM that would
//! be exact too.

use crate::IntegerRows;

/// Rows and columns of a tile: two blocks of 512 values stay in a core's own cache.
pub(crate) const TILE: usize = 64;

/// The products of rows `a` with rows `b`, `a.len()` x `b.len()`, row-major, into the front of
/// `out`.
pub(crate) fn products(rows: &IntegerRows, a: &[usize], b: &[usize], out: &mut [i32]) {
    if a.is_empty() || b.is_empty() {
        return;
    }
    let tile = Tile { rows, a, b };
    #[cfg(target_arch = "x86_64")]
    if x86::avx512(&tile, out) || x86::avx2(&tile, out) {
        return;
    }
    tile.fill(out, plain);
}

/// The blocks of a tile.
struct Tile<'a> {
    rows: &'a IntegerRows,
    a: &'a [usize],
    b: &'a [usize],
}

impl Tile<'_> {
    /// `out[i, j] = <a_i, b_j>` by a function that sums `R` x `C` products in registers.
    #[inline(always)]
    fn fill<const R: usize, const C: usize>(
        &self,
        out: &mut [i32],
        sums: impl Fn([&[Chunk]; R], [&[Chunk]; C]) -> [[i32; C]; R],
    ) {
        let (height, width) = (self.a.len(), self.b.len());
        for i in (0..height).step_by(R) {
            // Past the edge the last row stands in; what it gives is not kept.
            let a = std::array::from_fn(|r| self.chunks(self.a[(i + r).min(height - 1)]));
            for j in (0..width).step_by(C) {
                let b = std::array::from_fn(|c| self.chunks(self.b[(j + c).min(width - 1)]));
                let sums = sums(a, b);
                for (r, sums) in sums.iter().enumerate().take(height - i) {
                    let out = &mut out[(i + r) * width + j..];
                    if j + C <= width {
                        out[..C].copy_from_slice(sums);
                    } else {
                        out[..width - j].copy_from_slice(&sums[..width - j]);
                    }
                }
            }
        }
    }

    #[inline(always)]
    fn chunks(&self, row: usize) -> &[Chunk] {
        self.rows.row(row).as_chunks().0
    }
}

/// As many values as rows are filled up to a multiple of.
type Chunk = [i16; IntegerRows::ALIGNMENT];

/// For every processor.
#[inline(always)]
fn plain(a: [&[Chunk]; 4], b: [&[Chunk]; 2]) -> [[i32; 2]; 4] {
    a.map(|a| b.map(|b| dot(a.as_flattened(), b.as_flattened())))
}

#[inline(always)]
fn dot(a: &[i16], b: &[i16]) -> i32 {
    let product = |(&a, &b): (&i16, &i16)| i32::from(a) * i32::from(b);
    a.iter().zip(b).map(product).sum()
}

/// For x86-64 with AVX2 or AVX-512, which multiply sixteen or thirty-two pairs and add neighbours
/// in one instruction. Compilers do not find it in the plain loops.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Chunk, Tile};
    use core::arch::x86_64::{__m256i, __m512i};
    use pulp::x86::{V3, V4};

    /// Fills a tile, if the processor has AVX2.
    pub(super) fn avx2(tile: &Tile<'_>, out: &mut [i32]) -> bool {
        let Some(simd) = V3::try_new() else {
            return false;
        };
        pulp::Simd::vectorize(simd, Avx2 { simd, tile, out });
        true
    }

    /// Fills a tile, if the processor has AVX-512.
    pub(super) fn avx512(tile: &Tile<'_>, out: &mut [i32]) -> bool {
        let Some(simd) = V4::try_new() else {
            return false;
        };
        pulp::Simd::vectorize(simd, Avx512 { simd, tile, out });
        true
    }

    struct Avx2<'a> {
        simd: V3,
        tile: &'a Tile<'a>,
        out: &'a mut [i32],
    }

    impl pulp::WithSimd for Avx2<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self { simd, tile, out } = self;
            tile.fill(out, |a, b| by_sixteen(simd, a, b));
        }
    }

    struct Avx512<'a> {
        simd: V4,
        tile: &'a Tile<'a>,
        out: &'a mut [i32],
    }

    impl pulp::WithSimd for Avx512<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self { simd, tile, out } = self;
            tile.fill(out, |a, b| by_thirty_two(simd, a, b));
        }
    }

    #[inline(always)]
    fn by_sixteen(simd: V3, a: [&[Chunk]; 2], b: [&[Chunk]; 4]) -> [[i32; 4]; 2] {
        let chunks = a[0].len();
        let (a, b) = (a.map(|a| &a[..chunks]), b.map(|b| &b[..chunks]));
        let mut sums = [[simd.avx._mm256_setzero_si256(); 4]; 2];
        for k in 0..chunks {
            let a: [__m256i; 2] = std::array::from_fn(|r| pulp::cast(a[r][k]));
            for (c, b) in b.iter().enumerate() {
                let b: __m256i = pulp::cast(b[k]);
                for (sums, a) in sums.iter_mut().zip(a) {
                    let pairs = simd.avx2._mm256_madd_epi16(a, b);
                    sums[c] = simd.avx2._mm256_add_epi32(sums[c], pairs);
                }
            }
        }
        [totals(simd, sums[0]), totals(simd, sums[1])]
    }

    #[inline(always)]
    fn by_thirty_two(simd: V4, a: [&[Chunk]; 4], b: [&[Chunk]; 4]) -> [[i32; 4]; 4] {
        let chunks = a[0].len();
        let (a, b) = (a.map(|a| &a[..chunks]), b.map(|b| &b[..chunks]));
        let (a, a_rest) = (
            a.map(|a| a.as_chunks::<2>().0),
            a.map(|a| &a[chunks & !1..]),
        );
        let (b, b_rest) = (
            b.map(|b| b.as_chunks::<2>().0),
            b.map(|b| &b[chunks & !1..]),
        );
        let mut sums = [[simd.avx512f._mm512_setzero_si512(); 4]; 4];
        for k in 0..chunks / 2 {
            let a = std::array::from_fn(|r| pulp::cast(a[r][k]));
            let b = std::array::from_fn(|c| pulp::cast(b[c][k]));
            add_products(simd, &mut sums, a, b);
        }
        if chunks % 2 == 1 {
            let filled_up = |rest: &[Chunk]| pulp::cast([rest[0], [0; 16]]);
            add_products(
                simd,
                &mut sums,
                a_rest.map(filled_up),
                b_rest.map(filled_up),
            );
        }
        let mut out = [[0; 4]; 4];
        for (out, sums) in out.iter_mut().zip(sums) {
            let mut halves = [simd.avx._mm256_setzero_si256(); 4];
            for (half, sum) in halves.iter_mut().zip(sums) {
                let [low, high]: [__m256i; 2] = pulp::cast(sum);
                *half = simd.avx2._mm256_add_epi32(low, high);
            }
            *out = totals(*simd, halves);
        }
        out
    }

    #[inline(always)]
    fn add_products(simd: V4, sums: &mut [[__m512i; 4]; 4], a: [__m512i; 4], b: [__m512i; 4]) {
        for (sums, a) in sums.iter_mut().zip(a) {
            for (sum, b) in sums.iter_mut().zip(b) {
                let pairs = simd.avx512bw._mm512_madd_epi16(a, b);
                *sum = simd.avx512f._mm512_add_epi32(*sum, pairs);
            }
        }
    }

    /// The sum of each vector's eight numbers. No intrinsic stands in a closure that goes to the
    /// standard library, here or above: it would not be inlined.
    #[inline(always)]
    fn totals(simd: V3, [a, b, c, d]: [__m256i; 4]) -> [i32; 4] {
        let pairs = [
            simd.avx2._mm256_hadd_epi32(a, b),
            simd.avx2._mm256_hadd_epi32(c, d),
        ];
        let fours = simd.avx2._mm256_hadd_epi32(pairs[0], pairs[1]);
        let [low, high]: [[i32; 4]; 2] = pulp::cast(fours);
        std::array::from_fn(|at| low[at] + high[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at both ends of the range, at shapes around the register tile's: what every
    /// processor runs against what this one does, and both against the definition.
    #[test]
    fn every_road_is_exact() {
        for (height, width, dim) in [(1, 1, 1), (3, 5, 15), (4, 2, 16), (9, 7, 33), (64, 64, 100)] {
            let mut rows = IntegerRows::zeros(dim, vec![0, height + width]);
            let pitch = rows.pitch();
            let most = 32767 / (dim as f64).sqrt() as i64;
            for (i, row) in rows.values_mut().chunks_mut(pitch).enumerate() {
                for (j, value) in row[..dim].iter_mut().enumerate() {
                    *value = ((i * 7919 + j * 104_729) as i64 % (2 * most + 1) - most) as i16;
                }
            }
            let a: Vec<usize> = (0..height).collect();
            let b: Vec<usize> = (height..height + width).rev().collect();
            let product = |i: usize, j: usize| -> i64 {
                let pairs = rows.row(i).iter().zip(rows.row(j));
                pairs.map(|(&a, &b)| i64::from(a) * i64::from(b)).sum()
            };
            let mut want = Vec::new();
            for i in 0..height {
                want.extend(b.iter().map(|&j| product(i, j) as i32));
            }
            let tile = Tile {
                rows: &rows,
                a: &a,
                b: &b,
            };
            let mut got = vec![i32::MIN; height * width];
            tile.fill(&mut got, plain);
            assert_eq!(got, want, "plain, {height} x {width} x {dim}");
            #[cfg(target_arch = "x86_64")]
            for fill in [x86::avx2, x86::avx512] {
                let mut got = vec![i32::MIN; height * width];
                assert!(
                    !fill(&tile, &mut got) || got == want,
                    "{height} x {width} x {dim}"
                );
            }
            got.fill(i32::MIN);
            products(&rows, &a, &b, &mut got);
            assert_eq!(got, want, "{height} x {width} x {dim}");
        }
    }
}
