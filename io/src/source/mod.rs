//! Where rows come from: one trait, and a file for each form of file that has them.
//!
//! A form finds its values by what its header says, without reading them; rows are then read by position,
//! from any thread.

#[cfg(feature = "arrow")]
mod arrow;
mod fixed;
mod location;
mod many;
#[cfg(any(
    feature = "npz",
    feature = "safetensors",
    feature = "parquet",
    feature = "arrow"
))]
mod names;
#[cfg(feature = "npz")]
mod npz;
mod open;
#[cfg(feature = "parquet")]
mod parquet;
pub(crate) mod raw;
#[cfg(feature = "safetensors")]
mod safetensors;
mod shards;
#[cfg(any(feature = "parquet", feature = "arrow"))]
mod table;

use crate::error::Error;
use crate::stretch::Memory;
pub use location::{files, is_stdin};
pub use many::Many;
pub(crate) use open::array;
pub use open::open;
pub use raw::Raw;
use serde_json::Value;
use std::fmt;
use std::ops::Range;

/// Rows of features, as a file or several have them.
pub trait Source: fmt::Debug + Send + Sync {
    /// Number of rows, at least one.
    fn rows(&self) -> usize;

    /// Values a row, at least one.
    fn dim(&self) -> usize;

    /// How the values are stored.
    fn stored(&self) -> Stored;

    /// The rows that are best read in one go with this one: some of a large matrix, a row group, a batch.
    /// Every row is in one such range.
    fn block(&self, row: usize) -> Range<usize>;

    /// Whether a few rows are read in little more than their share of the time that all take.
    fn is_by_position(&self) -> bool {
        false
    }

    /// Reads rows from `first_row` on, row-major, as many as `out` has room for.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the file cannot be read or a row is not as long as the others, and for a
    /// finite float64 past the range of f32.
    fn read(&self, first_row: usize, out: &mut [f32]) -> Result<(), Error>;

    /// As [`read`](Self::read), of values before they are rounded, where they are stored as float64.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_wide(&self, first_row: usize, out: &mut [f64]) -> Result<(), Error> {
        widened(self, first_row, out)
    }

    /// What a column says of some rows, in whatever order: text, a whole number, or null. Of no rows it
    /// is only found out whether there is such a column.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where there is none, and where it cannot be read.
    fn ids(&self, column: &str, rows: &[usize]) -> Result<Vec<Value>, Error>;
}

/// The argument that names the column of ids.
const ID_COLUMN: &str = "id-column";

/// How values are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Their type.
    pub kind: Kind,
    /// Whether their bytes are the wrong way round for this machine.
    pub swapped: bool,
    /// Whether they stand column by column.
    pub fortran: bool,
}

impl Stored {
    /// Row by row, in this machine's byte order.
    #[must_use]
    pub fn plain(kind: Kind) -> Self {
        Self {
            kind,
            swapped: false,
            fortran: false,
        }
    }
}

/// A matrix in memory that an application lends.
#[derive(Clone)]
pub struct Array {
    /// All values, and nothing else.
    pub memory: Memory,
    /// How they are stored.
    pub stored: Stored,
    /// Number of rows, and values of each.
    pub shape: [usize; 2],
}

/// The types that values may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Whole numbers of 8 bits, with a sign or without, as quantised embeddings have them. They are taken
    /// as they stand: a scale that all share changes no pick.
    I8,
    /// See [`I8`](Self::I8).
    U8,
    /// 16 bits, 11 of them of precision.
    F16,
    /// 16 bits, 8 of them of precision.
    Bf16,
    /// 32 bits.
    F32,
    /// 64 bits.
    F64,
}

impl Kind {
    /// Bytes a value.
    #[must_use]
    pub fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// What numpy and its like call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::I8 => "int8",
            Self::U8 => "uint8",
            Self::F16 => "float16",
            Self::Bf16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }
}

/// Rows as they are read in `f32`.
fn widened(
    source: &(impl Source + ?Sized),
    first_row: usize,
    out: &mut [f64],
) -> Result<(), Error> {
    let mut narrow = vec![0.0; out.len()];
    source.read(first_row, &mut narrow)?;
    widen(&narrow, out);
    Ok(())
}

/// Writes values that `T` holds exactly.
fn widen<V: Copy + Into<T>, T>(values: &[V], out: &mut [T]) {
    let pairs = out.iter_mut().zip(values);
    pairs.for_each(|(out, &value)| *out = value.into());
}

/// Rounds to `f32`; the first finite value that becomes infinite, and its place, where there is one.
pub(crate) fn narrow(wide: &[f64], out: &mut [f32]) -> Option<(usize, f64)> {
    for (narrow, &value) in out.iter_mut().zip(wide) {
        *narrow = value as f32;
    }
    let mut pairs = out.iter().zip(wide).enumerate();
    pairs.find_map(|(at, (narrow, &value))| {
        (narrow.is_infinite() && value.is_finite()).then_some((at, value))
    })
}

/// What is wrong with a value that is past the range of `f32`.
pub(crate) fn too_large(value: f64, row: usize, column: usize) -> String {
    format!(
        "{value:e} found at row {row}, column {column}, at most {:e} expected (an f32)",
        f32::MAX
    )
}
