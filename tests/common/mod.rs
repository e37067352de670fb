//! What the tests share: devices, inputs, the oracle.
#![allow(
    dead_code,
    unused_imports,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]

mod cut;
pub mod devices;
mod exact;
pub mod npy;
mod race;
mod span;
pub mod ways;
mod wrap;

use coresift::Selector;
use coresift::kernels::KernelFunction;

#[cfg(feature = "gpu")]
pub use devices::on_every_gpu_but_gl;
pub use devices::{on_every_device, with_features_lent};
pub use wrap::{Lost, Noisy};

/// Definitions in `f64`: slow, obvious, sharing no code with `src`.
pub mod oracle {
    pub use super::cut::Cut;
    pub use super::exact::{
        cover_gain, cover_rounds, distance_sq, dot, greedy_rounds, norms, orthonormal, points,
        raise, residual, similarities, wide,
    };
    pub use super::race::{exponentials, gram_schmidt, gram_schmidt_by, greedy_gram_schmidt};
    pub use super::span::Span;
}

/// A selector with other options than the default ones.
pub fn with<S: Selector + Default + 'static>(change: impl FnOnce(&mut S)) -> Box<dyn Selector> {
    let mut selector = S::default();
    change(&mut selector);
    Box::new(selector)
}

/// The kernel function of a threshold in the unit of products, or of none.
pub fn kernel_function(threshold: Option<i32>) -> KernelFunction {
    threshold.map_or(KernelFunction::Linear, KernelFunction::Thresholded)
}

/// Integers in -8..=8: every sum in these tests stays below 2^24, so that `f32` is exact
/// in any order and devices must agree to the bit.
pub fn whole_numbers(seed: u32, len: usize) -> Vec<f32> {
    numbers(seed, len, |bits| (bits % 17) as f32 - 8.0)
}

/// Numbers in [-1, 1), no two rows alike.
pub fn fractions(seed: u32, len: usize) -> Vec<f32> {
    numbers(seed, len, |bits| bits as f32 / 32768.0 - 1.0)
}

/// `of` sixteen random bits a value, by splitmix64.
fn numbers(seed: u32, len: usize, of: impl Fn(u32) -> f32) -> Vec<f32> {
    let mix = |at: u64| {
        let mut z = (u64::from(seed) << 32 | at).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        of((z >> 48) as u32)
    };
    (0..len as u64).map(mix).collect()
}
