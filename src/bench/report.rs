//! The report of a run: its fields, and the file that keeps it.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// What this version writes and reads; `report.schema.json` describes it.
pub const SCHEMA: &str = "coresift-bench/1";

/// What was measured in one run. Times are in seconds, sizes in bytes; one multiply-add counts as
/// two operations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: String,
    /// Version of this crate.
    pub crate_version: String,
    /// Version of wgpu, in a build that has it.
    #[serde(deserialize_with = "present")]
    pub wgpu_version: Option<String>,
    /// Whether sizes were cut down for a quick look.
    pub quick: bool,
    /// When the run began: UTC, ISO 8601.
    pub date: String,
    /// What was measured on each.
    pub adapters: Vec<Adapter>,
}

/// What was measured on one adapter, or on the CPU.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// Its name, by the driver.
    pub name: String,
    /// `cpu`, `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// `cpu-pool`, `discrete`, `integrated`, `virtual`, `software` or `other`.
    pub kind: String,
    /// Driver and its version; may be empty.
    pub driver: String,
    /// Threads of a CPU pool.
    #[serde(deserialize_with = "present")]
    pub threads: Option<usize>,
    /// Limits of the device, by name.
    pub limits: BTreeMap<String, u64>,
    /// How kernels were timed.
    pub timing: Timing,
    /// What the adapter itself reaches.
    pub ceilings: Vec<Ceiling>,
    /// What kernels reach of it.
    pub kernels: Vec<Kernel>,
    /// What whole selections take.
    pub selectors: Vec<Selector>,
    /// What could not be measured.
    pub missing: Vec<Missing>,
}

/// How kernels were timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timing {
    /// By the device's own clock.
    Timestamps,
    /// By the host's, from submission to the answer.
    WallClock,
}

/// Seconds of repeated runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// Each run's, in the order of the runs; at least one.
    #[serde(deserialize_with = "some_seconds")]
    pub seconds: Vec<f64>,
}

impl Samples {
    /// The middle of the sorted seconds, or of their middle two; NaN where there is none.
    pub fn median(&self) -> f64 {
        let mut sorted = self.seconds.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            n => (sorted[(n - 1) / 2] + sorted[n / 2]) / 2.0,
        }
    }

    /// Longest less shortest, as a share of the median.
    pub fn spread(&self) -> f64 {
        let longest = self.seconds.iter().fold(f64::NAN, |a, &b| a.max(b));
        let shortest = self.seconds.iter().fold(f64::NAN, |a, &b| a.min(b));
        (longest - shortest) / self.median()
    }
}

/// Something that the adapter itself reaches, at best.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    /// `copy`, `read`, `multiply-add f32`, `multiply-add f16`, `multiply-add i32`, `dispatch`,
    /// `read-back`, `upload` or `gemm f32`.
    pub name: String,
    /// What it is a limit of.
    pub unit: Unit,
    /// Bytes moved or operations done in a sample; 0 of latencies.
    #[serde(deserialize_with = "not_negative")]
    pub work: f64,
    /// Seconds of each run.
    pub samples: Samples,
}

impl Ceiling {
    /// Median figure in [`Ceiling::unit`]: work a second, or seconds.
    pub fn rate(&self) -> f64 {
        match self.unit {
            Unit::Seconds => self.samples.median(),
            Unit::BytesPerSecond | Unit::OperationsPerSecond => self.work / self.samples.median(),
        }
    }
}

/// What a ceiling is a limit of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Bandwidth.
    BytesPerSecond,
    /// Arithmetic.
    OperationsPerSecond,
    /// Latency.
    Seconds,
}

/// One kernel at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kernel {
    /// Its name.
    pub name: String,
    /// Rows, columns and whatever else its work grows with, by name.
    pub size: BTreeMap<String, u64>,
    /// Bytes that it cannot do without moving.
    #[serde(deserialize_with = "not_negative")]
    pub bytes: f64,
    /// Operations that it cannot do without.
    #[serde(deserialize_with = "not_negative")]
    pub operations: f64,
    /// Name of the ceiling that gives the longer least time.
    pub bound_by: String,
    /// That time.
    #[serde(deserialize_with = "not_negative")]
    pub least_seconds: f64,
    /// Seconds of each run.
    pub samples: Samples,
}

impl Kernel {
    /// How much of its ceiling it reaches, at most about 1.
    pub fn share(&self) -> f64 {
        self.least_seconds / self.samples.median()
    }
}

/// One selector at one size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Selector {
    /// Its name.
    pub name: String,
    /// Rows, columns, budget and whatever else its work grows with, by name.
    pub size: BTreeMap<String, u64>,
    /// Seconds from features in host memory to picks, of each run.
    pub samples: Samples,
    /// Passes made over the features.
    pub passes: u64,
    /// Seconds in kernels.
    #[serde(deserialize_with = "not_negative")]
    pub device_seconds: f64,
    /// Seconds on the host.
    #[serde(deserialize_with = "not_negative")]
    pub host_seconds: f64,
    /// Most bytes of device memory held at a time, where that is known.
    #[serde(deserialize_with = "present")]
    pub peak_device_bytes: Option<u64>,
    /// What its kernels took.
    pub parts: Vec<Part>,
}

/// What one kernel took of a selection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The kernel's name.
    pub kernel: String,
    /// How often it was called.
    pub calls: u64,
    /// Seconds of all calls.
    #[serde(deserialize_with = "not_negative")]
    pub seconds: f64,
}

/// Something that could not be measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Missing {
    /// A ceiling, kernel or selector.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// Writes a report.
///
/// # Errors
///
/// What the system said.
pub fn save(report: &Report, path: &Path) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(report).expect("every key is text");
    text.push('\n');
    std::fs::write(path, text)
}

/// A report for the terminal.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    for a in &report.adapters {
        text += &format!("{} {} {} {:?}\n", a.name, a.backend, a.kind, a.timing);
        for c in &a.ceilings {
            text += &format!(
                "  {:24} {:12.4e} {:?} median {:.3e} s spread {:.2}\n",
                c.name,
                c.rate(),
                c.unit,
                c.samples.median(),
                c.samples.spread()
            );
        }
        for k in &a.kernels {
            text += &format!(
                "  {:20} {:6.1} % of {:20} median {:.3e} s spread {:.2} {:?}\n",
                k.name,
                100.0 * k.share(),
                k.bound_by,
                k.samples.median(),
                k.samples.spread(),
                k.size
            );
        }
        for s in &a.selectors {
            let parts: f64 = s.parts.iter().map(|p| p.seconds).sum();
            text += &format!(
                "  {:20} {:.3e} s spread {:.2} passes {} device {:.3e} host {:.3e} parts {:.3} of device peak {:?} {:?}\n",
                s.name,
                s.samples.median(),
                s.samples.spread(),
                s.passes,
                s.device_seconds,
                s.host_seconds,
                parts / s.device_seconds,
                s.peak_device_bytes,
                s.parts
            );
        }
        for m in &a.missing {
            text += &format!("  missing {}: {}\n", m.what, m.why);
        }
    }
    text
}

/// A field that may be null but not left out, which an `Option` else might be.
fn present<'de, D, T>(field: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(field)
}

fn not_negative<'de, D: Deserializer<'de>>(field: D) -> Result<f64, D::Error> {
    let value = f64::deserialize(field)?;
    if value < 0.0 {
        return Err(D::Error::custom(format!("{value} is negative")));
    }
    Ok(value)
}

fn some_seconds<'de, D: Deserializer<'de>>(field: D) -> Result<Vec<f64>, D::Error> {
    let seconds = Vec::<f64>::deserialize(field)?;
    if seconds.is_empty() {
        return Err(D::Error::custom("there is no sample"));
    }
    match seconds.iter().find(|&&value| value < 0.0) {
        Some(value) => Err(D::Error::custom(format!("{value} is negative"))),
        None => Ok(seconds),
    }
}
