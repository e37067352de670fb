//! What the benches share: sizes, and a pool on every device.
#![allow(unreachable_pub, reason = "each bench is a crate of its own")]

use coresift::{CpuPool, Features, Pool};
use coresift_cli::bench::Sizes;
#[cfg(feature = "gpu")]
use std::collections::BTreeSet;

/// Cargo says `--bench` when it wants times.
fn is_timed() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// Those of `coresift bench`, or for the answers alone small ones.
pub fn sizes() -> Sizes {
    if is_timed() {
        Sizes::full()
    } else {
        Sizes::tiny()
    }
}

/// A pool on every device, the CPU's first; on a GPU one that has all on the device from the start.
pub fn pools<'a>(features: &Features<'a>) -> Vec<(String, Box<dyn Pool + 'a>)> {
    let cpu: (String, Box<dyn Pool>) = ("cpu".to_owned(), Box::new(CpuPool::new(features.clone())));
    std::iter::once(cpu).chain(on_gpus(features)).collect()
}

/// A pool on every adapter; on software ones, which take hours over a benchmark, for the answers
/// alone. One name may stand for several backends: `open` takes the first.
#[cfg(feature = "gpu")]
fn on_gpus(features: &Features<'_>) -> Vec<(String, Box<dyn Pool>)> {
    let adapters = coresift::Gpu::adapters().into_iter();
    let adapters = adapters.filter(|adapter| !(adapter.software && is_timed()));
    let names: BTreeSet<String> = adapters.map(|adapter| adapter.name).collect();
    let pool = |name: String| -> (String, Box<dyn Pool>) {
        let asked = coresift::AdapterChoice::Named(name.clone());
        let gpu = coresift::Gpu::open(&asked).expect("an adapter that is listed");
        let pool = gpu.upload(features).expect("the pool fits");
        (name, Box::new(pool))
    };
    names.into_iter().map(pool).collect()
}

#[cfg(not(feature = "gpu"))]
fn on_gpus(_: &Features<'_>) -> Vec<(String, Box<dyn Pool>)> {
    Vec::new()
}
