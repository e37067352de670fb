//! What a driver asks of a worker.

use super::wire::Array;
use crate::error::Error;
use crate::kernels::cut::{Cut, CutRule};
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::Thresholds;
use crate::kernels::rbf::Rbf;
use crate::kernels::residuals::{Rate, RowState};
use crate::kernels::similarities::Update;
use crate::kernels::steps::Typicality;
use crate::lp::Lp;
use crate::quantise::{FIXED_BITS, IntegerRows, Length};
use crate::random::RowIds;
use serde::{Deserialize, Serialize};

/// One message: which handles and pools are done with, messages that could wait for this one, and what is asked.
#[derive(Serialize, Deserialize)]
pub(crate) struct Message<'a> {
    pub(crate) closed: Vec<u32>,
    /// Encoded, and with nothing to be done before; they are answered only where they fail.
    pub(crate) before: Vec<Array<'a, u8>>,
    pub(crate) ask: Ask<'a>,
}

impl<'a> Message<'a> {
    /// What is asked, and nothing besides.
    pub(crate) fn of(ask: Ask<'a>) -> Self {
        Self {
            closed: Vec::new(),
            before: Vec::new(),
            ask,
        }
    }
}

/// What is asked, of a pool or of a handle by its number.
#[derive(Serialize, Deserialize)]
pub(crate) enum Ask<'a> {
    Pool(u32, OfPool<'a>),
    Residuals(u32, OfResiduals<'a>),
    Similarities(u32, OfSimilarities<'a>),
    Neighbours(u32, OfNeighbours<'a>),
    Assigner(u32, OfAssigner<'a>),
    Clustered(u32, OfClustered<'a>),
    Seeds(u32, OfSeeds<'a>),
    Distanced(u32, OfDistanced<'a>),
    Visited(u32, OfVisited<'a>),
}

impl Ask<'_> {
    /// The handle that it is of, where it is of one.
    pub(crate) fn handle(&self) -> Option<u32> {
        match self {
            Self::Pool(..) => None,
            Self::Residuals(number, _)
            | Self::Similarities(number, _)
            | Self::Neighbours(number, _)
            | Self::Assigner(number, _)
            | Self::Clustered(number, _)
            | Self::Seeds(number, _)
            | Self::Distanced(number, _)
            | Self::Visited(number, _) => Some(*number),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfPool<'a> {
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
    /// Classes by their sizes, and the first of their rows.
    OpenSimilaritiesOf(u32, Integers<'a>, Array<'a, u32>, Function<'a>),
    /// The integers of examples.
    IntegerRows(Examples<'a>),
    OpenNeighbours(u32),
    OpenAssigner(u32, Array<'a, f32>),
    /// Rows that stay with a centre, and the centres' places.
    OpenClustered(u32, Array<'a, u32>, Array<'a, u32>),
    OpenSeeds(u32, Ids<'a>),
    /// Whether by cosines.
    OpenDistanced(u32, bool),
    /// Of some of its rows, or of others by their values.
    Typical(Array<'a, u32>, Array<'a, f32>, Typicality),
    Squares,
    OpenVisited(u32, Array<'a, u32>, Function<'a>),
}

/// Which random numbers of a seed are a pool's rows'.
#[derive(Serialize, Deserialize)]
pub(crate) struct Ids<'a> {
    pub(crate) seed: u64,
    pub(crate) first: u64,
    /// The rows' own numbers, where they are not one after another.
    pub(crate) numbers: Option<Array<'a, u64>>,
    pub(crate) stage: u64,
}

impl Ids<'_> {
    pub(crate) fn new(seed: u64, row_ids: RowIds<'_>) -> Self {
        let numbers = row_ids.rows.map(|rows| {
            let numbers: Vec<u64> = rows.iter().map(|&number| number as u64).collect();
            numbers.into()
        });
        Self {
            seed,
            first: row_ids.first as u64,
            numbers,
            stage: row_ids.stage,
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfClustered<'a> {
    Assign(Array<'a, f64>),
    Put(Array<'a, u32>, Array<'a, u32>),
    Restore(Array<'a, u32>, u32),
    Labels,
    DistancesSq(Array<'a, f64>),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfDistanced<'a> {
    Sums,
    NearestTo(Array<'a, f64>),
    ToSome(Array<'a, f64>),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfSeeds<'a> {
    /// The centres placed, the first of the streams and their number, and how many rows are asked for.
    Firsts(Array<'a, f64>, u64, u32, u32),
}

/// As [`ClusterRows`](crate::kernels::ClusterRows).
#[derive(Serialize, Deserialize)]
pub(crate) struct Cluster<'a> {
    pub(crate) rows: Array<'a, u32>,
    pub(crate) lengths: Array<'a, f64>,
    pub(crate) centre: Array<'a, f64>,
    pub(crate) halves: Array<'a, f32>,
}

/// As [`Examples`](crate::kernels::Examples).
#[derive(Serialize, Deserialize)]
pub(crate) struct Examples<'a> {
    pub(crate) classes: Vec<Array<'a, u32>>,
    pub(crate) views: u32,
    pub(crate) length: Length,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfResiduals<'a> {
    Load(Array<'a, RowState>),
    /// Rows that take no part, and the numbers that the others begin with: which, their stream, and the rate.
    Begin(Array<'a, u32>, Option<(Ids<'a>, u64)>, Rate),
    Read,
    Write(Array<'a, u32>, Array<'a, RowState>),
    DueRows(f32, Rate, u32),
    Deflate(Array<'a, f32>, Array<'a, f32>, Rate),
    DeflateLargest(Array<'a, f32>, u32, u32, Rate),
    Refresh(Array<'a, f32>, f32, Rate),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfSimilarities<'a> {
    /// More of the rows that they are to be of.
    Take(Integers<'a>),
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
    Store(u32, u32),
    SumStored(Array<'a, u32>),
    GainStored(Array<'a, u32>),
    CoverRounds(u32, Array<'a, i64>, u32),
    NthDistances(Array<'a, u32>, u32),
    GreedyRounds(Array<'a, i64>, Array<'a, u32>, Update),
    Cuts(Vec<ClassCut<'a>>, CutRule),
}

/// As [`Cut`].
#[derive(Serialize, Deserialize)]
pub(crate) struct ClassCut<'a> {
    pub(crate) class: u32,
    pub(crate) budget: u32,
    pub(crate) is_kept: bool,
    pub(crate) labelled: Array<'a, u32>,
    pub(crate) numbers: Array<'a, u64>,
}

impl From<&Cut> for ClassCut<'_> {
    fn from(cut: &Cut) -> Self {
        let labelled: Vec<u32> = cut.labelled.iter().map(|&place| place as u32).collect();
        let numbers: Vec<u64> = cut.numbers.iter().map(|&number| number as u64).collect();
        Self {
            class: cut.class as u32,
            budget: cut.budget as u32,
            is_kept: cut.is_kept,
            labelled: labelled.into(),
            numbers: numbers.into(),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfNeighbours<'a> {
    CountWithin(i32),
    MarkWithin(Array<'a, u32>, Array<'a, u32>, Thresholds),
    Rows(Array<'a, u32>),
    CountVisitors(Integers<'a>, i32),
    MarkVisitors(Integers<'a>, Array<'a, u32>, Thresholds),
    NearestVisitors(Array<'a, u32>, Integers<'a>, Array<'a, u32>),
    NearestOtherLabel(Array<'a, u32>),
    CountMarkedVisitors(Integers<'a>, Array<'a, u32>, Thresholds),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfVisited<'a> {
    Rows(Array<'a, u32>),
    Squares,
    RowSums,
    Sums(Integers<'a>),
    Visit(Integers<'a>),
    Columns(u32, u32),
    SetCover(Array<'a, u16>, Option<Array<'a, u16>>),
    Covered,
    Raise(Integers<'a>),
    Gains,
    /// As [`Digits`](crate::kernels::Digits).
    CountDistances(Array<'a, i32>, Array<'a, u32>, u32, u32),
}

#[derive(Serialize, Deserialize)]
pub(crate) enum OfAssigner<'a> {
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
pub(crate) struct Integers<'a>(u32, Array<'a, i16>);

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
    pub(crate) fn rows(self, dim: usize) -> Result<IntegerRows, Error> {
        let pitch = IntegerRows::pitch_of(dim);
        if self.0 as usize != pitch || !self.1.len().is_multiple_of(pitch) {
            return Err(Error::Device(format!(
                "message: {} values in rows of {} found, rows of {pitch} expected",
                self.1.len(),
                self.0
            )));
        }
        // What is longer than rows at length 1 are, each value rounded, would not fit products: (2¹⁵ + √dim / 2)².
        let most = (f64::from(1u32 << FIXED_BITS) + (dim as f64).sqrt() / 2.0).powi(2);
        for (at, row) in self.1.chunks_exact(pitch).enumerate() {
            let squares = row.iter().map(|&value| i64::from(value).pow(2));
            if squares.sum::<i64>() as f64 > most {
                return Err(Error::Device(format!(
                    "message: integer row {at} found longer than 2^{FIXED_BITS}, at most that expected"
                )));
            }
        }
        Ok(IntegerRows::of(self.1.into_vec(), pitch))
    }
}

/// As [`KernelFunction`].
#[derive(Serialize, Deserialize)]
pub(crate) enum Function<'a> {
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
    pub(crate) fn function(self) -> Result<KernelFunction, Error> {
        let function = match self {
            Self::Linear => Some(KernelFunction::Linear),
            Self::Thresholded(least) => (least >= 0).then_some(KernelFunction::Thresholded(least)),
            Self::Rbf(shift, table) => Rbf::of_table(shift, &table).map(KernelFunction::Rbf),
        };
        function.ok_or_else(|| Error::Device("message: no kernel function found".to_owned()))
    }
}
