//! What the processor can do at best, for benchmarks: mirror of `shaders/ceiling_*.wgsl`.

mod gemm;
mod memory;
mod multiply_adds;
#[cfg(target_arch = "x86_64")]
mod x86;

use super::device::{self, Device, Record};
use super::report::{Adapter, Ceiling, Timing};
use super::sizes::Sizes;
use coresift::bench::{Limit, Number, latency};
use coresift::{CpuPool, Error, Features, Pool};
use gemm::gemm;
use std::collections::BTreeMap;
use std::time::Instant;

/// The CPU pool as a device.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

impl Device for Cpu {
    fn describe(&self) -> Adapter {
        Adapter {
            name: "cpu".to_owned(),
            backend: "cpu".to_owned(),
            kind: "cpu-pool".to_owned(),
            driver: vectors().to_owned(),
            threads: Some(rayon::current_num_threads()),
            limits: BTreeMap::new(),
            timing: Timing::WallClock,
            ceilings: Vec::new(),
            kernels: Vec::new(),
            selectors: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn pool<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(CpuPool::new(features)))
    }

    fn ceiling(&self, limit: Limit, sizes: &Sizes) -> Result<Option<Ceiling>, Error> {
        let effort = &sizes.effort();
        let measured = match limit {
            Limit::Copy => memory::copies(effort)?,
            Limit::Read => memory::reads(effort)?,
            Limit::MultiplyAdd(Number::F32) => multiply_adds::f32s(limit, effort)?,
            Limit::MultiplyAdd(Number::I32) => multiply_adds::integers(limit, effort)?,
            Limit::Dispatch => latency(effort, |times| {
                Ok(seconds(|| (0..times).for_each(|_| on_every_thread(|| {}))))
            })?,
            Limit::Gemm(product) => gemm(product, sizes)?,
            // No half precision; and nothing is moved anywhere.
            Limit::MultiplyAdd(Number::F16) | Limit::ReadBack | Limit::Upload => return Ok(None),
        };
        Ok(Some(device::ceiling(limit, measured)))
    }

    fn take_record(&self) -> Result<Option<Record>, Error> {
        Ok(None)
    }
}

/// The widest vectors that kernels use here.
fn vectors() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        use pulp::x86::{V3, V4};
        if V4::try_new().is_some() {
            return "x86_64, AVX-512";
        }
        if V3::try_new().is_some() {
            return "x86_64, AVX2";
        }
    }
    std::env::consts::ARCH
}

/// Compiles work for vectors as wide as there are.
fn vectorised<T>(work: impl FnOnce() -> T) -> T {
    pulp::Arch::new().dispatch(work)
}

fn seconds(run: impl FnOnce()) -> f64 {
    let began = Instant::now();
    run();
    began.elapsed().as_secs_f64()
}

fn on_every_thread(work: impl Fn() + Sync) {
    rayon::broadcast(|_| work());
}
