//! Exact products of integer rows: the mirror of `shaders/integer_tile.wgsl` for the kernels that
//! end in one, and what the host reckons with between them.
//!
//! Sums of `i16` products in `i32` are exact (see [`IntegerRows`]), so any order and any vector
//! width give the same bits, and they run at more than twice the rate of the f64 GEMM that would
//! be exact too.

use crate::IntegerRows;

/// Rows and columns of a tile: two blocks of 512 values stay in a core's own cache.
pub(crate) const TILE: usize = 64;

/// Columns whose values lie together, each in a lane of its own: so no sum is ever across lanes,
/// which would cost more than the products of a short row.
const LANES: usize = 16;

/// Two values of a row, whose products a processor multiplies and adds in one instruction.
type Pair = [i16; 2];

/// The same two values of [`LANES`] columns.
type Group = [Pair; LANES];

/// Some rows as the columns of products: whoever meets many rows packs them once.
#[derive(Default)]
pub(crate) struct Columns {
    /// Groups of columns x pairs of values; zeros past the last column.
    groups: Vec<Group>,
    len: usize,
    /// Pairs of a column.
    pairs: usize,
}

impl Columns {
    /// Packs some rows.
    pub(crate) fn of(rows: &IntegerRows, columns: &[usize]) -> Self {
        let mut new = Self::default();
        new.pack(rows, columns.iter().copied());
        new
    }

    /// Packs some rows in the place of those packed before.
    pub(crate) fn pack(
        &mut self,
        rows: &IntegerRows,
        columns: impl ExactSizeIterator<Item = usize>,
    ) {
        (self.len, self.pairs) = (columns.len(), rows.pitch() / 2);
        let groups = self.len.div_ceil(LANES) * self.pairs;
        if !self.len.is_multiple_of(LANES) || self.groups.len() != groups {
            self.groups.clear();
            self.groups.resize(groups, [[0; 2]; LANES]);
        }
        for (at, column) in columns.enumerate() {
            let (group, lane) = (at / LANES, at % LANES);
            let places = &mut self.groups[group * self.pairs..][..self.pairs];
            for (place, pair) in places.iter_mut().zip(pairs(rows, column)) {
                place[lane] = *pair;
            }
        }
    }

    /// Number of columns.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

fn pairs(rows: &IntegerRows, row: usize) -> &[Pair] {
    rows.row(row).as_chunks().0
}

/// The products of rows `a` with the columns, `a.len()` x `columns.len()`, row-major, into the
/// front of `out`.
pub(crate) fn products(rows: &IntegerRows, a: &[usize], columns: &Columns, out: &mut [i32]) {
    if a.is_empty() || columns.len == 0 {
        return;
    }
    let tile = Tile { rows, a, columns };
    #[cfg(target_arch = "x86_64")]
    if x86::avx512(&tile, out) || x86::avx2(&tile, out) {
        return;
    }
    tile.fill::<_, 4, 1>(Plain, out);
}

/// What a processor multiplies with, [`LANES`] columns at a time.
trait Arithmetic: Copy {
    /// A pair for every lane.
    type Pairs: Copy;
    /// An `i32` for every lane.
    type Sums: Copy;

    /// One pair for all lanes.
    fn same(self, pair: Pair) -> Self::Pairs;
    fn load(self, group: &Group) -> Self::Pairs;
    fn zeros(self) -> Self::Sums;
    /// `sums + a[0] b[0] + a[1] b[1]` in every lane.
    fn add_products(self, sums: Self::Sums, a: Self::Pairs, b: Self::Pairs) -> Self::Sums;
    fn store(self, sums: Self::Sums, out: &mut [i32; LANES]);
}

/// Rows, and the columns that they meet.
struct Tile<'a> {
    rows: &'a IntegerRows,
    a: &'a [usize],
    columns: &'a Columns,
}

impl Tile<'_> {
    /// All products, of `R` rows and `C` groups of columns at a time: their sums are in registers.
    #[inline(always)]
    fn fill<A: Arithmetic, const R: usize, const C: usize>(&self, arithmetic: A, out: &mut [i32]) {
        let Columns { groups, pairs, .. } = self.columns;
        let mut rest = groups.chunks_exact(C * pairs);
        let mut first = 0;
        for groups in &mut rest {
            self.fill_columns::<A, R, C>(arithmetic, groups, first, out);
            first += C * LANES;
        }
        for group in rest.remainder().chunks_exact(*pairs) {
            self.fill_columns::<A, R, 1>(arithmetic, group, first, out);
            first += LANES;
        }
    }

    /// The products with the groups of columns from `first` on.
    #[inline(always)]
    fn fill_columns<A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        groups: &[Group],
        first: usize,
        out: &mut [i32],
    ) {
        let width = self.columns.len;
        let mut runs = self.a.chunks_exact(R);
        let mut out = out.chunks_exact_mut(width);
        for run in &mut runs {
            let run: [usize; R] = std::array::from_fn(|r| run[r]);
            self.fill_rows::<A, R, C>(arithmetic, run, groups, first, &mut out);
        }
        for &row in runs.remainder() {
            self.fill_rows::<A, 1, C>(arithmetic, [row], groups, first, &mut out);
        }
    }

    #[inline(always)]
    fn fill_rows<'o, A: Arithmetic, const R: usize, const C: usize>(
        &self,
        arithmetic: A,
        run: [usize; R],
        groups: &[Group],
        first: usize,
        out: &mut impl Iterator<Item = &'o mut [i32]>,
    ) {
        let pairs = self.columns.pairs;
        let a: [&[Pair]; R] = std::array::from_fn(|r| &self::pairs(self.rows, run[r])[..pairs]);
        let b: [&[Group]; C] = std::array::from_fn(|c| &groups[c * pairs..][..pairs]);
        let sums = sums_of(arithmetic, a, b);
        for (sums, out) in sums.iter().zip(out) {
            let out = out[first..].chunks_mut(LANES);
            for (&sums, out) in sums.iter().zip(out) {
                match out.as_mut_array() {
                    Some(out) => arithmetic.store(sums, out),
                    None => {
                        let mut all = [0; LANES];
                        arithmetic.store(sums, &mut all);
                        out.copy_from_slice(&all[..out.len()]);
                    }
                }
            }
        }
    }
}

#[inline(always)]
fn sums_of<A: Arithmetic, const R: usize, const C: usize>(
    arithmetic: A,
    a: [&[Pair]; R],
    b: [&[Group]; C],
) -> [[A::Sums; C]; R] {
    let mut sums = [[arithmetic.zeros(); C]; R];
    for k in 0..b[0].len() {
        let mut columns = [arithmetic.same([0; 2]); C];
        for (columns, b) in columns.iter_mut().zip(b) {
            *columns = arithmetic.load(&b[k]);
        }
        for (sums, a) in sums.iter_mut().zip(a) {
            let a = arithmetic.same(a[k]);
            for (sums, columns) in sums.iter_mut().zip(columns) {
                *sums = arithmetic.add_products(*sums, a, columns);
            }
        }
    }
    sums
}

/// For every processor.
#[derive(Clone, Copy)]
struct Plain;

impl Arithmetic for Plain {
    type Pairs = Group;
    type Sums = [i32; LANES];

    #[inline(always)]
    fn same(self, pair: Pair) -> Group {
        [pair; LANES]
    }

    #[inline(always)]
    fn load(self, group: &Group) -> Group {
        *group
    }

    #[inline(always)]
    fn zeros(self) -> Self::Sums {
        [0; LANES]
    }

    #[inline(always)]
    fn add_products(self, mut sums: Self::Sums, a: Group, b: Group) -> Self::Sums {
        for (sum, (a, b)) in sums.iter_mut().zip(a.into_iter().zip(b)) {
            *sum += i32::from(a[0]) * i32::from(b[0]) + i32::from(a[1]) * i32::from(b[1]);
        }
        sums
    }

    #[inline(always)]
    fn store(self, sums: Self::Sums, out: &mut [i32; LANES]) {
        *out = sums;
    }
}

/// For x86-64 with AVX2 or AVX-512, which multiply eight or sixteen pairs and add each pair's
/// products in one instruction. Compilers do not find it in the plain loops. No intrinsic stands in
/// a closure that goes to the standard library: it would not be inlined.
#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Arithmetic, Group, LANES, Pair, Tile};
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
            self.tile.fill::<_, 4, 1>(self.simd, self.out);
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
            self.tile.fill::<_, 4, 4>(self.simd, self.out);
        }
    }

    impl Arithmetic for V3 {
        type Pairs = [__m256i; 2];
        type Sums = [__m256i; 2];

        #[inline(always)]
        fn same(self, pair: Pair) -> Self::Pairs {
            [self.avx._mm256_set1_epi32(pulp::cast(pair)); 2]
        }

        #[inline(always)]
        fn load(self, group: &Group) -> Self::Pairs {
            pulp::cast(*group)
        }

        #[inline(always)]
        fn zeros(self) -> Self::Sums {
            [self.avx._mm256_setzero_si256(); 2]
        }

        #[inline(always)]
        fn add_products(self, sums: Self::Sums, a: Self::Pairs, b: Self::Pairs) -> Self::Sums {
            let low = self.avx2._mm256_madd_epi16(a[0], b[0]);
            let high = self.avx2._mm256_madd_epi16(a[1], b[1]);
            [
                self.avx2._mm256_add_epi32(sums[0], low),
                self.avx2._mm256_add_epi32(sums[1], high),
            ]
        }

        #[inline(always)]
        fn store(self, sums: Self::Sums, out: &mut [i32; LANES]) {
            *out = pulp::cast(sums);
        }
    }

    impl Arithmetic for V4 {
        type Pairs = __m512i;
        type Sums = __m512i;

        #[inline(always)]
        fn same(self, pair: Pair) -> __m512i {
            self.avx512f._mm512_set1_epi32(pulp::cast(pair))
        }

        #[inline(always)]
        fn load(self, group: &Group) -> __m512i {
            pulp::cast(*group)
        }

        #[inline(always)]
        fn zeros(self) -> __m512i {
            self.avx512f._mm512_setzero_si512()
        }

        #[inline(always)]
        fn add_products(self, sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
            let products = self.avx512bw._mm512_madd_epi16(a, b);
            self.avx512f._mm512_add_epi32(sums, products)
        }

        #[inline(always)]
        fn store(self, sums: __m512i, out: &mut [i32; LANES]) {
            *out = pulp::cast(sums);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values at both ends of the range, at shapes around the register tile's: what every
    /// processor runs against what this one does, and both against the definition.
    #[test]
    fn every_road_is_exact() {
        let shapes = [
            (1, 1, 1),
            (3, 5, 15),
            (4, 16, 16),
            (9, 70, 33),
            (64, 64, 100),
            (5, 131, 64),
        ];
        let mut columns = Columns::default();
        for (height, width, dim) in shapes {
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
            columns.pack(&rows, b.iter().copied());
            let tile = Tile {
                rows: &rows,
                a: &a,
                columns: &columns,
            };
            let mut got = vec![i32::MIN; height * width];
            tile.fill::<_, 4, 1>(Plain, &mut got);
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
            products(&rows, &a, &Columns::of(&rows, &b), &mut got);
            assert_eq!(got, want, "{height} x {width} x {dim}");
        }
    }
}
