//! Random numbers by position: row `i` owns number `i` of a stream, whatever was drawn before.

use crate::control::Stop;
use crate::error::Error;
use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};
use rayon::prelude::*;
use std::ops::Range;

/// Streams 0, 1, 2 … are the epochs of the race; norm sampling is its epoch 0.
pub(crate) const RACE: u64 = 0;
/// Keeping or dropping a row in the randomised double greedy.
pub(crate) const DOUBLE_GREEDY: u64 = 0x8000_0001;
/// Uniform sampling.
pub(crate) const UNIFORM: u64 = 0x8000_0003;
/// Which rows of a split are selected from.
pub(crate) const SPLIT: u64 = 0x8000_0004;
/// The first centre of k-means++; the streams after it are the other centres.
pub(crate) const CENTRES: u64 = 0x8000_0100;

/// Added to every stream of the second stage of [`Then`](crate::Then).
const SECOND_STAGE: u64 = 0x4000_0000;
/// Past all streams of the first two stages; added once more for each stage after them.
const NEXT_STAGE: u64 = 1 << 32;

/// Which random numbers are a pool's: some rows of a larger pool keep theirs, and each stage of a
/// selection has streams of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowIds<'a> {
    /// Each row's own number; `None` where they are one after another, from `first` on.
    pub(crate) rows: Option<&'a [usize]>,
    pub(crate) first: usize,
    /// Stages of the selection before this one.
    pub(crate) stage: u64,
}

impl<'a> RowIds<'a> {
    /// A row's own number.
    pub(crate) fn number(self, row: usize) -> usize {
        self.rows.map_or(self.first + row, |rows| rows[row])
    }

    /// Those of a part of the rows.
    pub(crate) fn part(self, rows: Range<usize>) -> Self {
        Self {
            first: self.first + rows.start,
            rows: self.rows.map(|numbers| &numbers[rows]),
            ..self
        }
    }

    /// The stage's own stream that stands for `stream`.
    fn stream(self, stream: u64) -> u64 {
        match self.stage {
            0 => stream,
            later => stream + SECOND_STAGE + (later - 1) * NEXT_STAGE,
        }
    }
}

/// Numbers made in one go by one thread.
const CHUNK: usize = 1 << 14;

/// The same of uniform numbers, which take less time.
const UNIFORMS: usize = 1 << 13;

/// Uniform on the open interval (0, 1), on a grid of 2⁻⁵³.
fn uniform(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * (-53.0f64).exp2()
}

/// −log1p(−V) rather than −log(V), so that the smallest, which win, keep full resolution.
///
/// `libm`'s logarithm, since a system's own may differ in the last bit.
fn exponential(bits: u64) -> f64 {
    exponential_of(uniform(bits))
}

/// 1, less what an exponential number may be below the uniform one that it is made of, and more.
pub(crate) const LESS: f64 = 1.0 - 8.0 * f64::EPSILON;

/// The exponential number that a uniform one stands for: more than that times [`LESS`].
pub(crate) fn exponential_of(uniform: f64) -> f64 {
    -libm::log1p(-uniform)
}

/// ChaCha8 keyed by the seed's eight little-endian bytes and 24 zeros.
fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

/// The own number of each of so many rows, an exponential of mean 1.
pub(crate) fn of_rows(
    (row_ids, rows): (RowIds<'_>, usize),
    seed: u64,
    stream: u64,
    stop: &Stop,
) -> Result<Vec<f64>, Error> {
    let stream = row_ids.stream(stream);
    let mut out = vec![0.0; rows];
    let chunks = out.par_chunks_mut(CHUNK).enumerate();
    stop.over(chunks).try_for_each(|chunk| {
        let (chunk, out) = chunk?;
        let first = chunk * CHUNK;
        let mut rng = generator(seed, stream);
        rng.set_word_pos(2 * (row_ids.first + first) as u128);
        for (row, e) in (first..).zip(out) {
            if let Some(rows) = row_ids.rows {
                rng.set_word_pos(2 * rows[row] as u128);
            }
            *e = exponential(rng.next_u64());
        }
        Ok(())
    })?;
    Ok(out)
}

/// Each row's own number of the stream, uniform on the open interval (0, 1).
pub(crate) fn uniforms_of_rows(
    row_ids: RowIds<'_>,
    seed: u64,
    stream: u64,
    out: &mut [f64],
    stop: &Stop,
) -> Result<(), Error> {
    let stream = row_ids.stream(stream);
    let chunks = out.par_chunks_mut(UNIFORMS).enumerate();
    stop.over(chunks).try_for_each(|chunk| {
        let (chunk, out) = chunk?;
        let first = chunk * UNIFORMS;
        let mut rng = generator(seed, stream);
        rng.set_word_pos(2 * (row_ids.first + first) as u128);
        for (row, v) in (first..).zip(out) {
            if let Some(rows) = row_ids.rows {
                rng.set_word_pos(2 * rows[row] as u128);
            }
            *v = uniform(rng.next_u64());
        }
        Ok(())
    })
}

/// The rows whose uniform number of the stream `is_wanted`, ascending, with that number.
pub(crate) fn uniforms_that(
    (row_ids, rows): (RowIds<'_>, usize),
    seed: u64,
    stream: u64,
    is_wanted: impl Fn(usize, f64) -> bool + Sync,
    stop: &Stop,
) -> Result<Vec<(usize, f64)>, Error> {
    let stream = row_ids.stream(stream);
    let of_chunk = |first: Result<usize, Error>| {
        let first = first?;
        let mut found = Vec::new();
        let mut rng = generator(seed, stream);
        rng.set_word_pos(2 * (row_ids.first + first) as u128);
        for row in first..rows.min(first + UNIFORMS) {
            if let Some(rows) = row_ids.rows {
                rng.set_word_pos(2 * rows[row] as u128);
            }
            let number = uniform(rng.next_u64());
            if is_wanted(row, number) {
                found.push((row, number));
            }
        }
        Ok(found)
    };
    let firsts: Vec<usize> = (0..rows).step_by(UNIFORMS).collect();
    let found = stop.over(firsts.into_par_iter()).map(of_chunk);
    let found: Vec<Vec<(usize, f64)>> = found.collect::<Result<_, Error>>()?;
    Ok(found.concat())
}

/// `out[i]` is the number at position `2 * i` of the stream, an exponential of mean 1.
pub fn exponentials(seed: u64, stream: u64, rows: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows];
    out.par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(c, chunk)| {
            let mut rng = generator(seed, stream);
            rng.set_word_pos(2 * (c * CHUNK) as u128);
            for e in chunk {
                *e = exponential(rng.next_u64());
            }
        });
    out
}

/// Bits that follow no pattern, of every number others: splitmix64 (G. Steele, D. Lea and C. Flood, 2014).
pub(crate) fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Up to `count` of some rows, ascending, from anywhere among them: the same each time.
pub(crate) fn sample(rows: usize, count: usize) -> Vec<usize> {
    // Rows that repeat at a stride are found too.
    let place = |at: usize| ((u128::from(mixed(at as u64)) * rows as u128) >> 64) as usize;
    let mut some: Vec<usize> = (0..count).map(place).collect();
    some.sort_unstable();
    some.dedup();
    some
}

/// A row's own number of the stream, uniform on the open interval (0, 1).
pub(crate) fn uniform_of(row_ids: RowIds<'_>, seed: u64, stream: u64, row: usize) -> f64 {
    let mut rng = generator(seed, row_ids.stream(stream));
    rng.set_word_pos(2 * row_ids.number(row) as u128);
    uniform(rng.next_u64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Numbers printed by the reference generator, at their positions, across a chunk's edge.
    #[test]
    fn known_answers() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/golden/cases/chacha8_kat.json"
        );
        let file: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let items = file["items"].as_array().unwrap();
        assert_eq!(items.len(), 4);
        for item in items {
            let seed = u64::from_str_radix(item["seed"].as_str().unwrap(), 16).unwrap();
            let stream = item["stream"].as_u64().unwrap();
            let got = exponentials(seed, stream, 20);
            let mut rng = generator(seed, stream);
            for (i, bits) in item["u64"].as_array().unwrap().iter().enumerate() {
                let bits = u64::from_str_radix(bits.as_str().unwrap(), 16).unwrap();
                assert_eq!(
                    rng.next_u64(),
                    bits,
                    "seed {seed} stream {stream} number {i}"
                );
                let want = item["e"][i].as_f64().unwrap();
                assert!(
                    (got[i] / want - 1.0).abs() <= 2.0 * f64::EPSILON,
                    "{} {want}",
                    got[i]
                );
            }
        }
    }

    #[test]
    fn numbers_stand_at_their_positions() {
        let got = exponentials(5, 3, CHUNK + 3);
        let mut rng = generator(5, 3);
        for (i, &got) in got.iter().enumerate() {
            assert_eq!(got, -libm::log1p(-uniform(rng.next_u64())), "number {i}");
        }
    }

    #[test]
    fn rows_of_a_larger_pool_keep_their_numbers() {
        let far = 1 << 60; // no one counts up to there
        let rows = [0, 3, 4, CHUNK + 1, far];
        let row_ids = |stage| RowIds {
            rows: Some(&rows),
            first: 0,
            stage,
        };
        for (stage, stream) in [(0, 2), (1, 0x4000_0002), (2, 0x1_4000_0002)] {
            let all = exponentials(7, stream, CHUNK + 2);
            let got = of_rows((row_ids(stage), 5), 7, 2, &Stop::default()).unwrap();
            assert_eq!(got[..4], [0, 3, 4, CHUNK + 1].map(|row| all[row]));
            let v = uniform_of(row_ids(stage), 7, 2, 4);
            assert_eq!(got[4], -libm::log1p(-v));
        }
    }

    #[test]
    fn a_part_has_the_numbers_of_its_rows() {
        let (rows, first) = (2 * CHUNK, CHUNK - 7);
        let all = exponentials(5, 3, rows);
        let part = RowIds {
            first,
            ..RowIds::default()
        };
        let got = of_rows((part, rows - first), 5, 3, &Stop::default()).unwrap();
        assert!(got == all[first..]);
        let mut uniforms = vec![0.0; rows - first];
        uniforms_of_rows(part, 5, 3, &mut uniforms, &Stop::default()).unwrap();
        assert!(
            uniforms
                .iter()
                .zip(&got)
                .all(|(&v, &e)| exponential_of(v) == e)
        );
        let found = uniforms_that((part, 9), 5, 3, |_, _| true, &Stop::default()).unwrap();
        assert!(
            found
                .iter()
                .all(|&(row, v)| v == uniforms[row] && v == uniform_of(part, 5, 3, row))
        );
    }
}
