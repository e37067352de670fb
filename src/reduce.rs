//! Sums in f64 in one fixed order, so that a row gives the same bits wherever it stands and on
//! every machine: sixteen partial sums, and no fused multiply-add, however wide the vectors are.

use crate::lp::Lp;
use std::iter::Sum;
use std::ops::AddAssign;

/// Evaluates an expression compiled for the widest vectors that this processor has. What is to
/// profit must be inlined into it, hence the `inline(always)` at what is called here, and at the
/// closure: compilers like to leave it outside of the function that has the vectors. It consumes a
/// [`Once`], because one that could be called again would be called through a function between.
macro_rules! vectorised {
    ($work:expr) => {{
        let once = $crate::reduce::Once;
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                let _consumed = once;
                $work
            },
        )
    }};
}
pub(crate) use vectorised;

/// What is not to be had twice.
pub(crate) struct Once;

const LANES: usize = 16;

/// Σ term(xⱼ).
#[inline(always)]
fn sum(x: &[f32], term: impl Fn(f64) -> f64) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (blocks, rest) = x.as_chunks::<LANES>();
    for block in blocks {
        for (sum, &v) in sums.iter_mut().zip(block) {
            *sum += term(f64::from(v));
        }
    }
    for (sum, &v) in sums.iter_mut().zip(rest) {
        *sum += term(f64::from(v));
    }
    sums.iter().sum()
}

/// Σ|xⱼ|.
#[inline(always)]
pub(crate) fn abs(x: &[f32]) -> f64 {
    sum(x, f64::abs)
}

/// Σxⱼ².
#[inline(always)]
pub(crate) fn squares(x: &[f32]) -> f64 {
    sum(x, |v| v * v)
}

/// max|xⱼ|.
#[inline(always)]
pub(crate) fn max_abs(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |largest, v| v.abs().max(largest))
}

/// ‖x‖ₚ.
#[inline(always)]
pub(crate) fn norm(norm: Lp, x: &[f32]) -> f64 {
    match norm {
        Lp::L1 => abs(x),
        Lp::L2 => squares(x).sqrt(),
        Lp::LInf => f64::from(max_abs(x)),
    }
}

/// ⟨a, b⟩.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    sum_of_pairs(a, b, |a, b| a * b)
}

/// ⟨scale·a, b⟩ in f32.
#[inline(always)]
pub(crate) fn dot_scaled(a: &[f32], scale: f32, b: &[f32]) -> f32 {
    let mut sums = lanes_of_pairs(a, b, |a, b| (a * scale) * b);
    // By halves: one after the other they would take longer than the products.
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

/// ‖a − b‖².
#[inline(always)]
pub(crate) fn distance_sq(a: &[f64], b: &[f64]) -> f64 {
    sum_of_pairs(a, b, |a, b| (a - b) * (a - b))
}

/// Σ term(aⱼ, bⱼ).
#[inline(always)]
fn sum_of_pairs<T: Copy + Default + AddAssign + Sum>(
    a: &[T],
    b: &[T],
    term: impl Fn(T, T) -> T,
) -> T {
    lanes_of_pairs(a, b, term).into_iter().sum()
}

/// The same, every [`LANES`]-th by itself.
#[inline(always)]
fn lanes_of_pairs<T: Copy + Default + AddAssign>(
    a: &[T],
    b: &[T],
    term: impl Fn(T, T) -> T,
) -> [T; LANES] {
    let mut sums = [T::default(); LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += term(*a, *b);
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += term(*a, *b);
    }
    sums
}

/// A row over its length and less a centre, in f64; then rounded.
#[inline(always)]
pub(crate) fn about_centre(x: &[f32], length: f64, centre: &[f64], to: &mut [f32]) {
    let over = 1.0 / length;
    for ((to, &x), centre) in to.iter_mut().zip(x).zip(centre) {
        *to = (f64::from(x) * over - centre) as f32;
    }
}

/// The square of the same before it is rounded.
#[inline(always)]
pub(crate) fn about_centre_sq(x: &[f32], length: f64, centre: &[f64]) -> f64 {
    let over = 1.0 / length;
    let square = |x: f32, centre: f64| {
        let off = f64::from(x) * over - centre;
        off * off
    };
    let mut sums = [0.0; LANES];
    let (x, x_rest) = x.as_chunks::<LANES>();
    let (centre, centre_rest) = centre.as_chunks::<LANES>();
    for (x, centre) in x.iter().zip(centre) {
        for (sum, (&x, &centre)) in sums.iter_mut().zip(x.iter().zip(centre)) {
            *sum += square(x, centre);
        }
    }
    for (sum, (&x, &centre)) in sums.iter_mut().zip(x_rest.iter().zip(centre_rest)) {
        *sum += square(x, centre);
    }
    sums.into_iter().sum()
}

/// Fetches values that are needed next. Reads of many rows are under way at a time, as they are not
/// where each row is worked on before the next: those come from far and take longer than the work.
#[inline(always)]
pub(crate) fn fetch(x: &[f32]) {
    const VALUES_OF_LINE: usize = 16;
    let lines = x.iter().step_by(VALUES_OF_LINE);
    std::hint::black_box(lines.fold(0, |all, v| all ^ v.to_bits()));
}

/// `y -= c * x`.
#[inline(always)]
pub(crate) fn subtract(y: &mut [f64], c: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= c * x;
    }
}
