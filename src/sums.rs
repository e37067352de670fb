//! Sums in f64 in one fixed order, so that a row gives the same bits wherever it stands and on
//! every machine. Sixteen partial sums keep the loops at the speed of memory.

const LANES: usize = 16;

/// Σ term(xⱼ).
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
pub(crate) fn abs(x: &[f32]) -> f64 {
    sum(x, f64::abs)
}

/// Σxⱼ².
pub(crate) fn squares(x: &[f32]) -> f64 {
    sum(x, |v| v * v)
}

/// max|xⱼ|.
pub(crate) fn max_abs(x: &[f32]) -> f32 {
    x.iter().fold(0.0, |largest, v| v.abs().max(largest))
}

/// ⟨a, b⟩.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0f64; LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += a * b;
    }
    sums.iter().sum()
}

/// `y -= c * x`.
pub(crate) fn subtract(y: &mut [f64], c: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y -= c * x;
    }
}
