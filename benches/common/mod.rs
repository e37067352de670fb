//! What the benches share: sizes, features, a pool on every device.
#![allow(unreachable_pub, reason = "each bench is a crate of its own")]

use coresift::{CpuPool, Features, Pool};
#[cfg(feature = "gpu")]
use std::collections::BTreeSet;

/// Cargo says `--bench` when it wants times.
pub fn shape() -> (usize, usize) {
    if std::env::args().any(|argument| argument == "--bench") {
        (50_000, 512)
    } else {
        (500, 64)
    }
}

/// Clusters after a ReLU, the usual shape of a network's features.
pub fn features(rows: usize, dim: usize) -> Vec<f32> {
    let number = |at: u64| {
        let z = (at + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let z = (z ^ (z >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        ((z ^ (z >> 29)) >> 40) as f32 / (1 << 23) as f32 - 1.0
    };
    let value = |i: usize| {
        let (row, column) = (i / dim, i % dim);
        let centre = number((row % 20 * dim + column) as u64);
        (centre + number((i + 20 * dim) as u64)).max(0.0)
    };
    (0..rows * dim).map(value).collect()
}

/// A pool on every device.
pub fn pools(x: &[f32], dim: usize) -> Vec<(String, Box<dyn Pool + '_>)> {
    let features = Features::new(x, x.len() / dim, dim).expect("finite");
    let cpu: (String, Box<dyn Pool>) = ("cpu".to_owned(), Box::new(CpuPool::new(features.clone())));
    std::iter::once(cpu).chain(on_gpus(features)).collect()
}

/// A pool on every adapter. One name may stand for several backends: `open` takes the first.
#[cfg(feature = "gpu")]
fn on_gpus(features: Features<'_>) -> Vec<(String, Box<dyn Pool>)> {
    let adapters = coresift::Gpu::adapters().into_iter();
    let names: BTreeSet<String> = adapters.map(|adapter| adapter.name).collect();
    let pool = |name: String| -> (String, Box<dyn Pool>) {
        let gpu = coresift::Gpu::open(Some(&name)).expect("an adapter that is listed");
        (
            name,
            Box::new(gpu.pool(features.clone()).expect("the pool fits")),
        )
    };
    names.into_iter().map(pool).collect()
}

#[cfg(not(feature = "gpu"))]
fn on_gpus(_: Features<'_>) -> Vec<(String, Box<dyn Pool>)> {
    Vec::new()
}
