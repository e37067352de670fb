//! What is measured of selections, as a record has it: `evaluate.schema.json` describes it.

use crate::versions::Versions;
use coresift::Metric;
use coresift::evaluate::{Frechet, NormStatistics};
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
    pub(crate) norms: Norms,
    pub(crate) selections: Vec<Measured>,
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

/// What one selection is worth. None where a measure needs what is not there, or `left_out` says why.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Measured {
    /// Where the picks come from.
    pub(crate) file: String,
    pub(crate) picks: usize,
    pub(crate) class_coverage: Option<Coverage>,
    pub(crate) nearest_accuracy: Option<f64>,
    pub(crate) probe_accuracy: Option<f64>,
    pub(crate) fid: Option<Fid>,
    pub(crate) fid_with_ridge: Option<Fid>,
    pub(crate) energy_kept: Option<f64>,
    pub(crate) latent: Option<Latent>,
    pub(crate) sas_value: Option<SasValue>,
    pub(crate) cover: Option<f64>,
    pub(crate) norms: Norms,
    pub(crate) left_out: Vec<LeftOut>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Coverage {
    pub(crate) picked: usize,
    pub(crate) present: usize,
    pub(crate) share: f64,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Fid {
    pub(crate) distance: f64,
    pub(crate) rank: usize,
}

impl From<Frechet> for Fid {
    fn from(Frechet { distance, rank }: Frechet) -> Self {
        Self { distance, rank }
    }
}

/// How well picks stand for latent classes: means over the rows of those that have picks, and each class by itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Latent {
    /// ν_R, ν_μ and what neither can be above; none where no class has picks.
    pub(crate) errors: Option<Errors>,
    /// The mean of ⟨μ_k^S, μ_l^S⟩ over pairs of classes that have picks; none of fewer than two.
    pub(crate) divergence: Option<f64>,
    pub(crate) without_picks: usize,
    pub(crate) classes: Vec<LatentClass>,
    /// The places of two classes among `classes`, and the product of their centres.
    pub(crate) divergences: Vec<(usize, usize, f64)>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Errors {
    pub(crate) alignment: f64,
    pub(crate) centre: f64,
    pub(crate) bound: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct LatentClass {
    pub(crate) class: String,
    pub(crate) rows: usize,
    pub(crate) picks: usize,
    pub(crate) errors: Option<Errors>,
}

/// F of all latent classes, and of each in the order of `latent`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SasValue {
    pub(crate) value: f64,
    pub(crate) classes: Vec<f64>,
}

/// Statistics of lengths; the quantiles are of the shares 0, 0.05, 0.25, 0.5, 0.75, 0.95 and 1.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Norms {
    pub(crate) mean: f64,
    pub(crate) deviation: f64,
    pub(crate) quantiles: [f64; 7],
}

impl From<NormStatistics> for Norms {
    fn from(norms: NormStatistics) -> Self {
        let NormStatistics {
            mean,
            deviation,
            quantiles,
        } = norms;
        Self {
            mean,
            deviation,
            quantiles,
        }
    }
}

/// A measure that cannot be had of this selection, and why.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LeftOut {
    pub(crate) measure: &'static str,
    pub(crate) reason: String,
}
