//! For x86-64 with AVX2 or AVX-512, which multiply cells and add each cell's products, or floats to a
//! sum, in one instruction. Compilers do not find it in the plain loops. No intrinsic stands in a
//! closure that goes to the standard library: it would not be inlined.

use super::tile::{Arithmetic, Cell, Group, LANES, Tile};
use core::arch::x86_64::{__m256i, __m512i};
use pulp::x86::{V3, V4};

pulp::simd_type! {
    /// With VNNI, which adds products of 16 bits to a sum in the same instruction: compilers make one of
    /// the two where they may.
    struct Vnni {
        avx512f: "avx512f",
        avx512bw: "avx512bw",
        avx512cd: "avx512cd",
        avx512dq: "avx512dq",
        avx512vl: "avx512vl",
        avx512vnni: "avx512vnni",
    }
}

/// Fills a tile, unless the processor lacks what this takes.
pub(super) type Fill<P> = fn(&Tile<'_>, &mut [P]) -> bool;

/// Products of values of 16 bits, the best first.
pub(super) const WORDS: [Fill<i32>; 3] = [vnni::<Words>, avx512::<Words>, avx2::<Words>];

/// Products of values of 8 bits, those of the rows without sign, modulo 2^16; no two of them that
/// stand together may add up to more than `i16` holds. The best first.
pub(super) const BYTES: [Fill<i16>; 2] = [avx512::<Bytes>, avx2::<Bytes>];

/// Products of floats, the best first.
pub(super) const FLOATS: [Fill<f32>; 2] = [avx512::<Floats>, avx2::<Floats>];

fn vnni<K: Kind>(tile: &Tile<'_>, out: &mut [K::Product]) -> bool {
    with_vnni(|simd| Avx512(tile, out, Products(simd, K::default()))).is_some()
}

fn avx512<K: Kind>(tile: &Tile<'_>, out: &mut [K::Product]) -> bool {
    run(V4::try_new(), |simd| {
        Avx512(tile, out, Products(simd, K::default()))
    })
}

fn avx2<K: Kind>(tile: &Tile<'_>, out: &mut [K::Product]) -> bool {
    run(V3::try_new(), |simd| {
        Avx2(tile, out, Products(simd, K::default()))
    })
}

/// Runs what is for AVX-512, compiled for VNNI besides, if the processor has both.
pub fn with_vnni<W: pulp::WithSimd>(work: impl FnOnce(V4) -> W) -> Option<W::Output> {
    let (vnni, simd) = Vnni::try_new().zip(V4::try_new())?;
    let work = work(simd);
    Some(vnni.vectorize(
        #[inline(always)]
        || work.with_simd(simd),
    ))
}

fn run<S: pulp::Simd, W: pulp::WithSimd<Output = ()>>(
    simd: Option<S>,
    work: impl FnOnce(S) -> W,
) -> bool {
    simd.map(|simd| simd.vectorize(work(simd))).is_some()
}

struct Avx2<'a, A: Arithmetic>(&'a Tile<'a>, &'a mut [A::Product], A);

impl<A: Arithmetic> pulp::WithSimd for Avx2<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.0.fill::<_, 4, 1>(self.2, self.1);
    }
}

struct Avx512<'a, A: Arithmetic>(&'a Tile<'a>, &'a mut [A::Product], A);

impl<A: Arithmetic> pulp::WithSimd for Avx512<'_, A> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.0.fill::<_, 4, 4>(self.2, self.1);
    }
}

/// What both kinds of products are made of.
trait Lanes: Copy {
    /// 32 bits for every lane, whatever they stand for.
    type V: Copy;

    fn same(self, cell: Cell) -> Self::V;
    fn load(self, group: &Group) -> Self::V;
    fn store(self, v: Self::V, out: &mut [i32; LANES]);
    fn add_32(self, a: Self::V, b: Self::V) -> Self::V;
    fn add_16(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a[0] b[0] + a[1] b[1]`, of 16 bits, in 32.
    fn words(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a[0] b[0] + a[1] b[1]` and `a[2] b[2] + a[3] b[3]`, of 8 bits, in 16 each; `a` has no sign.
    fn bytes(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a b + sums`, of floats, rounded once.
    fn floats(self, sums: Self::V, a: Self::V, b: Self::V) -> Self::V;
    /// Stores the sum modulo 2^16 of each lane's two halves.
    fn store_folded(self, halves: Self::V, out: &mut [i16; LANES]);
}

/// Products of one kind, made of a processor's instructions.
#[derive(Clone, Copy)]
struct Products<L, K>(L, K);

/// What the two kinds of products differ in.
trait Kind: Copy + Default {
    type Product: Copy + Default;

    fn add_products<L: Lanes>(lanes: L, sums: L::V, a: L::V, b: L::V) -> L::V;
    fn store<L: Lanes>(lanes: L, sums: L::V, out: &mut [Self::Product; LANES]);
}

/// Of values of 16 bits.
#[derive(Clone, Copy, Default)]
struct Words;

impl Kind for Words {
    type Product = i32;

    #[inline(always)]
    fn add_products<L: Lanes>(lanes: L, sums: L::V, a: L::V, b: L::V) -> L::V {
        lanes.add_32(sums, lanes.words(a, b))
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, sums: L::V, out: &mut [i32; LANES]) {
        lanes.store(sums, out);
    }
}

/// Of values of 8 bits.
#[derive(Clone, Copy, Default)]
struct Bytes;

impl Kind for Bytes {
    type Product = i16;

    #[inline(always)]
    fn add_products<L: Lanes>(lanes: L, sums: L::V, a: L::V, b: L::V) -> L::V {
        lanes.add_16(sums, lanes.bytes(a, b))
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, sums: L::V, out: &mut [i16; LANES]) {
        lanes.store_folded(sums, out);
    }
}

/// Of floats.
#[derive(Clone, Copy, Default)]
struct Floats;

impl Kind for Floats {
    type Product = f32;

    #[inline(always)]
    fn add_products<L: Lanes>(lanes: L, sums: L::V, a: L::V, b: L::V) -> L::V {
        lanes.floats(sums, a, b)
    }

    #[inline(always)]
    fn store<L: Lanes>(lanes: L, sums: L::V, out: &mut [f32; LANES]) {
        lanes.store(sums, bytemuck::cast_mut(out));
    }
}

impl<L: Lanes, K: Kind> Arithmetic for Products<L, K> {
    type Cells = L::V;
    type Sums = L::V;
    type Product = K::Product;

    #[inline(always)]
    fn same(self, cell: Cell) -> L::V {
        self.0.same(cell)
    }

    #[inline(always)]
    fn load(self, group: &Group) -> L::V {
        self.0.load(group)
    }

    #[inline(always)]
    fn begin(self, starts: &[i32; LANES]) -> L::V {
        self.0.load(&Group(pulp::cast(*starts)))
    }

    #[inline(always)]
    fn add_products(self, sums: L::V, a: L::V, b: L::V) -> L::V {
        K::add_products(self.0, sums, a, b)
    }

    #[inline(always)]
    fn store(self, sums: L::V, out: &mut [K::Product; LANES]) {
        K::store(self.0, sums, out);
    }
}

impl Lanes for V3 {
    type V = [__m256i; 2];

    #[inline(always)]
    fn same(self, cell: Cell) -> Self::V {
        [self.avx._mm256_set1_epi32(pulp::cast(cell)); 2]
    }

    #[inline(always)]
    fn load(self, group: &Group) -> Self::V {
        pulp::cast(group.0)
    }

    #[inline(always)]
    fn store(self, v: Self::V, out: &mut [i32; LANES]) {
        *out = pulp::cast(v);
    }

    #[inline(always)]
    fn add_32(self, a: Self::V, b: Self::V) -> Self::V {
        [
            self.avx2._mm256_add_epi32(a[0], b[0]),
            self.avx2._mm256_add_epi32(a[1], b[1]),
        ]
    }

    #[inline(always)]
    fn add_16(self, a: Self::V, b: Self::V) -> Self::V {
        [
            self.avx2._mm256_add_epi16(a[0], b[0]),
            self.avx2._mm256_add_epi16(a[1], b[1]),
        ]
    }

    #[inline(always)]
    fn words(self, a: Self::V, b: Self::V) -> Self::V {
        [
            self.avx2._mm256_madd_epi16(a[0], b[0]),
            self.avx2._mm256_madd_epi16(a[1], b[1]),
        ]
    }

    #[inline(always)]
    fn bytes(self, a: Self::V, b: Self::V) -> Self::V {
        [
            self.avx2._mm256_maddubs_epi16(a[0], b[0]),
            self.avx2._mm256_maddubs_epi16(a[1], b[1]),
        ]
    }

    #[inline(always)]
    fn floats(self, sums: Self::V, a: Self::V, b: Self::V) -> Self::V {
        let add = |at: usize| {
            let (a, b) = (pulp::cast(a[at]), pulp::cast(b[at]));
            pulp::cast(self.fma._mm256_fmadd_ps(a, b, pulp::cast(sums[at])))
        };
        [add(0), add(1)]
    }

    #[inline(always)]
    fn store_folded(self, [a, b]: Self::V, out: &mut [i16; LANES]) {
        let fold = |v| {
            let sum = self
                .avx2
                ._mm256_add_epi16(self.avx2._mm256_slli_epi32::<16>(v), v);
            self.avx2._mm256_srai_epi32::<16>(sum)
        };
        let packed = self.avx2._mm256_packs_epi32(fold(a), fold(b));
        *out = pulp::cast(self.avx2._mm256_permute4x64_epi64::<0b11_01_10_00>(packed));
    }
}

impl Lanes for V4 {
    type V = __m512i;

    #[inline(always)]
    fn same(self, cell: Cell) -> __m512i {
        self.avx512f._mm512_set1_epi32(pulp::cast(cell))
    }

    #[inline(always)]
    fn load(self, group: &Group) -> __m512i {
        pulp::cast(group.0)
    }

    #[inline(always)]
    fn store(self, v: __m512i, out: &mut [i32; LANES]) {
        *out = pulp::cast(v);
    }

    #[inline(always)]
    fn add_32(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512f._mm512_add_epi32(a, b)
    }

    #[inline(always)]
    fn add_16(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512bw._mm512_add_epi16(a, b)
    }

    #[inline(always)]
    fn words(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512bw._mm512_madd_epi16(a, b)
    }

    #[inline(always)]
    fn bytes(self, a: __m512i, b: __m512i) -> __m512i {
        self.avx512bw._mm512_maddubs_epi16(a, b)
    }

    #[inline(always)]
    fn floats(self, sums: __m512i, a: __m512i, b: __m512i) -> __m512i {
        let (a, b) = (pulp::cast(a), pulp::cast(b));
        pulp::cast(self.avx512f._mm512_fmadd_ps(a, b, pulp::cast(sums)))
    }

    #[inline(always)]
    fn store_folded(self, v: __m512i, out: &mut [i16; LANES]) {
        let sum = self
            .avx512bw
            ._mm512_add_epi16(self.avx512f._mm512_slli_epi32::<16>(v), v);
        let folded = self.avx512f._mm512_srai_epi32::<16>(sum);
        *out = pulp::cast(self.avx512f._mm512_cvtepi32_epi16(folded));
    }
}
