//! Latent classes from the files and numbers that options name.

use super::args::SelectArgs;
use super::failure::Failure;
use super::method;
use coresift::{Classes, KMeans};
use coresift_io::features::FeatureFile;
use coresift_io::indices;
use coresift_io::source::Raw;
use std::path::PathBuf;
use std::slice;

/// The latent classes that the options ask for, for features of `dim` values.
pub(crate) fn read(args: &SelectArgs, dim: usize) -> Result<Option<Classes>, Failure> {
    let classes = if let Some(list) = &args.classes {
        Classes::Given(indices::of_rows(list, "classes", &indices::CLASSES)?)
    } else if let Some(clusters) = args.clusters {
        Classes::KMeans(KMeans {
            convergence: method::convergence(args),
            ..KMeans::new(clusters, args.seed)
        })
    } else if let Some(list) = &args.few_labels {
        let [rows, classes] = indices::labels(list, "few-labels")?;
        Classes::FewLabels { rows, classes }
    } else if let Some(path) = &args.prompts {
        let embeddings = prompts(path, args.source.raw, dim)?;
        Classes::Prompts { embeddings }
    } else {
        return Ok(None);
    };
    Ok(Some(classes))
}

fn prompts(path: &PathBuf, raw: Option<Raw>, dim: usize) -> Result<Vec<f32>, Failure> {
    let file = FeatureFile::open(slice::from_ref(path), "prompts", raw)?;
    if file.dim != dim {
        let problem = format!(
            "rows of {} values found, {dim} expected, as in the features",
            file.dim
        );
        return Err(Failure::file(path, "prompts", problem));
    }
    Ok(file.read(|_| {})?.to_vec())
}

/// Subtracts the features' mean from what they are compared with.
pub(crate) fn center(classes: &mut Option<Classes>, mean: &[f64]) {
    if let Some(Classes::Prompts { embeddings }) = classes {
        coresift::subtract(embeddings, mean);
    }
}
