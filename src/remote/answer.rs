//! What comes back from a worker.

use super::wire::{self, Array};
use crate::error::Error;
use crate::features::Precision;
use crate::kernels::assigner::{Assignment, Margins};
use crate::kernels::residuals::Totals;
use crate::kernels::similarities::Round;
use crate::kernels::steps::{Firsts, Swept};
use crate::quantise::NEED;
use serde::{Deserialize, Serialize};

/// What is to be known of a pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct About {
    pub(crate) rows: u32,
    pub(crate) dim: u32,
    pub(crate) scale: f32,
    pub(crate) precision: Precision,
    pub(crate) values_at_once: u64,
    pub(crate) memory_limit: u64,
}

/// What is to be known of similarities: how many columns to ask for at a time, the bytes that may be kept and those up
/// to which it pays to keep several classes, and which classes are there together, by the first and the last of each
/// run.
#[derive(Serialize, Deserialize)]
pub(crate) struct AboutSimilarities {
    pub(crate) columns_at_once: u64,
    pub(crate) room: u64,
    pub(crate) batch: u64,
    pub(crate) together: Vec<(u32, u32)>,
}

/// As [`Margins`].
#[derive(Serialize, Deserialize)]
pub(crate) struct OfGroup<'a> {
    nearest: Array<'a, Assignment>,
    least: Array<'a, f32>,
    own: f32,
}

impl From<Margins> for OfGroup<'_> {
    fn from(margins: Margins) -> Self {
        Self {
            nearest: margins.nearest.into(),
            least: margins.least.into(),
            own: margins.own,
        }
    }
}

impl From<OfGroup<'_>> for Margins {
    fn from(group: OfGroup<'_>) -> Self {
        Self {
            nearest: group.nearest.into_vec(),
            least: group.least.into_vec(),
            own: group.own,
        }
    }
}

/// As [`Swept`].
#[derive(Serialize, Deserialize)]
pub(crate) struct OfSweep<'a> {
    counts: Array<'a, u64>,
    sums: Array<'a, i64>,
    moved: u64,
    is_far: bool,
}

impl From<Swept> for OfSweep<'_> {
    fn from(swept: Swept) -> Self {
        Self {
            counts: swept.counts.into(),
            sums: swept.sums.into(),
            moved: swept.moved,
            is_far: swept.is_far,
        }
    }
}

impl OfSweep<'_> {
    /// What it says of so many clusters.
    pub(crate) fn of(self, clusters: usize, dim: usize) -> Result<Swept, Error> {
        Ok(Swept {
            counts: self.counts.exactly(clusters)?,
            sums: self.sums.exactly(clusters * dim)?,
            moved: self.moved,
            is_far: self.is_far,
        })
    }
}

/// As [`Firsts`].
#[derive(Serialize, Deserialize)]
pub(crate) struct FirstRows<'a> {
    rows: Array<'a, u32>,
    numbers: Array<'a, f64>,
    distances_sq: Array<'a, f64>,
    points: Array<'a, f64>,
    rest: f64,
}

impl From<Firsts> for FirstRows<'_> {
    fn from(firsts: Firsts) -> Self {
        Self {
            rows: firsts.rows.into(),
            numbers: firsts.numbers.into(),
            distances_sq: firsts.distances_sq.into(),
            points: firsts.points.into(),
            rest: firsts.rest,
        }
    }
}

impl FirstRows<'_> {
    /// What it says of rows of `dim` values.
    pub(crate) fn of(self, dim: usize) -> Result<Firsts, Error> {
        let count = self.rows.len();
        Ok(Firsts {
            numbers: self.numbers.exactly(count)?,
            distances_sq: self.distances_sq.exactly(count)?,
            points: self.points.exactly(count * dim)?,
            rows: self.rows.into_vec(),
            rest: self.rest,
        })
    }
}

/// Rounds: the rows picked, and their gains.
#[derive(Serialize, Deserialize)]
pub(crate) struct Rounds<'a>(Array<'a, u32>, Array<'a, i64>);

impl From<&[Round]> for Rounds<'_> {
    fn from(rounds: &[Round]) -> Self {
        let rows: Vec<u32> = rounds.iter().map(|round| round.row as u32).collect();
        let gains: Vec<i64> = rounds.iter().map(|round| round.gain).collect();
        Self(rows.into(), gains.into())
    }
}

impl Rounds<'_> {
    pub(crate) fn rounds(&self) -> Vec<Round> {
        let rounds = self.0.iter().zip(self.1.iter());
        rounds
            .map(|(&row, &gain)| Round {
                row: row as usize,
                gain,
            })
            .collect()
    }
}

/// Those of [`Totals`].
pub(crate) type Sums = (f64, f64);

pub(crate) fn sums(totals: Totals) -> Sums {
    (totals.rate, totals.residual_sq)
}

pub(crate) fn totals((rate, residual_sq): Sums) -> Totals {
    Totals { rate, residual_sq }
}

/// An answer, encoded.
pub(crate) fn ok(answer: impl Serialize) -> Result<Vec<u8>, Error> {
    Ok(wire::encode(&Ok::<_, Failure>(answer)))
}

/// Why there is no answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Failure {
    ZeroRow(u64),
    OutOfMemory(u64, Option<u64>),
    Interrupted,
    DeviceLost(String),
    Unreadable(String),
    Other(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::ZeroRow { row, .. } => Self::ZeroRow(row as u64),
            Error::OutOfMemory {
                needed, available, ..
            } => Self::OutOfMemory(needed, available),
            Error::Interrupted { .. } => Self::Interrupted,
            Error::DeviceLost { reason, .. } => Self::DeviceLost(reason),
            Error::Unreadable { reason, .. } => Self::Unreadable(reason),
            Error::Device(reason) => Self::Other(reason),
            other => Self::Other(other.to_string()),
        }
    }
}

impl Failure {
    /// The error, to whoever drives.
    pub(crate) fn error(self) -> Error {
        let partial = Box::default();
        match self {
            Self::ZeroRow(row) => Error::ZeroRow {
                row: row as usize,
                need: NEED,
            },
            Self::OutOfMemory(needed, available) => Error::OutOfMemory {
                what: "a worker's state",
                needed,
                available,
            },
            Self::Interrupted => Error::Interrupted {
                missing: None,
                partial,
            },
            Self::DeviceLost(reason) => Error::DeviceLost { reason, partial },
            Self::Unreadable(reason) => Error::Unreadable { reason, partial },
            Self::Other(reason) => Error::Device(reason),
        }
    }
}
