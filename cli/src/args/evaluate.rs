//! The options of `evaluate`.

use super::common::{Machine, Source};
use super::names::name;
use super::report::page;
use super::values::{distance, ridge};
use super::{heading, list, named, of_features};
use crate::write::Named;
use clap::Args;
use coresift::Metric;
use coresift_io::target::Target;
use std::path::PathBuf;

/// What follows the options in the long help. Lines fit a terminal of 80 columns.
const EXAMPLES: &str = "\
Examples:
  What two selections keep of the rows:

    coresift evaluate features.npy --picks a.csv --picks b.csv

  What can be learnt from them as well, and how well they cover the classes:

    coresift evaluate features.npy --picks a.csv --picks b.csv \\
      --labels labels.npy --classes labels.npy --out worth.json";

/// Options of `evaluate`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct EvaluateArgs {
    /// Indices of rows that are picked, as `select --out` writes them: once for each selection
    ///
    /// .npy, .json, .csv or .txt. Of columns with titles the one called index or row is read
    #[arg(long, value_name = "FILE", required = true, help_heading = heading::MEASURES)]
    pub(crate) picks: Vec<Target>,
    /// Each row's label, a whole number or a name: tells classes covered, and accuracy of 1-NN and a linear probe
    ///
    /// A list: .npy, .json, .csv or .txt. Of columns with titles the one called label, class, cluster or target is
    /// read; one called index or row says whose it is. Only those of the picks are learnt from
    #[arg(long, value_name = "FILE", help_heading = heading::MEASURES)]
    pub(crate) labels: Option<Target>,
    /// Rows to test on, in any form of FEATURES [default: the rows that are not picked]
    #[arg(long, value_name = "FILE", requires_all = ["labels", "test_labels"], help_heading = heading::MEASURES)]
    pub(crate) test_features: Option<PathBuf>,
    /// Their labels, a list as that of --labels
    #[arg(long, value_name = "FILE", requires = "test_features", help_heading = heading::MEASURES)]
    pub(crate) test_labels: Option<Target>,
    /// Each row's latent class, a number or a name: tells alignment and centre errors, divergence of centres, value of
    /// SAS
    #[arg(long, value_name = "FILE", help_heading = heading::MEASURES)]
    pub(crate) classes: Option<Target>,
    /// Distance within which a pick covers rows, of rows at length 1: above 0 and at most 2
    #[arg(long, value_name = "D", value_parser = distance, allow_negative_numbers = true, help_heading = heading::MEASURES)]
    pub(crate) delta: Option<f64>,
    /// Give the Fréchet distance besides with this added to the covariances' diagonals, in the unit of the features,
    /// squared
    ///
    /// The covariance of fewer picks than columns is singular; its rank is given with the distance
    #[arg(long, value_name = "R", value_parser = ridge, allow_negative_numbers = true, help_heading = heading::MEASURES)]
    pub(crate) fid_ridge: Option<f64>,
    /// How far apart rows are, for 1-NN
    #[arg(long, value_parser = name::<Metric>(), default_value = "euclidean", help_heading = heading::MEASURES)]
    pub(crate) metric: Metric,

    /// What was picked from.
    #[command(flatten)]
    pub(crate) source: Source,

    /// Where to write: .json, .csv or .txt [default: stdout]
    ///
    /// .json holds every measure, .csv one column a measure; stdout gets a table, as .txt does. A symbolic link is
    /// followed. A file that is read is never written
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) out: Option<Target>,
    /// Draw every measure as a page of HTML, which needs no other file: x.html
    #[arg(long, value_name = "HTML", value_parser = page, help_heading = heading::OUTPUT)]
    pub(crate) report: Option<PathBuf>,
    /// Print JSON on stdout: every measure, options and versions
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) json: bool,
    /// Print nothing but errors on stderr
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) quiet: bool,

    /// Where that is done.
    #[command(flatten)]
    pub(crate) machine: Machine,
}

impl EvaluateArgs {
    /// Every file that is written, with the argument that names it.
    pub(crate) fn outputs(&self) -> Vec<Named> {
        named([("out", list(&self.out)), ("report", self.report.as_ref())])
    }

    /// Every file that is read, with the argument that names it.
    pub(crate) fn inputs(&self) -> Vec<Named> {
        let mut inputs = self.source.inputs();
        inputs.extend(named(
            self.picks.iter().map(|list| ("picks", Some(&list.path))),
        ));
        let raw = self.source.raw.is_some();
        inputs.extend(of_features("test-features", &self.test_features, raw));
        inputs.extend(named([
            ("labels", list(&self.labels)),
            ("test-labels", list(&self.test_labels)),
            ("classes", list(&self.classes)),
        ]));
        inputs
    }
}
