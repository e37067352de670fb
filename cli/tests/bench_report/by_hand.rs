//! Reports by hand.

use coresift_cli::bench::report::{
    Adapter, Ceiling, Kernel, Missing, Named, Part, Report, SCHEMA, Samples, Selector, Timing, Unit,
};
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) fn samples(seconds: &[f64]) -> Samples {
    let seconds = seconds.to_vec();
    Samples { seconds }
}

pub(crate) fn size(sizes: &[(&str, u64)]) -> BTreeMap<String, u64> {
    sizes
        .iter()
        .map(|&(name, value)| (name.to_owned(), value))
        .collect()
}

pub(crate) fn ceiling(name: &str, unit: Unit, work: f64, seconds: &[f64]) -> Ceiling {
    Ceiling {
        name: name.to_owned(),
        unit,
        work,
        samples: samples(seconds),
    }
}

/// A kernel whose least time is half a millisecond.
pub(crate) fn kernel(
    name: &str,
    bytes: f64,
    operations: f64,
    bound_by: &str,
    seconds: &[f64],
) -> Kernel {
    Kernel {
        name: name.to_owned(),
        size: size(&[("rows", 1_000_000), ("dim", 512)]),
        bytes,
        operations,
        bound_by: bound_by.to_owned(),
        least_seconds: 5e-4,
        samples: samples(seconds),
    }
}

pub(crate) fn selector(name: &str, budget: u64, median: f64) -> Selector {
    Selector {
        name: name.to_owned(),
        size: size(&[("rows", 50_000), ("dim", 512), ("budget", budget)]),
        samples: samples(&[0.9 * median, median, 1.2 * median]),
        passes: 12,
        device_seconds: 0.6 * median,
        host_seconds: 0.3 * median,
        peak_device_bytes: Some(3 << 30),
        parts: vec![Part {
            kernel: "deflate".to_owned(),
            calls: 12,
            seconds: 0.5 * median,
        }],
    }
}

pub(crate) fn adapter(name: &str, backend: &str, kind: &str) -> Adapter {
    Adapter {
        name: name.to_owned(),
        backend: backend.to_owned(),
        kind: kind.to_owned(),
        driver: String::new(),
        threads: None,
        limits: size(&[("max_buffer_size", 1 << 31)]),
        timing: Timing::Timestamps,
        ceilings: Vec::new(),
        kernels: Vec::new(),
        selectors: Vec::new(),
        missing: Vec::new(),
    }
}

/// An adapter that has everything.
pub(crate) fn gpu() -> Adapter {
    Adapter {
        driver: "driver 550.54".to_owned(),
        ceilings: vec![
            ceiling("copy", Unit::BytesPerSecond, 2e9, &[1e-3, 1.1e-3, 0.9e-3]),
            ceiling("multiply-add f32", Unit::OperationsPerSecond, 4e10, &[1e-3]),
            ceiling("multiply-add i32", Unit::OperationsPerSecond, 2e10, &[1e-3]),
            ceiling("dispatch", Unit::Seconds, 0.0, &[3e-6, 4e-6]),
        ],
        kernels: vec![
            kernel(
                "row_norms",
                2.048e9,
                1.024e9,
                "copy",
                &[1e-3, 1e-3, 1.25e-3],
            ),
            kernel("count_within", 1e7, 1e10, "multiply-add i32", &[2e-3]),
            kernel("gather_rows", 1e6, 0.0, "copy", &[1e-3]),
            kernel("multiply-add alone", 0.0, 1e9, "multiply-add f32", &[1e-3]),
        ],
        selectors: vec![
            selector("gram-schmidt", 200, 0.5),
            selector("sas", 25_000, 0.25),
        ],
        missing: vec![Missing {
            what: "multiply-add f16".to_owned(),
            why: "the adapter has no SHADER_F16".to_owned(),
        }],
        ..adapter("Card 9000", "vulkan", "discrete")
    }
}

pub(crate) fn cpu() -> Adapter {
    Adapter {
        threads: Some(2),
        timing: Timing::WallClock,
        ..adapter("cpu", "cpu", "cpu-pool")
    }
}

pub(crate) fn report(adapters: Vec<Adapter>) -> Report {
    Report {
        schema: SCHEMA.to_owned(),
        crate_version: "0.1.0".to_owned(),
        wgpu_version: Some("30.0.1".to_owned()),
        quick: false,
        date: "2026-11-25T18:27:40Z".to_owned(),
        adapters,
    }
}

pub(crate) fn named(name: &str, adapters: Vec<Adapter>) -> Named {
    Named {
        name: name.to_owned(),
        report: report(adapters),
    }
}

pub(crate) fn json(report: &Report) -> Value {
    serde_json::to_value(report).unwrap()
}
