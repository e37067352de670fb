//! What `coresift bench` measures: on the CPU, on a software adapter, and on devices that fail.

#[path = "../../tests/common/mod.rs"]
mod common;

use common::{Lost, Noisy};
use coresift::{CpuPool, Error, Features, Pool};
use coresift_cli::bench::report::{Adapter, Ceiling, Report, load, save};
use coresift_cli::bench::{self, Cpu, Device, Limit, Record, Sizes};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

const KERNELS: [&str; 16] = [
    "closest",
    "count_within",
    "deflate",
    "due_rows",
    "gather_rows",
    "greedy_rounds",
    "mark_within",
    "nearest",
    "nearest_other",
    "quantise",
    "refresh",
    "row_norms",
    "row_sums",
    "store_similarities",
    "sum_columns",
    "sum_stored",
];

const SELECTORS: [&str; 9] = [
    "uniform",
    "norm",
    "gram_schmidt",
    "gram_schmidt greedy",
    "then (norm, gram_schmidt)",
    "sas",
    "sas none",
    "typiclust",
    "prob_cover",
];

/// Held by a test that measures: others would take its time.
static MEASURING: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    MEASURING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn measured(device: &dyn Device) -> Adapter {
    let _alone = alone();
    bench::run(device, &Sizes::tiny(), &mut |_| {})
}

fn ceilings(adapter: &Adapter) -> Vec<&str> {
    adapter.ceilings.iter().map(|c| c.name.as_str()).collect()
}

fn selectors(adapter: &Adapter) -> Vec<&str> {
    adapter.selectors.iter().map(|s| s.name.as_str()).collect()
}

/// Kernels without what tells their variants apart.
fn kernels(adapter: &Adapter) -> BTreeSet<&str> {
    let names = adapter.kernels.iter().map(|k| k.name.as_str());
    names.map(|name| name.split(' ').next().unwrap()).collect()
}

/// The report of one adapter can be kept, and is what the schema says.
fn kept(adapter: &Adapter) -> Report {
    let mut report = bench::report(
        &Sizes::tiny(),
        SystemTime::UNIX_EPOCH + Duration::from_secs(1),
    );
    report.adapters.push(adapter.clone());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("report.json");
    save(&report, &path).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let schema: serde_json::Value =
        serde_json::from_str(include_str!("../src/bench/report.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&schema).unwrap();
    let value = serde_json::from_str(&text).unwrap();
    if let Err(error) = schema.validate(&value) {
        panic!("{error} at {}", error.instance_path());
    }
    load(&path).unwrap()
}

/// What holds of every adapter that was measured in full.
fn check(adapter: &Adapter) {
    assert!(adapter.missing.is_empty(), "{:?}", adapter.missing);
    assert_eq!(selectors(adapter), SELECTORS);
    for ceiling in &adapter.ceilings {
        assert!(ceiling.rate() > 0.0, "{ceiling:?}");
    }
    for kernel in &adapter.kernels {
        let share = kernel.share();
        assert!(share > 0.0 && share.is_finite(), "{kernel:?}");
        let bound = adapter.ceilings.iter().find(|c| c.name == kernel.bound_by);
        let rate = bound.expect("the bound is a ceiling of the report").rate();
        let least = [kernel.bytes, kernel.operations].map(|amount| amount / rate);
        assert!(least.contains(&kernel.least_seconds), "{kernel:?}");
    }
    for selector in &adapter.selectors {
        let both = selector.device_seconds + selector.host_seconds;
        let [seconds] = selector.samples.seconds[..] else {
            panic!("{selector:?}");
        };
        assert!((both - seconds).abs() <= 1e-9, "{selector:?}");
    }
    let report = kept(adapter);
    assert_eq!(report.adapters, std::slice::from_ref(adapter));
    assert!(report.quick && report.date == "1970-01-01T00:00:01Z");
}

#[test]
fn the_cpu_is_measured() {
    let adapter = measured(&Cpu);
    check(&adapter);
    assert_eq!(
        ceilings(&adapter),
        [
            "copy",
            "read",
            "multiply-add f32",
            "multiply-add i32",
            "dispatch",
            "gemm f32 deflate",
            "gemm f32 refresh",
            "gemm f32 nearest",
            "gemm f32 closest",
        ]
    );
    assert_eq!(kernels(&adapter), KERNELS.into());
    let threads = adapter.threads.unwrap();
    assert!(threads > 0 && adapter.backend == "cpu" && adapter.kind == "cpu-pool");
    for selector in &adapter.selectors {
        let parts: f64 = selector.parts.iter().map(|part| part.seconds).sum();
        assert!((parts - selector.device_seconds).abs() <= 1e-9);
        assert_eq!(selector.peak_device_bytes, None);
    }
}

/// Makes the pool of a number around one of the CPU.
type Make = for<'a> fn(usize, &'a CpuPool<'a>) -> Result<Box<dyn Pool + 'a>, Error>;

/// A CPU that makes pools of its own kind.
struct Odd {
    pool: Make,
    pools: Cell<usize>,
}

impl Odd {
    fn new(pool: Make) -> Self {
        let pools = Cell::new(0);
        Self { pool, pools }
    }
}

impl Device for Odd {
    fn describe(&self) -> Adapter {
        Cpu.describe()
    }

    fn pool<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        let at = self.pools.replace(self.pools.get() + 1);
        // A pool around a pool needs one that outlives it; in a test it may live for ever.
        (self.pool)(at, Box::leak(Box::new(CpuPool::new(features))))
    }

    fn ceiling(&self, limit: Limit, sizes: &Sizes) -> Result<Option<Ceiling>, Error> {
        Cpu.ceiling(limit, sizes)
    }

    fn take_record(&self) -> Result<Option<Record>, Error> {
        Ok(None)
    }
}

/// What is missing, and why.
fn missing(adapter: &Adapter) -> Vec<(&str, &str)> {
    let missing = adapter.missing.iter();
    missing.map(|m| (m.what.as_str(), m.why.as_str())).collect()
}

#[test]
fn a_device_lost_half_way_leaves_what_was_measured() {
    let device = Odd::new(|at, pool| {
        // In the second pool the kernel `closest` runs; the second call is its first sample.
        let calls = if at == 1 { 1 } else { usize::MAX };
        Ok(Box::new(Lost::after(pool, calls)))
    });
    let adapter = measured(&device);
    assert_eq!(adapter.ceilings.len(), 9);
    let of_first_pool = [
        "deflate",
        "due_rows",
        "gather_rows",
        "nearest",
        "refresh",
        "row_norms",
    ];
    assert_eq!(kernels(&adapter), of_first_pool.into());
    assert_eq!(selectors(&adapter), [""; 0]);
    let missing = missing(&adapter);
    assert!(
        missing.iter().all(|m| m.1 == "device lost: unplugged"),
        "{missing:?}"
    );
    let what: Vec<&str> = missing.iter().map(|m| m.0).collect();
    assert_eq!(what[..2], ["kernel closest", "kernel store_similarities"]);
    for name in &KERNELS {
        let is_listed = what.iter().any(|what| what.contains(name));
        assert!(
            is_listed || of_first_pool.contains(name),
            "{name}: {what:?}"
        );
    }
    for name in &SELECTORS {
        assert!(
            what.iter().any(|what| what.contains(name)),
            "{name}: {what:?}"
        );
    }
    assert_eq!(device.pools.get(), 2, "a lost device is asked for nothing");
    kept(&adapter);
}

#[test]
fn what_does_not_fit_is_missing_and_the_rest_is_measured() {
    let device = Odd::new(|at, pool| {
        if at == 1 {
            return Err(Error::OutOfMemory {
                what: "features",
                needed: 100,
                available: Some(10),
            });
        }
        Ok(Box::new(pool.clone()))
    });
    let adapter = measured(&device);
    let why = "features: 100 bytes needed, 10 available";
    assert_eq!(
        missing(&adapter),
        [("pool of closest, store_similarities", why)]
    );
    assert_eq!(kernels(&adapter).len(), KERNELS.len() - 2);
    assert_eq!(selectors(&adapter), SELECTORS);
}

#[test]
fn wrong_answers_are_not_timed() {
    let device = Odd::new(|_, pool| Ok(Box::new(Noisy::around(pool, 0.05))));
    let adapter = measured(&device);
    let missing = missing(&adapter);
    for kernel in ["nearest", "closest"] {
        let what = format!("kernel {kernel}");
        let why = format!("device: {kernel}: its answer is not the CPU pool's");
        assert!(
            missing.contains(&(what.as_str(), why.as_str())),
            "{kernel}: {missing:?}"
        );
        assert!(!kernels(&adapter).contains(kernel));
    }
    assert!(kernels(&adapter).contains("gather_rows"));
}

#[cfg(feature = "gpu")]
mod software {
    use super::*;
    use crate::common::devices::SOFTWARE;
    use coresift::Gpu;
    use coresift_cli::bench::report::Timing;
    use coresift_cli::bench::selectors::groups;

    fn gpu() -> Gpu {
        Gpu::open_recorded(&SOFTWARE.parse().unwrap()).expect("Debian: mesa-vulkan-drivers")
    }

    #[test]
    fn a_software_adapter_is_measured() {
        let adapter = measured(&gpu());
        check(&adapter);
        assert_eq!(
            ceilings(&adapter),
            [
                "copy",
                "read",
                "multiply-add f32",
                "multiply-add f16",
                "multiply-add i32",
                "dispatch",
                "read-back",
                "upload",
            ]
        );
        let mut with_upload = BTreeSet::from(KERNELS);
        with_upload.insert("upload");
        assert_eq!(kernels(&adapter), with_upload);
        let about = (adapter.backend.as_str(), adapter.kind.as_str());
        assert_eq!(about, ("vulkan", "software"));
        assert_eq!(adapter.timing, Timing::Timestamps);
        assert!(adapter.limits["max_buffer_size"] > 0);
        for selector in &adapter.selectors {
            let peak = selector.peak_device_bytes.expect("is counted");
            assert_eq!(peak > 0, !of_host(&selector.name), "{selector:?}");
        }
    }

    /// What a selector takes of rows that the caller lends, so that it leaves the device be.
    fn of_host(selector: &str) -> bool {
        ["uniform", "norm", "then (norm, gram_schmidt)"].contains(&selector)
    }

    #[test]
    fn every_adapter_is_opened() {
        let opened = Gpu::open_all_recorded();
        assert_eq!(opened.len(), Gpu::adapters().len());
        let (about, gpu) = (opened.into_iter())
            .find(|(adapter, _)| adapter.name.contains(SOFTWARE))
            .expect("Debian: mesa-vulkan-drivers");
        assert_eq!(Device::describe(&gpu.unwrap()).name, about.name);
        let adapter = bench::unopened(&about, &Error::Device("no".to_owned()));
        assert_eq!(missing(&adapter), [("everything", "device: no")]);
        kept(&adapter);
    }

    /// Kernels by the device's clock and the rest by the host's add up to the calls by the host's;
    /// and the waiting in it is what a device takes to begin and end, not work of no name.
    #[test]
    fn parts_add_up_to_device_time() {
        let _alone = alone();
        let (gpu, sizes) = (gpu(), Sizes::quick());
        let empty = Device::ceiling(&gpu, Limit::Dispatch, &sizes).unwrap();
        let most_wait = 5.0 * empty.expect("a GPU dispatches").rate();
        for group in groups(&sizes) {
            let features = group.features().unwrap();
            for case in group.cases().iter().filter(|case| !of_host(case.name)) {
                let share_and_wait = || {
                    let run = case.run(&gpu, &features, group.job().budget).unwrap();
                    let signed = |part: &(&str, u64, f64)| match part.0 {
                        "overlap" => -part.2,
                        _ => part.2,
                    };
                    let parts: f64 = run.parts.iter().map(signed).sum();
                    let mut waits = run.parts.iter().filter(|part| part.0 == "wait");
                    let wait = waits
                        .next()
                        .map_or(0.0, |&(_, n, seconds)| seconds / n as f64);
                    (parts / run.device_seconds, wait)
                };
                share_and_wait(); // compiles
                // While other work has the machine, the host is kept from noticing in no part.
                let mut tries = Vec::new();
                let adds_up = (0..10).any(|_| {
                    let (share, wait) = share_and_wait();
                    tries.push((share, wait));
                    (share - 1.0).abs() <= 0.1 && wait <= most_wait
                });
                let name = case.name;
                assert!(
                    adds_up,
                    "{name}: {tries:?}, waits of at most {most_wait:.1e} s"
                );
            }
        }
    }

    #[test]
    fn a_record_is_kept_only_where_it_is_asked_for() {
        let x = common::fractions(3, 40 * 8);
        let features = Features::new(&x, 40, 8).unwrap();
        let plain = Gpu::open(&SOFTWARE.parse().unwrap()).unwrap();
        plain.upload(&features).unwrap();
        assert_eq!(plain.take_record().unwrap(), None);
        assert!(!plain.has_timestamps());

        let gpu = gpu();
        let pool = gpu.upload(&features).unwrap();
        let calls = |record: &coresift::DeviceRecord, name| {
            let part = record.parts.iter().find(|part| part.name == name);
            part.map_or(0, |part| part.calls)
        };
        let record = gpu.take_record().unwrap().unwrap();
        assert_eq!(
            (calls(&record, "upload"), calls(&record, "gather_rows")),
            (1, 0)
        );
        assert!(record.peak_bytes >= 4 * 40 * 8);
        // More dispatches than there are timestamps at a time.
        for _ in 0..2100 {
            pool.gather_rows(&[7]).unwrap();
        }
        let record = gpu.take_record().unwrap().unwrap();
        assert_eq!(calls(&record, "gather_rows"), 2100);
        assert!(record.parts.iter().all(|part| part.seconds > 0.0));
        assert!(gpu.take_record().unwrap().unwrap().parts.is_empty());
    }
}
