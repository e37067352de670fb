//! The report of a run: its fields, and the file that keeps it.

use coresift::Error;
use coresift_io::file::{self, Unopened};
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::Read as _;
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

/// Most bytes of a report; those of a few dozen adapters are far below.
const LONGEST: u64 = 1 << 24;

/// Most runs of one thing. A list takes up to three times its length as it grows, so that without a bound
/// a file could claim many times its own size.
const MOST_RUNS: usize = 1000;

/// Seconds of repeated runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// Each run's, in the order of the runs; 1 to 1000.
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

/// A report and what to call it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// Its file, or another name that tells it from others.
    pub name: String,
    /// The report.
    pub report: Report,
}

/// Reads a report.
///
/// # Errors
///
/// [`Error::File`] if the file cannot be read, [`Error::Report`] if it holds no report of [`SCHEMA`].
pub fn load(path: &Path) -> Result<Report, Error> {
    let (mut file, about) = file::open(path).map_err(|why| match why {
        Unopened::Other(kind) => refused(path, kind.to_owned()),
        Unopened::System(e) => super::unusable(path, "cannot open the file", &e),
    })?;
    if about.len() > LONGEST {
        return Err(refused(path, format!("a file of {} bytes", about.len())));
    }
    let mut text = String::new();
    file.read_to_string(&mut text)
        .map_err(|e| super::unusable(path, "cannot read the file", &e))?;
    parse(&text).map_err(|found| refused(path, found))
}

/// Writes a report. The file appears whole or not at all.
///
/// # Errors
///
/// [`Error::File`] if the file cannot be written, [`Error::Report`] if it could not be read again: a
/// figure is not finite or negative, samples are none, the schema is not [`SCHEMA`].
pub fn save(report: &Report, path: &Path) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(report).map_err(|e| refused(path, e.to_string()))?;
    parse(&text).map_err(|found| refused(path, found))?;
    file::replace(path, format!("{text}\n").as_bytes())
        .map_err(|e| super::unusable(path, "cannot write the file", &e))
}

fn refused(path: &Path, found: String) -> Error {
    Error::Report {
        report: path.display().to_string(),
        found,
        expected: format!("a report of schema {SCHEMA:?}"),
    }
}

/// A report, or what was found in place of one.
fn parse(text: &str) -> Result<Report, String> {
    /// The field that every version has.
    #[derive(Deserialize)]
    struct Version {
        schema: String,
    }
    let no_report = |e: serde_json::Error| format!("no report ({})", Start::of(e));
    let version: Version = serde_json::from_str(text).map_err(no_report)?;
    if version.schema != SCHEMA {
        return Err(format!(
            "schema {}",
            Start::of(format_args!("{:?}", version.schema))
        ));
    }
    serde_json::from_str(text).map_err(no_report)
}

/// The start of a message that quotes what it found, which may be the whole file.
struct Start(String);

impl Start {
    fn of(message: impl fmt::Display) -> String {
        let mut start = Self(String::new());
        write!(start, "{message}").expect("memory takes every character");
        start.0
    }
}

impl fmt::Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = 400usize.saturating_sub(self.0.len());
        self.0.extend(text.chars().take(room));
        Ok(())
    }
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
    field.deserialize_seq(Runs)
}

/// Reads the seconds of some runs.
struct Runs;

impl<'de> Visitor<'de> for Runs {
    type Value = Vec<f64>;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(words, "1 to {MOST_RUNS} samples")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<f64>, A::Error> {
        let mut seconds = Vec::new();
        while let Some(value) = list.next_element()? {
            if value < 0.0 {
                return Err(A::Error::custom(format!("{value} is negative")));
            }
            seconds.push(value);
            if seconds.len() > MOST_RUNS {
                return Err(A::Error::invalid_length(seconds.len(), &self));
            }
        }
        if seconds.is_empty() {
            return Err(A::Error::custom("there is no sample"));
        }
        seconds.shrink_to_fit();
        Ok(seconds)
    }
}
