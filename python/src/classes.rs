//! Latent classes as Python says them.

use crate::lists::{Values, Whole};
use coresift::{Classes, Convergence, KMeans};
use pyo3::prelude::*;

/// How rows come to their classes.
#[derive(FromPyObject)]
pub(crate) enum Said {
    Given {
        #[pyo3(item)]
        given: Whole,
    },
    KMeans {
        #[pyo3(item)]
        clusters: usize,
        #[pyo3(item)]
        seed: u64,
        #[pyo3(item)]
        max_sweeps: Option<usize>,
        #[pyo3(item)]
        tolerance: Option<f64>,
    },
    FewLabels {
        #[pyo3(item)]
        rows: Whole,
        #[pyo3(item)]
        labels: Whole,
    },
    Prompts {
        #[pyo3(item)]
        prompts: Values,
    },
}

/// When the sweeps of k-means end.
pub(crate) fn convergence(max_sweeps: Option<usize>, tolerance: Option<f64>) -> Convergence {
    let default = Convergence::default();
    Convergence {
        max_sweeps: max_sweeps.unwrap_or(default.max_sweeps),
        tolerance: tolerance.unwrap_or(default.tolerance),
    }
}

impl From<Said> for Classes {
    fn from(said: Said) -> Self {
        match said {
            Said::Given { given } => Self::Given(given.0),
            Said::KMeans {
                clusters,
                seed,
                max_sweeps,
                tolerance,
            } => Self::KMeans(KMeans {
                convergence: convergence(max_sweeps, tolerance),
                ..KMeans::new(clusters, seed)
            }),
            Said::FewLabels { rows, labels } => Self::FewLabels {
                rows: rows.0,
                classes: labels.0,
            },
            Said::Prompts { prompts } => Self::Prompts {
                embeddings: prompts.0,
            },
        }
    }
}
