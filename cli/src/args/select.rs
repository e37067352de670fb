//! The options of `select`.

use super::common::{Machine, Source};
use super::cover::CoverArgs;
use super::names::{Method, follower, name, refinement};
use super::report::ReportArgs;
use super::values::{Budget, Threshold};
use super::{heading, list, named, of_features};
use crate::write::Named;
use clap::Args;
use coresift::{Delta, Lp, Metric, Objective, OnExhaustion, Similarity, Storage};
use coresift_io::file;
use coresift_io::target::Target;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// What follows the options in the short help.
const MORE: &str = "Options of each method, and examples: coresift select --help";

/// What follows the options in the long help. Lines fit a terminal of 80 columns.
pub(super) const EXAMPLES: &str = "\
Examples:
  Ten rows that point in all directions, one index a line:

    coresift select features.npy --method gram-schmidt --budget 10

  A fifth of every class, the rows most similar to the rest of it. labels.npy
  holds each row's class; keep.csv gets an index and a score a line:

    coresift select features.npy --method sas --classes labels.npy \\
      --budget 20% --out keep.csv

  50 more, none of those that are kept already:

    coresift select features.npy --method norm --labelled keep.csv \\
      --budget 50 --out more.npy";

/// Options of `select`. Those that only some methods know are `Option` or `bool`, so that
/// defaults live in the library and a stray one can be named; `method.rs` says by which.
#[derive(Debug, Args)]
#[command(after_help = MORE, after_long_help = EXAMPLES)]
pub(crate) struct SelectArgs {
    /// How to choose [default: coverage, up to 20 % of the rows]
    #[arg(long, value_enum, help_heading = heading::METHOD)]
    pub(crate) method: Option<Method>,
    /// Seed of the draws
    #[arg(long, default_value_t = 0, help_heading = heading::METHOD)]
    pub(crate) seed: u64,

    /// What is chosen from.
    #[command(flatten)]
    pub(crate) source: Source,
    /// Indices of rows already labelled: .npy, .json, .csv or .txt
    ///
    /// They are never picked; what they hold already, methods take into account. Of columns with
    /// titles the one called index or row is read
    #[arg(long, value_name = "FILE", help_heading = heading::ROWS)]
    pub(crate) labelled: Option<Target>,

    /// How much each row counts for: weights from 0 up, a list as that of --classes
    ///
    /// Of columns with titles the one called weight is read. With --weights-out a pick weighs what the rows do
    /// that it stands for
    #[arg(long, value_name = "FILE", help_heading = heading::ROWS, hide_short_help = true)]
    pub(crate) target_weights: Option<Target>,
    /// Subtract the mean row first
    ///
    /// For every method, from features and prompts. Where rows share a large mean, directions and
    /// similarities then tell what they differ by
    #[arg(long, help_heading = heading::ROWS)]
    pub(crate) center: bool,

    /// How many rows: a count (500) or a share (20%)
    ///
    /// A share is rounded down, to at least 1
    #[arg(long, value_name = "S|P%", allow_negative_numbers = true, help_heading = heading::BUDGET)]
    pub(crate) budget: Budget,
    /// Pick the budget by this from more rows
    ///
    /// Those the method chooses, --oversample for each pick. An option holds for every stage that knows it, --classes
    /// and its like too
    #[arg(long, value_parser = follower(), help_heading = heading::BUDGET)]
    pub(crate) then: Option<Method>,
    /// Rows that the method chooses for each pick (with --then) [default: 2]
    #[arg(long, value_name = "M", help_heading = heading::BUDGET, hide_short_help = true)]
    pub(crate) oversample: Option<usize>,

    /// Where to write: .npy, .json, .csv or .txt [default: stdout]
    ///
    /// .npy holds int64; stdout gets one index a line. A symbolic link is followed. A file that is read
    /// is never written
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) out: Option<Target>,
    /// Give each pick's id besides: the text or number in this column of its parquet or Arrow file
    ///
    /// In .csv a column more, in .json `ids`; .txt and stdout get a table with titles, tabs between
    #[arg(long, value_name = "NAME", help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) id_column: Option<String>,
    /// Give each pick's file besides, and its row there
    ///
    /// In .csv the columns file and file_row, in .json `files` and `file_rows`; .txt and stdout get a
    /// table with titles, tabs between
    #[arg(long, help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) file_and_row: bool,
    /// Write what each pick stands for: the number of rows whose nearest it is
    ///
    /// Or the sum of their --target-weights. By cosines, but with k-center as its distances are; --metric
    /// says otherwise. Labelled rows take part, and are listed first. .npy, .txt and .json have
    /// a weight each, .csv the columns index and weight. --out has the weights of the picks besides: in
    /// .csv a column more, in .json `weights`
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) weights_out: Option<Target>,
    /// A page that shows what was picked.
    #[command(flatten)]
    pub(crate) report: ReportArgs,
    /// Print JSON on stdout: picks, scores, options and versions
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) json: bool,
    /// Tell first, on stderr, what it will cost, as `coresift plan` does
    #[arg(long, help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) plan: bool,
    /// Print nothing but errors on stderr
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) quiet: bool,

    /// Keep what is settled in this file, to go on from if the run is broken off
    ///
    /// It is written at least every minute, and at a stop. What is there already is kept, unless --resume
    /// reads it
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) checkpoint: Option<PathBuf>,
    /// Go on from what --checkpoint has kept, with the same features and options
    ///
    /// The picks are those of a run that was not broken off. The device, threads and memory may be others.
    /// To be kept on, it is given as --checkpoint too
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT, hide_short_help = true)]
    pub(crate) resume: Option<PathBuf>,

    /// Where that is done.
    #[command(flatten)]
    pub(crate) machine: Machine,
    /// Share the rows among so many processes
    ///
    /// Each reads its own part of the features, and has its part of --memory, and of --threads where those are fewer
    /// than cores; picks are the same. A process that is lost is replaced
    #[arg(long, value_name = "N", conflicts_with = "plan", help_heading = heading::DEVICE, hide_short_help = true)]
    pub(crate) workers: Option<NonZeroUsize>,

    /// Each row's latent class, a list: .npy, .json, .csv or .txt. Of columns with titles the one
    /// called class, cluster, label or target is read; one called index or row says whose it is
    #[arg(long, value_name = "FILE", group = "latent", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) classes: Option<Target>,
    /// Classes by k-means into so many clusters. With probcover: the clusters that --delta auto goes by,
    /// best as many as there are classes [there default: the budget, from 2 to 100]
    #[arg(long, value_name = "K", group = "latent", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) clusters: Option<usize>,
    /// Classes by a linear classifier fitted to a few labels: pairs of row and class, .csv, .txt, .json
    /// or .npy (titles as of --labelled and --classes)
    #[arg(long, value_name = "FILE", group = "latent", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) few_labels: Option<Target>,
    /// Classes by the nearest of these embeddings, in any form of FEATURES
    #[arg(long, value_name = "FILE", group = "latent", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) prompts: Option<PathBuf>,
    /// Sweeps of k-means at most [default: 300]
    #[arg(long, value_name = "N", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) max_sweeps: Option<usize>,
    /// End k-means once a sweep lowers the inertia by no more than this share of it, such as 1e-4
    /// [default: 0, which goes on until nothing changes]
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) tolerance: Option<f64>,
    /// Rows that every class gets at least, where the budget pays for that [default: 0]
    #[arg(long, value_name = "M", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) min_per_class: Option<usize>,

    /// Length of a row (norm, max-norm, gram-schmidt) [default: l2]
    #[arg(long, value_parser = name::<Lp>(), help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) norm: Option<Lp>,
    /// Exponent of the length in a row's weight (norm, gram-schmidt) [default: 1]
    #[arg(long, value_name = "P", allow_negative_numbers = true, help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) power: Option<f64>,
    /// Inputs that the features were made from, of any width, in any form of FEATURES (without a header:
    /// x.bin#f32,784): a row counts by its length over its input's
    #[arg(long, value_name = "FILE", help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) input_features: Option<PathBuf>,
    /// Weigh by the distance to the largest length: prefers short rows
    #[arg(long, help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) anti: bool,

    /// Always take the largest residual, no draws
    #[arg(long, help_heading = heading::GRAM_SCHMIDT, hide_short_help = true)]
    pub(crate) greedy: bool,
    /// What to do when the picks span every row [default: restart]
    #[arg(long, value_parser = name::<OnExhaustion>(), help_heading = heading::GRAM_SCHMIDT, hide_short_help = true)]
    pub(crate) on_exhaustion: Option<OnExhaustion>,
    /// Residual, as a share of its row's length, that counts as none
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = heading::GRAM_SCHMIDT, hide_short_help = true)]
    pub(crate) rank_tol: Option<f64>,
    /// Times the mean squared length of the rows that is added to the determinant's diagonal, 1e-6 to 1e6
    /// [default: 1 with log-det, none with gram-schmidt]. Rows that resemble the picks are then held back
    /// and not ruled out: nothing restarts. The larger, the more do lengths decide
    #[arg(long, value_name = "R", allow_negative_numbers = true, help_heading = heading::GRAM_SCHMIDT, hide_short_help = true)]
    pub(crate) ridge: Option<f64>,

    /// Similarities up to this count as 0, or none: all count [default: 0]
    #[arg(long, value_name = "T|none", allow_negative_numbers = true, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) threshold: Option<Threshold>,
    /// What similarity is [default: cosine]
    #[arg(long, value_parser = name::<Similarity>(), help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) similarity: Option<Similarity>,
    /// What is maximised [default: cut]
    #[arg(long, value_parser = name::<Objective>(), help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) objective: Option<Objective>,
    /// What follows the greedy picks (sas, coverage) [default: top-up, of coverage lloyd]
    #[arg(long, value_parser = refinement(), help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) refine: Option<String>,
    /// Rows that an example has, consecutively: picks are then examples [default: 1]
    #[arg(long, value_name = "V", help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) views: Option<usize>,
    /// Pick what adds least, for ablations
    #[arg(long, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) worst: bool,
    /// Whether similarities are kept (sas, coverage, facility-location) [default: auto]
    #[arg(long, value_parser = name::<Storage>(), help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) storage: Option<Storage>,

    /// Nearest rows that make a row typical, 1 to 64 [default: 20]
    #[arg(long, value_name = "K", help_heading = heading::TYPICLUST, hide_short_help = true)]
    pub(crate) neighbours: Option<usize>,
    /// Average squared distances, as the authors' released code
    #[arg(long, help_heading = heading::TYPICLUST, hide_short_help = true)]
    pub(crate) squared: bool,
    /// Each row's cluster, a list as that of --classes; spares k-means
    #[arg(long, value_name = "FILE", help_heading = heading::TYPICLUST, hide_short_help = true)]
    pub(crate) given_clusters: Option<Target>,

    /// Distance within which a row covers others, of rows at length 1: above 0 and at most 2, or
    /// auto: 95 % of the rows have only rows of their own cluster within it [default: auto]
    #[arg(long, value_name = "D|auto", allow_negative_numbers = true, help_heading = heading::PROBCOVER, hide_short_help = true)]
    pub(crate) delta: Option<Delta>,

    #[command(flatten)]
    pub(crate) cover: CoverArgs,

    /// Between which points distances are [default: euclidean, and of --weights-out with other methods cosine]
    #[arg(long, value_parser = name::<Metric>(), help_heading = heading::K_CENTER, hide_short_help = true)]
    pub(crate) metric: Option<Metric>,
}

impl SelectArgs {
    /// The methods in their order: one, or with `--then` two.
    pub(crate) fn stages(&self) -> impl Iterator<Item = Method> {
        std::iter::once(self.method()).chain(self.then)
    }

    /// The method, or the one that few picks are made by where none is named.
    pub(crate) fn method(&self) -> Method {
        self.method.unwrap_or(Method::Coverage)
    }

    /// Whether an option names latent classes.
    pub(crate) fn has_classes(&self) -> bool {
        self.classes.is_some()
            || self.clusters.is_some()
            || self.few_labels.is_some()
            || self.prompts.is_some()
    }

    /// Whether some stage has clusters found by k-means.
    pub(crate) fn has_k_means(&self) -> bool {
        self.stages().any(|stage| match stage {
            Method::Sas
            | Method::Random
            | Method::Norm
            | Method::GramSchmidt
            | Method::LogDet
            | Method::Herding
            | Method::KCenter
            | Method::Coverage
            | Method::FacilityLocation => self.clusters.is_some(),
            Method::TypiClust => self.given_clusters.is_none(),
            Method::ProbCover => !matches!(self.delta, Some(Delta::Fixed(_))),
            Method::MaxNorm => false,
        })
    }

    /// By which distances picks are weighed.
    pub(crate) fn weights_metric(&self) -> Metric {
        let of_method = match self.stages().any(|stage| stage == Method::KCenter) {
            true => Metric::Euclidean,
            false => Metric::Cosine,
        };
        self.metric.unwrap_or(of_method)
    }

    /// Whether the file that is gone on from is the one that is written.
    pub(crate) fn is_kept_on(&self) -> bool {
        let identity =
            |path: &Option<PathBuf>| path.as_ref().and_then(|path| file::identity(path).ok());
        let resumed = identity(&self.resume);
        resumed.is_some() && resumed == identity(&self.checkpoint)
    }

    /// Every file that is read, with the argument that names it.
    pub(crate) fn inputs(&self) -> Vec<Named> {
        let raw = self.source.raw.is_some();
        let mut inputs = self.source.inputs();
        inputs.extend(of_features("prompts", &self.prompts, raw));
        inputs.extend(of_features("input-features", &self.input_features, raw));
        inputs.extend(named([
            ("labelled", list(&self.labelled)),
            ("target-weights", list(&self.target_weights)),
            ("classes", list(&self.classes)),
            ("few-labels", list(&self.few_labels)),
            ("given-clusters", list(&self.given_clusters)),
        ]));
        inputs.extend(self.report.inputs(raw));
        // It may be replaced by what it becomes.
        let resume = self.resume.as_ref().filter(|_| !self.is_kept_on());
        inputs.extend(named([("resume", resume)]));
        inputs
    }
}
