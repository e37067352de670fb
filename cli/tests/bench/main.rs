//! What `coresift bench` measures: on the CPU, on a software adapter, and on devices that fail.

#[path = "../../../tests/common/mod.rs"]
mod common;

mod odd;
#[cfg(feature = "gpu")]
mod software;

use coresift_cli::bench::report::{Adapter, Report, load, save};
use coresift_cli::bench::{self, Cpu, Device, Sizes};
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

const KERNELS: [&str; 22] = [
    "k_nearest",
    "count_within",
    "deflate",
    "due_rows",
    "gather_rows",
    "greedy_rounds",
    "linear_row_sums",
    "mark_within",
    "assign",
    "nearest_other_label",
    "quantise",
    "refresh",
    "row_norms",
    "row_sums",
    "store_similarities",
    "sum_columns",
    "sum_stored",
    "columns",
    "gain_columns",
    "gain_stored",
    "raise",
    "cover_rounds",
];

const SELECTORS: [&str; 15] = [
    "uniform",
    "norm",
    "gram_schmidt",
    "gram_schmidt greedy",
    "gram_schmidt ridge",
    "log_det",
    "then (norm, gram_schmidt)",
    "sas",
    "sas none",
    "typiclust",
    "prob_cover",
    "k_center",
    "coverage",
    "facility_location",
    "herding",
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
        serde_json::from_str(include_str!("../../src/bench/report.schema.json")).unwrap();
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
            "gemm f32 assign",
            "gemm f32 k_nearest",
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
