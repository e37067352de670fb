//! SAS by the definition, with sets and sums over all pairs; shares no code with `src`.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};

/// One class: its similarities in integers, and the value of sets of rows.
pub struct Cut {
    similarities: Vec<Vec<i64>>,
}

impl Cut {
    /// Of unit rows (cosine), or of rows over `largest`, the largest length of the pool (dot).
    pub fn new(x: &[f32], dim: usize, threshold: Option<f64>, largest: Option<f64>) -> Self {
        let rows: Vec<Vec<i64>> = x.chunks(dim).map(|x| rounded(x, largest)).collect();
        let similarity = |a: &[i64], b: &[i64]| {
            let product: i64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
            match threshold {
                None => product,
                Some(t) if product > (t * 2f64.powi(30)).floor() as i64 => {
                    ((product + 8192) >> 14).min(65535)
                }
                Some(_) => 0,
            }
        };
        let row = |a: &Vec<i64>| rows.iter().map(|b| similarity(a, b)).collect();
        Self {
            similarities: rows.iter().map(row).collect(),
        }
    }

    pub fn len(&self) -> usize {
        self.similarities.len()
    }

    /// Σ_{i∉S} Σ_{j∈S} s_ij.
    pub fn value(&self, set: &[usize]) -> i64 {
        let outside = (0..self.len()).filter(|i| !set.contains(i));
        outside
            .map(|i| set.iter().map(|&j| self.similarities[i][j]).sum::<i64>())
            .sum()
    }

    /// What a row adds to a set.
    fn gain(&self, set: &[usize], row: usize) -> i64 {
        let with: Vec<usize> = set.iter().copied().chain([row]).collect();
        self.value(&with) - self.value(set)
    }

    /// Adds `count` rows to `set`, each the one that adds most, or least; gives the gains.
    pub fn greedy(&self, set: &mut Vec<usize>, count: usize, worst: bool) -> Vec<i64> {
        let mut gains = Vec::new();
        for _ in 0..count {
            let open = (0..self.len()).filter(|row| !set.contains(row));
            let turned = |row: usize| self.gain(set, row) * if worst { 1 } else { -1 };
            let row = open.min_by_key(|&row| (turned(row), row)).unwrap();
            gains.push(self.gain(set, row));
            set.push(row);
        }
        gains
    }

    /// The rows of `ground` that double greedy keeps over `labelled`, in order; with a seed at random,
    /// row i by number `numbers[i]` of the seed's stream.
    pub fn double_greedy(
        &self,
        labelled: &[usize],
        ground: &[usize],
        seed: Option<(u64, &[usize])>,
    ) -> Vec<usize> {
        let mut x = labelled.to_vec();
        let mut y = [labelled, ground].concat();
        for &row in ground {
            let without: Vec<usize> = y.iter().copied().filter(|&r| r != row).collect();
            let (a, b) = (self.gain(&x, row), self.value(&without) - self.value(&y));
            let (plus, minus) = (a.max(0) as f64, b.max(0) as f64);
            let keep = match seed {
                None => a >= b,
                Some(_) if plus + minus == 0.0 => true,
                Some((seed, numbers)) => uniform(seed, numbers[row]) < plus / (plus + minus),
            };
            if keep {
                x.push(row);
            } else {
                y = without;
            }
        }
        x.split_off(labelled.len())
    }
}

fn rounded(x: &[f32], largest: Option<f64>) -> Vec<i64> {
    let square: f64 = x.iter().map(|&v| f64::from(v).powi(2)).sum();
    let length = largest.unwrap_or(square.sqrt());
    let value = |&v: &f32| (f64::from(v) / length * 32768.0).round_ties_even();
    x.iter()
        .map(|v| value(v).clamp(-32767.0, 32767.0) as i64)
        .collect()
}

/// Number `at` of stream 0x80000001.
fn uniform(seed: u64, at: usize) -> f64 {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(0x8000_0001);
    let number = (0..=at).map(|_| rng.next_u64()).last().unwrap();
    ((number >> 11) as f64 + 0.5) / 2f64.powi(53)
}
