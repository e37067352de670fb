//! What a worker is to load, and what it says of that.

use coresift::Unit;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The rows that one worker has, where they are, and what works on them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// What is read, as [`FeatureFile::open`](crate::features::FeatureFile::open) takes it.
    pub features: Vec<PathBuf>,
    /// What files without a header hold: `f32,512`.
    pub raw: Option<String>,
    /// The first of its rows, and the one past the last.
    pub rows: [u64; 2],
    /// Rows that are left out, by their numbers among all; those of others do no harm.
    pub exclude: Vec<u64>,
    /// Whether rows are left out that are not finite or too long, and those of zeros.
    pub skip: [bool; 2],
    /// Whether the mean of all rows that are not left out is subtracted from them.
    pub center: bool,
    /// A [`DeviceChoice`](coresift::DeviceChoice), as text.
    pub device: String,
    /// Bounds on memory, the host's and the device's, in bytes.
    pub memory: Option<u64>,
    /// That of the device.
    pub device_memory: Option<u64>,
    /// Threads that share the work.
    pub threads: Option<usize>,
}

impl Share {
    /// Shares of the same kind, one for each of so many workers or rows, that cut so many rows evenly.
    #[must_use]
    pub fn cut(&self, rows: usize, workers: usize) -> Vec<Self> {
        let count = workers.min(rows).max(1);
        let start = |at: usize| (rows as u128 * at as u128 / count as u128) as u64;
        let share = |worker: usize| Self {
            rows: [start(worker), start(worker + 1)],
            ..self.clone()
        };
        (0..count).map(share).collect()
    }
}

/// What goes before a worker serves its pool.
#[derive(Serialize, Deserialize)]
pub(super) enum Setup {
    /// The version of the driver, and what to load.
    Load(String, Share),
    /// From which of the rows that are not left out their sums are asked for, so many rows to each.
    Sums(u64),
    /// How many of the first of those are to be added to the sum of rows before.
    First(u64, Vec<f64>),
    /// What is subtracted from all rows: they are then checked anew.
    Center(Vec<f64>),
    /// What the parts agree on: the worker makes its pool, and serves it from then on.
    Begin(Unit),
}

/// What a worker has loaded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Loaded {
    /// Those of the rows that are not left out, counted from the first of its share, where any is.
    pub(super) numbers: Option<Vec<u32>>,
    pub(super) rows: u64,
    pub(super) dim: u64,
    pub(super) unit: Option<Unit>,
    /// Squared lengths of the rows, by which features are told apart.
    pub(super) squared_lengths: Vec<f64>,
    /// What works on them.
    pub(super) device: String,
}

impl Loaded {
    /// Whether the rows are those of another, as far as their lengths tell. What works on them may differ.
    pub(super) fn has_rows_of(&self, other: &Self) -> bool {
        let of = |part: &Self| (part.rows, part.dim);
        of(self) == of(other)
            && self.numbers == other.numbers
            && self.squared_lengths == other.squared_lengths
    }
}
