//! Random numbers by position: row `i` owns number `i` of a stream, whatever was drawn before.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};
use rayon::prelude::*;

/// Streams 0, 1, 2 … are the epochs of the race; norm sampling is its epoch 0.
pub(crate) const RACE: u64 = 0;
/// Keeping or dropping a row in the randomised double greedy.
pub(crate) const DOUBLE_GREEDY: u64 = 0x8000_0001;
/// Uniform sampling.
pub(crate) const UNIFORM: u64 = 0x8000_0003;
/// The first centre of k-means++; the streams after it are the other centres.
pub(crate) const CENTRES: u64 = 0x8000_0100;

/// Numbers made in one go by one thread.
const CHUNK: usize = 1 << 14;

/// Uniform on the open interval (0, 1), on a grid of 2⁻⁵³.
fn uniform(bits: u64) -> f64 {
    ((bits >> 11) as f64 + 0.5) * (-53.0f64).exp2()
}

/// ChaCha8 keyed by the seed's eight little-endian bytes and 24 zeros.
fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&seed.to_le_bytes());
    let mut rng = ChaCha8Rng::from_seed(key);
    rng.set_stream(stream);
    rng
}

/// `out[i]` is the number at position `2 * i` of the stream, an exponential of mean 1:
/// −log1p(−V) rather than −log(V), so that the smallest, which win, keep full resolution.
///
/// `libm`'s logarithm, since a system's own may differ in the last bit.
pub(crate) fn exponentials(seed: u64, stream: u64, rows: usize) -> Vec<f64> {
    let mut out = vec![0.0; rows];
    out.par_chunks_mut(CHUNK)
        .enumerate()
        .for_each(|(c, chunk)| {
            let mut rng = generator(seed, stream);
            rng.set_word_pos(2 * (c * CHUNK) as u128);
            for e in chunk {
                *e = -libm::log1p(-uniform(rng.next_u64()));
            }
        });
    out
}

/// Number `row` of the stream, uniform on the open interval (0, 1).
pub(crate) fn uniform_of(seed: u64, stream: u64, row: usize) -> f64 {
    let mut rng = generator(seed, stream);
    rng.set_word_pos(2 * row as u128);
    uniform(rng.next_u64())
}

#[cfg(test)]
mod tests {
    use super::*;

    use serde_json::Value;

    /// Numbers printed by the reference generator, at their positions, across a chunk's edge.
    #[test]
    fn known_answers() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/chacha8_kat.json");
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
}
