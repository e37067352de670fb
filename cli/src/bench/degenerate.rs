//! Pools on which arithmetic that is good for others fails: rows that are equal, or nearly, or all of
//! a few directions. A selector is to take no more than ten times as long over one of them as over an
//! ordinary pool.

use super::features::features;
use super::sizes::Shape;
use coresift::Error;
use coresift::bench::exponentials;
use std::f64::consts::TAU;

/// A pool by the name of what is odd about it.
#[derive(Clone, Debug)]
pub struct Degenerate {
    /// What is odd.
    pub name: &'static str,
    /// Rows and columns; columns may be fewer than asked for.
    pub shape: Shape,
    /// `rows` x `dim`, row-major.
    pub values: Vec<f32>,
}

/// Different rows of the pool that has few of them.
const DISTINCT: usize = 7;
/// Rows of the ball's pool that lie far from it.
const FAR: usize = 20;

/// The pools of about this shape; first an ordinary one, to compare with.
///
/// # Errors
///
/// [`Error::OutOfMemory`].
pub fn pools(shape: Shape) -> Result<Vec<Degenerate>, Error> {
    let Shape { rows, dim } = shape;
    let of = |name, dim, values| Degenerate {
        name,
        shape: Shape { rows, dim },
        values,
    };
    let spread = normal(0, rows * dim);
    let of_rank = |rank: usize| product(&normal(1, rows * rank), &normal(2, rank * dim), rank);
    let angles = exponentials(17, 3, rows);
    let angle = |row: usize| TAU * angles[row]; // wraps around: every direction comes up
    let circle: Vec<f32> = (0..rows)
        .flat_map(|row| [angle(row).cos() as f32, angle(row).sin() as f32])
        .collect();
    let distinct = |at: usize| spread[at / dim * 5 % DISTINCT * dim + at % dim];
    let ball = |at: usize| {
        let scale = if at < FAR * dim { 5.0 } else { 1e-3 };
        spread[at % dim] + scale * spread[at]
    };
    // One row in a hundred is that of another.
    let repeated = |at: usize| {
        let row = at / dim;
        let row = if row % 100 == 99 { row / 2 } else { row };
        spread[row * dim + at % dim]
    };
    let all = |value: &dyn Fn(usize) -> f32| (0..rows * dim).map(value).collect::<Vec<f32>>();
    Ok(vec![
        of("ordinary", dim, features(shape)?),
        of("equal rows", dim, vec![1.0; rows * dim]),
        of("7 distinct rows", dim, all(&distinct)),
        of("one column", 1, normal(4, rows)),
        of("two columns", 2, normal(5, 2 * rows)),
        of("rank 1", dim, of_rank(1)),
        of("rank 2", dim, of_rank(2)),
        of("circle", 2, circle),
        of("ball and far rows", dim, all(&ball)),
        of("1 % duplicates", dim, all(&repeated)),
    ])
}

/// Numbers of mean 0 whose squares have mean 1, near enough to normal.
fn normal(stream: u64, count: usize) -> Vec<f32> {
    let numbers = exponentials(17, stream, 4 * count);
    let four = numbers.as_chunks::<4>().0;
    four.iter()
        .map(|[a, b, c, d]| (0.5 * (a + b - c - d)) as f32 / 2f32.sqrt())
        .collect()
}

/// `a`, `rows` x `rank`, times `b`, `rank` x `dim`.
fn product(a: &[f32], b: &[f32], rank: usize) -> Vec<f32> {
    let dim = b.len() / rank;
    let of_row = |a: &[f32]| -> Vec<f32> {
        let value = |column: usize| {
            let terms = (0..rank).map(|k| f64::from(a[k]) * f64::from(b[k * dim + column]));
            terms.sum::<f64>() as f32
        };
        (0..dim).map(value).collect()
    };
    a.chunks_exact(rank).flat_map(of_row).collect()
}
