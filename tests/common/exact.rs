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

/// The similarities of integer rows, 0 between classes: products without a threshold, else
/// what is above it, over 2^14 and rounded half up, at most 65 535. `ends` is a class's last row
/// and one, class after class.
pub fn similarities(rows: &[Vec<i64>], ends: &[usize], threshold: Option<i64>) -> Vec<Vec<i64>> {
    let class = |row: usize| ends.iter().position(|&end| row < end);
    let similarity = |i: usize, j: usize| {
        if class(i) != class(j) {
            return 0;
        }
        let product: i64 = rows[i].iter().zip(&rows[j]).map(|(a, b)| a * b).sum();
        match threshold {
            None => product,
            Some(threshold) if product > threshold => {
                ((product as f64 / 16384.0 + 0.5).floor() as i64).min(65_535)
            }
            Some(_) => 0,
        }
    };
    (0..rows.len())
        .map(|i| (0..rows.len()).map(|j| similarity(i, j)).collect())
        .collect()
}

/// Picks, with their gains, of `count` greedy rounds among some rows; `gains` are of all rows.
pub fn greedy_rounds(
    similarities: &[Vec<i64>],
    rows: std::ops::Range<usize>,
    gains: &mut [i64],
    count: usize,
    step: i64,
) -> Vec<(usize, i64)> {
    let mut rounds = Vec::new();
    for _ in 0..count {
        let mut pick = rows.start;
        for row in rows.clone() {
            if gains[row] > gains[pick] {
                pick = row;
            }
        }
        rounds.push((pick, gains[pick]));
        for row in rows.clone() {
            gains[row] += step * similarities[pick][row];
        }
        gains[pick] -= 1 << 62;
    }
    rounds
}
