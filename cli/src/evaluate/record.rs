//! What is measured of selections, as a record has it: `evaluate.schema.json` describes it.

use crate::versions::Versions;
use coresift::Metric;
use coresift::evaluate::{Measured, NormStatistics};
use serde::Serialize;

/// The form of the record.
pub(crate) const SCHEMA: &str = "coresift-evaluate/1";

/// Selections, and what they are worth.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Record {
    pub(crate) schema: &'static str,
    /// Rows of the features, and values of each.
    pub(crate) rows: usize,
    pub(crate) dim: usize,
    /// Rows that a list leaves out, where one does.
    pub(crate) excluded: Option<u64>,
    /// Rows left out for their values, where that is asked for.
    pub(crate) skipped: Option<Vec<usize>>,
    pub(crate) options: Options,
    /// The names of the labels, where there are labels: those of rows to test on among them.
    pub(crate) labels: Option<Vec<String>>,
    /// Rows to test on; none where they are those that are not picked.
    pub(crate) test_rows: Option<usize>,
    /// The names of the latent classes, where there are any.
    pub(crate) classes: Option<Vec<String>>,
    /// Lengths of all rows.
    pub(crate) norms: NormStatistics,
    pub(crate) selections: Vec<OfSelection>,
    pub(crate) device: String,
    pub(crate) versions: Versions,
}

/// Options in force.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Options {
    pub(crate) metric: Metric,
    pub(crate) delta: Option<f64>,
    pub(crate) fid_ridge: Option<f64>,
}

/// What one selection is worth.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OfSelection {
    /// Where the picks come from.
    pub(crate) file: String,
    #[serde(flatten)]
    pub(crate) measured: Measured,
}
