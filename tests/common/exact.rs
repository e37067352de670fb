//! Textbook definitions in `f64`. Slow, obvious, shares no code with `src`.

/// Σ|x|, Σx² and max|x| of a row.
pub fn norms(x: &[f32]) -> [f64; 3] {
    let x = x.iter().map(|&v| f64::from(v).abs());
    [
        x.clone().sum(),
        x.clone().map(|v| v * v).sum(),
        x.fold(0.0, f64::max),
    ]
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&v| f64::from(v)).collect()
}

/// `count` orthonormal vectors in `dim` dimensions, by Gram-Schmidt, done twice, on the rows of
/// `x`; rounded to `f32`.
pub fn orthonormal(x: &[f32], dim: usize, count: usize) -> Vec<f32> {
    let mut basis: Vec<Vec<f64>> = Vec::new();
    for row in x.chunks(dim).take(count) {
        let mut v = wide(row);
        for _ in 0..2 {
            v = residual(&v, &basis);
        }
        let length = dot(&v, &v).sqrt();
        basis.push(v.iter().map(|v| v / length).collect());
    }
    basis.iter().flatten().map(|&v| v as f32).collect()
}

/// x − Σ⟨x, qₘ⟩qₘ, one vector after the other.
pub fn residual(x: &[f64], basis: &[Vec<f64>]) -> Vec<f64> {
    let mut x = x.to_vec();
    for q in basis {
        let c = dot(&x, q);
        x.iter_mut().zip(q).for_each(|(x, q)| *x -= c * q);
    }
    x
}
