//! A device measured: its limits, every kernel, every selector.

use super::date::date;
use super::device::Device;
use super::report::{self, Adapter, Kernel, Missing, Part, Report, Samples, Selector};
use super::selectors::Run;
use super::sizes::{Job, Sizes};
use super::{Cpu, kernels, selectors};
use coresift::bench::{Limit, Number};
use coresift::{CpuPool, Error, Features, Pool};
use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

/// A report that began at this time and has no adapters yet.
#[must_use]
pub fn report(sizes: &Sizes, began: SystemTime) -> Report {
    let since = began.duration_since(SystemTime::UNIX_EPOCH);
    Report {
        schema: report::SCHEMA.to_owned(),
        crate_version: env!("CARGO_PKG_VERSION").to_owned(),
        wgpu_version: WGPU_VERSION.map(str::to_owned),
        quick: sizes.quick,
        date: date(since.unwrap_or_default()),
        adapters: Vec::new(),
    }
}

/// The version that `Cargo.toml` asks for.
const WGPU_VERSION: Option<&str> = if cfg!(feature = "gpu") {
    Some("30")
} else {
    None
};

/// Measures a device; `tell` hears what comes next. What cannot be measured is listed in the report;
/// once the device is lost, so is all that was still to come.
pub fn run(device: &dyn Device, sizes: &Sizes, tell: &mut dyn FnMut(&str)) -> Adapter {
    let mut bench = Bench {
        device,
        sizes,
        tell,
        adapter: device.describe(),
        lost: None,
        fastest: Cell::new(None),
    };
    bench.ceilings();
    bench.kernels();
    bench.selectors();
    bench.adapter
}

/// An adapter that could not be opened.
#[cfg(feature = "gpu")]
#[must_use]
pub fn unopened(adapter: &coresift::Adapter, error: &Error) -> Adapter {
    Adapter {
        name: adapter.name.clone(),
        backend: adapter.backend.to_lowercase(),
        kind: adapter.device_type.clone(),
        driver: adapter.driver.clone(),
        threads: None,
        limits: [
            ("max_buffer_size", adapter.max_buffer),
            ("max_storage_buffer_binding_size", adapter.max_binding),
        ]
        .map(|(name, limit)| (name.to_owned(), limit))
        .into(),
        timing: report::Timing::WallClock,
        ceilings: Vec::new(),
        kernels: Vec::new(),
        selectors: Vec::new(),
        missing: vec![Missing {
            what: "everything".to_owned(),
            why: error.to_string(),
        }],
    }
}

/// A device being measured.
struct Bench<'a> {
    device: &'a dyn Device,
    sizes: &'a Sizes,
    tell: &'a mut dyn FnMut(&str),
    adapter: Adapter,
    /// Why nothing more can be measured.
    lost: Option<String>,
    /// Fewest seconds of the device's spin so far.
    fastest: Cell<Option<f64>>,
}

/// How long a device is kept busy before it is taken to be at full speed, where its full speed is not
/// known yet; and how long at most where it is.
const TO_LEARN: Duration = Duration::from_millis(1500);
const AT_MOST: Duration = Duration::from_secs(3);
/// How near to its fastest a spin must come.
const NEAR: f64 = 1.03;

impl Bench<'_> {
    /// Measures something, unless the device is lost, and notes what goes wrong.
    fn attempt<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&Self) -> Result<T, Error>,
    ) -> Option<T> {
        let why = match self.lost.clone() {
            Some(why) => why,
            None => {
                (self.tell)(what);
                match work(self) {
                    Ok(value) => return Some(value),
                    Err(Error::DeviceLost { reason, .. }) => {
                        let why = format!("device lost: {reason}");
                        self.lost = Some(why.clone());
                        why
                    }
                    Err(error) => error.to_string(),
                }
            }
        };
        self.adapter.missing.push(Missing {
            what: what.to_owned(),
            why,
        });
        None
    }

    /// Keeps the device busy until it runs as fast as it ever did.
    fn warm_up(&self) -> Result<(), Error> {
        let (began, is_known) = (Instant::now(), self.fastest.get().is_some());
        while let Some(seconds) = self.device.spin()? {
            let fastest = self.fastest.get().map_or(seconds, |f| f.min(seconds));
            self.fastest.set(Some(fastest));
            let since = began.elapsed();
            let is_warm = if is_known {
                seconds <= NEAR * fastest
            } else {
                since >= TO_LEARN
            };
            if is_warm || since >= AT_MOST {
                break;
            }
        }
        Ok(())
    }

    fn ceilings(&mut self) {
        for limit in Limit::ALL {
            let what = format!("ceiling {}", limit.name());
            let measure = |bench: &Self| {
                bench.warm_up()?;
                bench.device.ceiling(limit, bench.sizes)
            };
            let ceiling = self.attempt(&what, measure);
            self.adapter.ceilings.extend(ceiling.flatten());
        }
    }

    fn kernels(&mut self) {
        for group in kernels::groups(self.sizes) {
            let moves = self.limit_of(Limit::Upload).is_some();
            let cases = group.cases().iter();
            let cases: Vec<_> = cases.filter(|case| moves || !case.for_gpus).collect();
            let names: Vec<_> = cases.iter().map(|case| case.name).collect();
            let what = format!("pool of {}", names.join(", "));
            let Some(features) = self.attempt(&what, |_| group.features()) else {
                continue;
            };
            if moves && group.shape() == self.sizes.rows {
                let upload = self.attempt("kernel upload", |bench| bench.upload(&features));
                self.adapter.kernels.extend(upload);
            }
            let cpu = CpuPool::new(features.clone());
            let make = |bench: &Self| bench.device.resident(&features);
            let Some(pool) = self.attempt(&what, make) else {
                continue;
            };
            for case in cases {
                let what = format!("kernel {}", case.name);
                let measure = |bench: &Self| bench.kernel(&group, case, &*pool, &cpu);
                let kernel = self.attempt(&what, measure);
                self.adapter.kernels.extend(kernel);
            }
        }
    }

    /// Features made resident, by the host's clock.
    fn upload(&self, features: &Features<'_>) -> Result<Kernel, Error> {
        let (rows, dim) = (features.rows(), features.dim());
        let run = |_| {
            let began = Instant::now();
            let pool = self.device.resident(features)?;
            let seconds = began.elapsed().as_secs_f64();
            drop(pool);
            Ok(seconds)
        };
        run(0)?;
        let work = kernels::Work {
            size: [("rows", rows), ("dim", dim)]
                .map(|(name, size)| (name.to_owned(), size as u64))
                .into(),
            bytes: 4.0 * (rows * dim) as f64,
            moved: Limit::Upload,
            operations: 0.0,
            done: Limit::MultiplyAdd(Number::F32),
        };
        let seconds: Result<_, Error> = (0..self.sizes.samples).map(run).collect();
        self.judged("upload", work, seconds?)
    }

    fn kernel(
        &self,
        group: &kernels::Group,
        case: &kernels::Case,
        pool: &dyn Pool,
        cpu: &dyn Pool,
    ) -> Result<Kernel, Error> {
        let mut ready = case.prepare(group, pool)?;
        let want = case.prepare(group, cpu)?()?;
        if !ready()?.agrees(&want) {
            return Err(not_the_cpus(case.name));
        }
        self.warm_up()?;
        let mut run = |_| {
            self.device.take_record()?;
            let began = Instant::now();
            black_box(ready()?);
            let seconds = began.elapsed().as_secs_f64();
            let record = self.device.take_record()?;
            Ok(record.map_or(seconds, |record| record.seconds_of(case.kernel)))
        };
        let seconds: Result<_, Error> = (0..self.sizes.samples).map(&mut run).collect();
        self.judged(case.name, case.work(group), seconds?)
    }

    /// A kernel beside the limit that binds it.
    fn judged(&self, name: &str, work: kernels::Work, seconds: Vec<f64>) -> Result<Kernel, Error> {
        let amounts = [(work.moved, work.bytes), (work.done, work.operations)];
        let least = amounts.into_iter().filter_map(|(limit, amount)| {
            let rate = self.limit_of(limit)?;
            Some((limit, amount / rate))
        });
        let Some((limit, least_seconds)) = least.max_by(|a, b| a.1.total_cmp(&b.1)) else {
            return Err(Error::Device(format!("{name}: no ceiling to judge it by")));
        };
        Ok(Kernel {
            name: name.to_owned(),
            size: work.size,
            bytes: work.bytes,
            operations: work.operations,
            bound_by: limit.name().to_owned(),
            least_seconds,
            samples: Samples { seconds },
        })
    }

    /// What was measured of a limit.
    fn limit_of(&self, limit: Limit) -> Option<f64> {
        let mut ceilings = self.adapter.ceilings.iter();
        let ceiling = ceilings.find(|ceiling| ceiling.name == limit.name());
        ceiling.map(report::Ceiling::rate)
    }

    fn selectors(&mut self) {
        for group in selectors::groups(self.sizes) {
            let job = group.job();
            let names: Vec<_> = group.cases().iter().map(|case| case.name).collect();
            let what = format!("features of {}", names.join(", "));
            let Some(features) = self.attempt(&what, |_| group.features()) else {
                continue;
            };
            for case in group.cases() {
                let what = format!("selector {}", case.name);
                let measure = |bench: &Self| bench.selector(case, &features, job);
                let selector = self.attempt(&what, measure);
                self.adapter.selectors.extend(selector);
            }
        }
    }

    fn selector(
        &self,
        case: &selectors::Case,
        features: &Features<'_>,
        job: Job,
    ) -> Result<Selector, Error> {
        let run = || case.run(self.device, features, job.budget);
        let want = case.run(&Cpu, features, job.budget)?;
        if run()?.selection.picks != want.selection.picks {
            return Err(not_the_cpus(case.name));
        }
        self.warm_up()?;
        let runs: Result<Vec<Run>, _> = (0..self.sizes.samples).map(|_| run()).collect();
        let runs = runs?;
        let seconds = runs.iter().map(|run| run.seconds).collect();
        let mut by_time: Vec<&Run> = runs.iter().collect();
        by_time.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
        let middle = by_time[by_time.len() / 2];
        let part = |&(kernel, calls, seconds): &(&str, u64, f64)| Part {
            kernel: kernel.to_owned(),
            calls,
            seconds,
        };
        Ok(Selector {
            name: case.name.to_owned(),
            size: case.size(job),
            samples: Samples { seconds },
            passes: middle.selection.passes as u64,
            device_seconds: middle.device_seconds,
            host_seconds: (middle.seconds - middle.device_seconds).max(0.0),
            peak_device_bytes: middle.peak_bytes,
            parts: middle.parts.iter().map(part).collect(),
        })
    }
}

fn not_the_cpus(name: &str) -> Error {
    Error::Device(format!("{name}: its answer is not the CPU pool's"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_wgpu_is_the_manifests() {
        let manifest = include_str!("../../../Cargo.toml");
        let version = WGPU_VERSION.unwrap_or("30");
        assert!(manifest.contains(&format!("wgpu = {{ version = \"{version}\"")));
    }
}
