//! The one error type: what can go wrong, in the caller's terms.

use crate::selection::Selection;
use std::ops::Range;

/// Why a pool could not be made or a selection not be finished.
///
/// Every variant is either the caller's to mend (shape, value, option) or the machine's
/// (adapter, memory, device). A broken promise of this crate's own is a panic.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The slice does not hold `rows * dim` values.
    #[error("features: {len} values found, {rows} rows of {dim} expected")]
    Shape {
        /// Rows asked for.
        rows: usize,
        /// Columns asked for.
        dim: usize,
        /// Values given.
        len: usize,
    },
    /// The features' owner gives another number of values than when they were checked.
    #[error(
        "features: an owner of {len} values found, {rows} rows of {dim} expected, as it had before"
    )]
    OwnerChanged {
        /// Rows it had.
        rows: usize,
        /// Columns it had.
        dim: usize,
        /// Values that it gives now.
        len: usize,
    },
    /// There is not one row or not one column.
    #[error("features: shape {rows} x {dim} found, at least one row and one column expected")]
    Empty {
        /// Rows given.
        rows: usize,
        /// Columns given.
        dim: usize,
    },
    /// An array view's rows do not lie one after another in memory.
    #[error("features: strides {strides:?} found, row-major rows without gaps expected")]
    Layout {
        /// The strides found, in elements.
        strides: Vec<isize>,
    },
    /// A feature is NaN or infinite.
    #[error("features: {value} found at row {row}, column {column}, a finite value expected")]
    NotFinite {
        /// Row of the first such value.
        row: usize,
        /// Column of the first such value in that row.
        column: usize,
        /// The value.
        value: f32,
    },
    /// A row's squared length is past the largest `f32`.
    #[error(
        "features: row {row} has length {norm:e}, at most 1.8e19 expected (its square must fit an f32)"
    )]
    RowOverflow {
        /// The first such row.
        row: usize,
        /// Its Euclidean length.
        norm: f64,
    },
    /// A row of zeros has no direction, where one is needed.
    #[error("features: row {row} is all zeros, a row with a direction expected ({need})")]
    ZeroRow {
        /// The first such row.
        row: usize,
        /// What needs a direction.
        need: &'static str,
    },
    /// More picks were asked for than there are rows left to pick.
    #[error(
        "budget: {budget} picks asked for, at most {} expected ({rows} rows, {labelled} of them labelled)",
        rows - labelled
    )]
    Budget {
        /// Picks asked for.
        budget: usize,
        /// Rows in the pool.
        rows: usize,
        /// Rows already labelled.
        labelled: usize,
    },
    /// A labelled index is no row of the pool.
    #[error("labelled: row {row} found, indices below {rows} expected")]
    LabelledRange {
        /// The index found.
        row: usize,
        /// Rows in the pool.
        rows: usize,
    },
    /// A labelled index is given twice.
    #[error("labelled: row {row} found twice, every row at most once expected")]
    LabelledTwice {
        /// The index found twice.
        row: usize,
    },
    /// An option is outside what its method is defined for.
    #[error("{argument}: {found} found, {expected} expected")]
    Argument {
        /// Name of the option's field.
        argument: &'static str,
        /// What it held.
        found: String,
        /// What it may hold.
        expected: String,
    },
    /// No adapter goes by that name.
    #[error(
        "device: no adapter named {name:?} found, one of these expected: {}",
        list(available)
    )]
    UnknownDevice {
        /// The name asked for.
        name: String,
        /// The adapters there are, with their numbers.
        available: Vec<String>,
    },
    /// No adapter has that number.
    #[error(
        "device: no adapter of number {number} found, one of these expected: {}",
        list(available)
    )]
    DeviceNumber {
        /// The number asked for.
        number: usize,
        /// The adapters there are, with their numbers.
        available: Vec<String>,
    },
    /// A part of a name fits adapters of several names.
    #[error(
        "device: several adapters named {name:?} found, one of their numbers expected: {}",
        list(fitting)
    )]
    AmbiguousDevice {
        /// The name asked for.
        name: String,
        /// The adapters that it fits, with their numbers.
        fitting: Vec<String>,
    },
    /// The best GPU was asked for and there is no hardware adapter.
    #[error(
        "device: no hardware GPU found, one expected (software adapters are opened by their number or name alone)"
    )]
    NoAdapter,
    /// The device cannot serve: a limit is too small, or it refused a request.
    #[error("device: {0}")]
    Device(String),
    /// A worker cannot do its part.
    #[error("worker {worker} (rows {first} to {last}): {reason}")]
    Worker {
        /// Its number.
        worker: usize,
        /// The first of its rows.
        first: usize,
        /// The last of them.
        last: usize,
        /// What it said.
        reason: String,
    },
    /// The application's own buffer cannot serve as a pool.
    #[error("buffer: {found} found, {expected} expected")]
    Buffer {
        /// What the buffer is.
        found: String,
        /// What a pool needs.
        expected: String,
    },
    /// A pool or its working state does not fit the device's memory.
    #[error("{what}: {needed} bytes needed, {} available", available.map_or("fewer".to_owned(), |b| b.to_string()))]
    OutOfMemory {
        /// What was being placed.
        what: &'static str,
        /// Bytes it takes.
        needed: u64,
        /// Bytes there are, where the device or the caller states a bound.
        available: Option<u64>,
    },
    /// The system would not let us use a file.
    #[error("{path}: {problem}: {reason}")]
    File {
        /// The file.
        path: String,
        /// What could not be done.
        problem: &'static str,
        /// What the system said.
        reason: String,
    },
    /// A report of measurements is none, or does not go with another.
    #[error("{report}: {found} found, {expected} expected")]
    Report {
        /// The report, by its file.
        report: String,
        /// What it holds.
        found: String,
        /// What it should.
        expected: String,
    },
    /// The device was lost in the middle of a run; what had been picked is kept.
    #[error("device lost: {reason} ({} picks had been made)", partial.picks.len())]
    DeviceLost {
        /// What the driver said.
        reason: String,
        /// The picks made before; each is final.
        partial: Box<Selection>,
    },
    /// Rows could not be read, in the middle of a run perhaps; what had been picked is kept.
    #[error("{reason}{}", picks_made(partial))]
    Unreadable {
        /// What the reader said.
        reason: String,
        /// The picks made before; each is final.
        partial: Box<Selection>,
    },
    /// The run was ended from outside: by a [`Stop`](crate::Stop), by whom its progress was reported to, or by the
    /// loss of a worker that cannot come back.
    #[error("interrupted{} ({} picks had been made)", lacking(missing), partial.picks.len())]
    Interrupted {
        /// The rows that nobody has any more, where a worker cannot come back; none where somebody asked for the end.
        missing: Option<MissingRows>,
        /// The picks made before; each is final. They are the first of those that the whole run would
        /// have made, but for selectors that say otherwise.
        partial: Box<Selection>,
    },
}

impl Error {
    /// The same error, with these picks where it ends a run that had made some.
    #[must_use]
    pub fn with_partial(self, partial: Selection) -> Self {
        let partial = Box::new(partial);
        match self {
            Self::DeviceLost { reason, .. } => Self::DeviceLost { reason, partial },
            Self::Unreadable { reason, .. } => Self::Unreadable { reason, partial },
            Self::Interrupted { missing, .. } => Self::Interrupted { missing, partial },
            other => other,
        }
    }
}

/// Rows of a worker that is lost, and for which there is no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingRows {
    /// Which rows, by their numbers in the pool that was worked on; none where the worker has never said how many it has.
    pub rows: Range<usize>,
    /// Which worker it was, and why there is no other.
    pub reason: String,
}

fn lacking(missing: &Option<MissingRows>) -> String {
    match missing {
        None => String::new(),
        Some(MissingRows { rows, reason }) if rows.is_empty() => format!(": {reason}"),
        Some(MissingRows { rows, reason }) => format!(
            ": rows {} to {} are missing: {reason}",
            rows.start,
            rows.end - 1
        ),
    }
}

fn picks_made(partial: &Selection) -> String {
    match partial.picks.len() {
        0 => String::new(),
        picks => format!(" ({picks} picks had been made)"),
    }
}

/// Names on one line.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}
