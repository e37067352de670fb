//! What a driver asks of a worker, and what comes back.

use super::wire::{self, Array};
use crate::error::Error;
use crate::features::Precision;
use crate::kernels::assigner::{Assignment, Margins};
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::Thresholds;
use crate::kernels::rbf::Rbf;
use crate::kernels::residuals::{Rate, RowState, Totals};
use crate::kernels::similarities::{Round, Update};
use crate::lp::Lp;
use crate::quantise::{IntegerRows, Length, NEED};
use serde::{Deserialize, Serialize};

/// One message: which handles and pools are done with, and what is asked.
#[derive(Serialize, Deserialize)]
pub(super) struct Message<'a> {
    pub(super) closed: Vec<u32>,
    pub(super) ask: Ask<'a>,
}

/// What is asked, of a pool or of a handle by its number.
#[derive(Serialize, Deserialize)]
pub(super) enum Ask<'a> {
    Pool(u32, OfPool<'a>),
    Residuals(u32, OfResiduals<'a>),
    Similarities(u32, OfSimilarities<'a>),
    Neighbours(u32, OfNeighbours<'a>),
    Assigner(u32, OfAssigner<'a>),
}

impl Ask<'_> {
    /// The handle that it is of, where it is of one.
    pub(super) fn handle(&self) -> Option<u32> {
        match self {
            Self::Pool(..) => None,
            Self::Residuals(number, _)
            | Self::Similarities(number, _)
            | Self::Neighbours(number, _)
            | Self::Assigner(number, _) => Some(*number),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(super) enum OfPool<'a> {
    About,
    RowNorms(Lp),
    GatherRows(Array<'a, u32>),
    GivenRows(Array<'a, u32>),
    KNearest(Vec<Cluster<'a>>, u32),
    /// As [`UnitMoves`](crate::kernels::UnitMoves).
    SumUnits(Array<'a, u32>, Array<'a, u32>, Array<'a, u32>, u32),
    /// The number of a new pool, its rows and their values.
    Beside(u32, u32, Array<'a, f32>),
    /// The number of a new handle.
    OpenResiduals(u32),
    OpenSimilarities(u32, Examples<'a>, Function<'a>),
    OpenSimilaritiesOf(u32, Integers<'a>, Array<'a, u32>, Function<'a>),
    OpenNeighbours(u32),
    OpenAssigner(u32, Array<'a, f32>),
}

/// As [`ClusterRows`](crate::kernels::ClusterRows).
#[derive(Serialize, Deserialize)]
pub(super) struct Cluster<'a> {
    pub(super) rows: Array<'a, u32>,
    pub(super) lengths: Array<'a, f64>,
    pub(super) centre: Array<'a, f64>,
    pub(super) halves: Array<'a, f32>,
}

/// As [`Examples`](crate::kernels::Examples).
#[derive(Serialize, Deserialize)]
pub(super) struct Examples<'a> {
    pub(super) classes: Vec<Array<'a, u32>>,
    pub(super) views: u32,
    pub(super) length: Length,
}

#[derive(Serialize, Deserialize)]
pub(super) enum OfResiduals<'a> {
    Load(Array<'a, RowState>),
    Read,
    Write(Array<'a, u32>, Array<'a, RowState>),
    DueRows(f32, Rate, u32),
    Deflate(Array<'a, f32>, Array<'a, f32>, Rate),
    DeflateLargest(Array<'a, f32>, u32, u32, Rate),
    Refresh(Array<'a, f32>, f32, Rate),
}

#[derive(Serialize, Deserialize)]
pub(super) enum OfSimilarities<'a> {
    Rows(Array<'a, u32>),
    Squares,
    Total(u32),
    RowSums,
    SumColumns(Array<'a, u32>),
    Columns(Array<'a, u32>),
    SetCover(Array<'a, u16>, Option<Array<'a, u16>>),
    Covered,
    Raise(Array<'a, u32>),
    GainColumns(Array<'a, u32>),
    Room,
    Store(u32, u32),
    SumStored(Array<'a, u32>),
    GainStored(Array<'a, u32>),
    CoverRounds(u32, Array<'a, i64>, u32),
    GreedyRounds(Array<'a, i64>, Array<'a, u32>, Update),
}

#[derive(Serialize, Deserialize)]
pub(super) enum OfNeighbours<'a> {
    CountWithin(i32),
    MarkWithin(Array<'a, u32>, Array<'a, u32>, Thresholds),
    Rows(Array<'a, u32>),
    CountVisitors(Integers<'a>, i32),
    MarkVisitors(Integers<'a>, Array<'a, u32>, Thresholds),
    NearestVisitors(Array<'a, u32>, Integers<'a>, Array<'a, u32>),
    NearestOtherLabel(Array<'a, u32>),
}

#[derive(Serialize, Deserialize)]
pub(super) enum OfAssigner<'a> {
    Assign(Array<'a, f32>, Array<'a, f32>),
    /// Groups of rows, and their vectors.
    Margins(
        Vec<(Array<'a, u32>, Array<'a, u32>)>,
        Array<'a, f64>,
        Array<'a, f64>,
    ),
}

/// Integer rows: their pitch, and all values.
#[derive(Serialize, Deserialize)]
pub(super) struct Integers<'a>(u32, Array<'a, i16>);

impl<'a> From<&'a IntegerRows> for Integers<'a> {
    fn from(rows: &'a IntegerRows) -> Self {
        Self(rows.pitch() as u32, rows.values().into())
    }
}

impl From<IntegerRows> for Integers<'_> {
    fn from(rows: IntegerRows) -> Self {
        Self(rows.pitch() as u32, rows.into_values().into())
    }
}

impl Integers<'_> {
    /// The rows, of `dim` values each.
    pub(super) fn rows(self, dim: usize) -> Result<IntegerRows, Error> {
        let pitch = IntegerRows::pitch_of(dim);
        if self.0 as usize != pitch || !self.1.len().is_multiple_of(pitch) {
            return Err(Error::Device(format!(
                "message: {} values in rows of {} found, rows of {pitch} expected",
                self.1.len(),
                self.0
            )));
        }
        Ok(IntegerRows::of(self.1.into_vec(), pitch))
    }
}

/// As [`KernelFunction`].
#[derive(Serialize, Deserialize)]
pub(super) enum Function<'a> {
    Linear,
    Thresholded(i32),
    /// What distances are shifted by, and the table.
    Rbf(u32, Array<'a, u32>),
}

impl<'a> From<&'a KernelFunction> for Function<'a> {
    fn from(function: &'a KernelFunction) -> Self {
        match function {
            KernelFunction::Linear => Self::Linear,
            KernelFunction::Thresholded(least) => Self::Thresholded(*least),
            KernelFunction::Rbf(rbf) => {
                let (shift, table) = rbf.table();
                Self::Rbf(shift, table.into())
            }
        }
    }
}

impl Function<'_> {
    /// The function, where there is one.
    pub(super) fn function(self) -> Result<KernelFunction, Error> {
        let function = match self {
            Self::Linear => Some(KernelFunction::Linear),
            Self::Thresholded(least) => (least >= 0).then_some(KernelFunction::Thresholded(least)),
            Self::Rbf(shift, table) => Rbf::of_table(shift, &table).map(KernelFunction::Rbf),
        };
        function.ok_or_else(|| Error::Device("message: no kernel function found".to_owned()))
    }
}

/// What is to be known of a pool.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) rows: u32,
    pub(super) dim: u32,
    pub(super) scale: f32,
    pub(super) precision: Precision,
    pub(super) values_at_once: u64,
    pub(super) memory_limit: u64,
}

/// What is to be known of similarities: how many columns to ask for at a time, and which classes are there
/// together, by the first and the last of each run.
#[derive(Serialize, Deserialize)]
pub(super) struct AboutSimilarities {
    pub(super) columns_at_once: u64,
    pub(super) together: Vec<(u32, u32)>,
}

/// As [`Margins`].
#[derive(Serialize, Deserialize)]
pub(super) struct OfGroup<'a> {
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

/// Rounds: the rows picked, and their gains.
#[derive(Serialize, Deserialize)]
pub(super) struct Rounds<'a>(Array<'a, u32>, Array<'a, i64>);

impl From<&[Round]> for Rounds<'_> {
    fn from(rounds: &[Round]) -> Self {
        let rows: Vec<u32> = rounds.iter().map(|round| round.row as u32).collect();
        let gains: Vec<i64> = rounds.iter().map(|round| round.gain).collect();
        Self(rows.into(), gains.into())
    }
}

impl Rounds<'_> {
    pub(super) fn rounds(&self) -> Vec<Round> {
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
pub(super) type Sums = (f64, f64);

pub(super) fn sums(totals: Totals) -> Sums {
    (totals.rate, totals.residual_sq)
}

pub(super) fn totals((rate, residual_sq): Sums) -> Totals {
    Totals { rate, residual_sq }
}

/// An answer, encoded.
pub(super) fn ok(answer: impl Serialize) -> Result<Vec<u8>, Error> {
    Ok(wire::encode(&Ok::<_, Failure>(answer)))
}

/// Why there is no answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Failure {
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
    pub(super) fn error(self) -> Error {
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
            Self::Interrupted => Error::Interrupted { partial },
            Self::DeviceLost(reason) => Error::DeviceLost { reason, partial },
            Self::Unreadable(reason) => Error::Unreadable { reason, partial },
            Self::Other(reason) => Error::Device(reason),
        }
    }
}
