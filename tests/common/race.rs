//! Algorithm 1 by the definition, a pass a pick, in f64; shares no code with `src`.

use super::span::Span;
use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};

/// Numbers 0 to `rows` of a stream.
pub fn exponentials(seed: u64, stream: u64, rows: usize) -> Vec<f64> {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    let mut next = || ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    (0..rows).map(|_| -(-next()).ln_1p()).collect()
}

/// Picks and epoch starts, restarting past the rank.
pub fn gram_schmidt(
    x: &[f32],
    dim: usize,
    budget: usize,
    seed: u64,
    power: f64,
) -> (Vec<usize>, Vec<usize>) {
    let numbers = |epoch: u64| exponentials(seed, epoch, x.len() / dim);
    gram_schmidt_by(x, dim, budget, power, &[], numbers)
}

/// The same by given numbers of each epoch, after rows that are labelled.
pub fn gram_schmidt_by(
    x: &[f32],
    dim: usize,
    budget: usize,
    power: f64,
    labelled: &[usize],
    numbers: impl Fn(u64) -> Vec<f64>,
) -> (Vec<usize>, Vec<usize>) {
    let rows = x.len() / dim;
    let tol = 8.0 * (dim as f64).sqrt() / (1u64 << 24) as f64;
    let unprojected = Span::new(x, dim);
    let lengths: Vec<f64> = (0..rows).map(|row| unprojected.norm(row)).collect();
    let (mut picks, mut epochs) = (Vec::new(), vec![0]);
    let mut picked = vec![false; rows];
    let mut span = Span::new(x, dim);
    for &row in labelled {
        picked[row] = true;
        if span.norm(row) > tol * lengths[row] {
            span.project_out(row);
        }
    }
    let mut left = numbers(0);
    while picks.len() < budget {
        let norms: Vec<f64> = (0..rows).map(|row| span.norm(row)).collect();
        let live = |row: usize| !picked[row] && norms[row] > tol * lengths[row];
        let wait = |row: usize| left[row] / norms[row].powf(power);
        let next = (0..rows)
            .filter(|&row| live(row))
            .min_by(|&a, &b| wait(a).total_cmp(&wait(b)));
        let Some(next) = next else {
            if !(0..rows).any(|row| !picked[row] && lengths[row] > 0.0) {
                break;
            }
            epochs.push(picks.len());
            span = Span::new(x, dim);
            left = numbers(epochs.len() as u64 - 1);
            continue;
        };
        let dt = wait(next);
        for row in (0..rows).filter(|&row| live(row)) {
            left[row] -= dt * norms[row].powf(power);
        }
        picked[next] = true;
        picks.push(next);
        span.project_out(next);
    }
    (picks, epochs)
}

/// The row of largest residual each time, ties to the lower, restarting past the rank.
pub fn greedy_gram_schmidt(x: &[f32], dim: usize, budget: usize) -> (Vec<usize>, Vec<usize>) {
    let rows = x.len() / dim;
    let tol = 8.0 * (dim as f64).sqrt() / (1u64 << 24) as f64;
    let unprojected = Span::new(x, dim);
    let mut span = Span::new(x, dim);
    let (mut picks, mut epochs) = (Vec::new(), vec![0]);
    let mut picked = vec![false; rows];
    while picks.len() < budget {
        let live = |row: usize| !picked[row] && span.norm(row) > tol * unprojected.norm(row);
        let next = (0..rows)
            .rev()
            .filter(|&row| live(row))
            .max_by(|&a, &b| span.norm(a).total_cmp(&span.norm(b)));
        let Some(next) = next else {
            epochs.push(picks.len());
            span = Span::new(x, dim);
            continue;
        };
        picked[next] = true;
        picks.push(next);
        span.project_out(next);
    }
    (picks, epochs)
}
