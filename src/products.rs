//! Exact products of integer rows: the mirror of `shaders/integer_tile.wgsl` for the kernels that
//! end in one, and what the host reckons with between them.
//!
//! Sums of `i16` products in `i32` are exact (see [`IntegerRows`]), so any order and any vector
//! width give the same bits, and they run at more than twice the rate of the f64 GEMM that would
//! be exact too.

use crate::IntegerRows;

/// Rows and columns of a tile: two blocks of 512 values stay in a core's own cache.
pub(crate) const TILE: usize = 64;

/// Rows and columns whose products are summed in registers.
const REGISTER_ROWS: usize = 4;
const REGISTER_COLUMNS: usize = 2;

type Sums = [[i32; REGISTER_COLUMNS]; REGISTER_ROWS];

/// The products of rows `a` with rows `b`, `a.len()` x `b.len()`, row-major, into the front of
/// `out`.
pub(crate) fn products(rows: &IntegerRows, a: &[usize], b: &[usize], out: &mut [i32]) {
    if a.is_empty() || b.is_empty() {
        return;
    }
    let tile = Tile { rows, a, b };
    #[cfg(target_arch = "x86_64")]
    if let Some(simd) = pulp::x86::V3::try_new() {
        return pulp::Simd::vectorize(simd, avx2::Products { simd, tile, out });
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
    /// `out[i, j] = <a_i, b_j>` by a function that has sixteen values of each row at a time.
    #[inline(always)]
    fn fill(
        &self,
        out: &mut [i32],
        sums: impl Fn([&[Chunk]; REGISTER_ROWS], [&[Chunk]; REGISTER_COLUMNS]) -> Sums,
    ) {
        let (height, width) = (self.a.len(), self.b.len());
        for i in (0..height).step_by(REGISTER_ROWS) {
            // Past the edge the last row stands in; what it gives is not kept.
            let a = std::array::from_fn(|r| self.chunks(self.a[(i + r).min(height - 1)]));
            for j in (0..width).step_by(REGISTER_COLUMNS) {
                let b = std::array::from_fn(|c| self.chunks(self.b[(j + c).min(width - 1)]));
                let sums = sums(a, b);
                for (r, sums) in sums.iter().enumerate().take(height - i) {
                    for (c, &sum) in sums.iter().enumerate().take(width - j) {
                        out[(i + r) * width + j + c] = sum;
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
fn plain(a: [&[Chunk]; REGISTER_ROWS], b: [&[Chunk]; REGISTER_COLUMNS]) -> Sums {
    a.map(|a| b.map(|b| dot(a.as_flattened(), b.as_flattened())))
}

#[inline(always)]
fn dot(a: &[i16], b: &[i16]) -> i32 {
    let product = |(&a, &b): (&i16, &i16)| i32::from(a) * i32::from(b);
    a.iter().zip(b).map(product).sum()
}

/// For x86-64 with AVX2, which multiplies sixteen pairs and adds neighbours in one instruction.
/// Compilers do not find it in the plain loops.
#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Chunk, REGISTER_COLUMNS, REGISTER_ROWS, Sums, Tile};
    use core::arch::x86_64::__m256i;
    use pulp::x86::V3;

    pub(super) struct Products<'a> {
        pub(super) simd: V3,
        pub(super) tile: Tile<'a>,
        pub(super) out: &'a mut [i32],
    }

    impl pulp::WithSimd for Products<'_> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: pulp::Simd>(self, _: S) {
            let Self { simd, tile, out } = self;
            tile.fill(out, |a, b| sums(simd, a, b));
        }
    }

    #[inline(always)]
    fn sums(simd: V3, a: [&[Chunk]; REGISTER_ROWS], b: [&[Chunk]; REGISTER_COLUMNS]) -> Sums {
        let chunks = a[0].len();
        let (a, b) = (a.map(|a| &a[..chunks]), b.map(|b| &b[..chunks]));
        let mut sums = [[simd.avx._mm256_setzero_si256(); REGISTER_COLUMNS]; REGISTER_ROWS];
        for k in 0..chunks {
            let b: [__m256i; REGISTER_COLUMNS] = std::array::from_fn(|c| pulp::cast(b[c][k]));
            for (sums, a) in sums.iter_mut().zip(a) {
                let a: __m256i = pulp::cast(a[k]);
                for (sum, b) in sums.iter_mut().zip(b) {
                    let pairs = simd.avx2._mm256_madd_epi16(a, b);
                    *sum = simd.avx2._mm256_add_epi32(*sum, pairs);
                }
            }
        }
        sums.map(|sums| sums.map(|sum| pulp::cast::<_, [i32; 8]>(sum).iter().sum()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at both ends of the range, at shapes around the register tile's: what every
    /// processor runs against what this one does, and both against the definition.
    #[test]
    fn both_roads_are_exact() {
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
            got.fill(i32::MIN);
            products(&rows, &a, &b, &mut got);
            assert_eq!(got, want, "{height} x {width} x {dim}");
        }
    }
}
