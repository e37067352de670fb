//! Random numbers by position: row `i` owns number `i` of a stream, whatever was drawn before.

use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};
use rayon::prelude::*;

/// Streams 0, 1, 2 … are the epochs of the race; norm sampling is its epoch 0.
pub(crate) const RACE: u64 = 0;
/// Uniform sampling.
pub(crate) const UNIFORM: u64 = 0x8000_0003;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed once by the reference generator.
    #[test]
    fn numbers_stand_at_their_positions() {
        let known = [
            (0, 0x7BA4_0849_C0CD_AE63_u64),
            (1, 0x3A57_01E7_E9BD_7EB4),
            (2, 0x13D3_D357_C8DD_4A67),
            (3, 0x8784_F09D_4DF5_F7F9),
            (1000, 0x6DF8_8CBB_5487_528B),
        ];
        let got = exponentials(0x0123_4567_89AB_CDEF, 3, CHUNK + 3);
        for (i, bits) in known {
            assert_eq!(got[i], -libm::log1p(-uniform(bits)), "number {i}");
        }
        let mut rng = generator(0x0123_4567_89AB_CDEF, 3);
        rng.set_word_pos(2 * (CHUNK as u128 + 1));
        assert_eq!(got[CHUNK + 1], -libm::log1p(-uniform(rng.next_u64())));
    }
}
