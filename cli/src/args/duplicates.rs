//! The options of `duplicates`.

use super::common::{Machine, Source};
use super::values::cosine;
use super::{heading, list, named};
use crate::write::Named;
use clap::{Args, ValueEnum};
use coresift_io::target::Target;

/// What follows the options in the long help. Lines fit a terminal of 80 columns.
const EXAMPLES: &str = "\
Examples:
  The rows to keep if no two may have a cosine of 0.95 or more:

    coresift duplicates features.npy --threshold 0.95 --out kept.csv

  A selection among them:

    coresift duplicates features.npy --threshold 0.95 --give dropped \\
      --out dropped.csv
    coresift select features.npy --exclude dropped.csv --method norm \\
      --budget 10";

/// What is asked of near-duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Give {
    /// The rows to keep: no two of them are near, and all others are near to one of them
    Kept,
    /// The other rows, as for --exclude; in .csv and .json with the kept row that each is near to
    Dropped,
    /// For every row the lowest that a chain of near rows connects it to, in their order
    Groups,
    /// All pairs of near rows
    Pairs,
}

impl Give {
    /// The name that the command line has for it.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value().expect("none is hidden");
        value.get_name().to_owned()
    }
}

/// Options of `duplicates`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct DuplicatesArgs {
    /// Rows are near where the cosine between them is at least this
    ///
    /// Above 0 and at most 1; at 1 they have one direction, but for rounding. Rows of zeros are near to each other,
    /// and to none else
    #[arg(long, value_name = "T", value_parser = cosine, allow_negative_numbers = true, help_heading = heading::METHOD)]
    pub(crate) threshold: f64,
    /// What to give
    #[arg(long, value_enum, default_value = "kept", help_heading = heading::METHOD)]
    pub(crate) give: Give,

    /// What is looked through.
    #[command(flatten)]
    pub(crate) source: Source,
    /// Indices of rows that are kept whatever is near to them: .npy, .json, .csv or .txt
    ///
    /// They come before all others, and are not given. Of columns with titles the one called index or row is read
    #[arg(long, value_name = "FILE", help_heading = heading::ROWS)]
    pub(crate) labelled: Option<Target>,
    /// Numbers, one a row: of near rows the one of the largest is kept [default: the lowest row]
    ///
    /// A list: .npy, .json, .csv or .txt. Of columns with titles the one called priority or score is read; one called
    /// index or row says whose it is
    #[arg(long, value_name = "FILE", help_heading = heading::ROWS)]
    pub(crate) priority: Option<Target>,

    /// Where to write: .npy, .json, .csv or .txt [default: stdout]
    ///
    /// .npy holds int64; stdout gets what .txt would. A symbolic link is followed. A file that is read is never
    /// written
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) out: Option<Target>,
    /// Print JSON on stdout: what was found, options and versions
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) json: bool,
    /// Print nothing but errors on stderr
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) quiet: bool,

    /// Where that is done.
    #[command(flatten)]
    pub(crate) machine: Machine,
}

impl DuplicatesArgs {
    /// Every file that is read, with the argument that names it.
    pub(crate) fn inputs(&self) -> Vec<Named> {
        let mut inputs = self.source.inputs();
        inputs.extend(named([
            ("labelled", list(&self.labelled)),
            ("priority", list(&self.priority)),
        ]));
        inputs
    }
}
