//! The words of the command line.

use super::device::Choice;
use super::write::Named;
use clap::{Args, Parser, Subcommand, ValueEnum};
use coresift_io::target::Target;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;

/// Chooses which training examples are worth having
#[derive(Debug, Parser)]
#[command(name = "coresift", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Choose rows of a feature matrix
    Select(Box<SelectArgs>),
    /// List every adapter and the one that `auto` takes
    Devices(DevicesArgs),
    /// Measure what a device can do at best, and how near to it kernels and selectors come
    Bench(BenchArgs),
}

/// Options of `devices`.
#[derive(Debug, Args)]
pub(crate) struct DevicesArgs {
    /// Print JSON instead of a table
    #[arg(long)]
    pub(crate) json: bool,
}

/// Options of `bench`.
#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    /// What to measure: auto, cpu, gpu, an adapter's number or at least three letters of its name
    #[arg(long, default_value = "auto")]
    pub(crate) device: Choice,
    /// Threads that share the work, at most the cores there are [default: all of them]
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<Threads>,
    /// Measure the CPU and every adapter, software ones too
    #[arg(long, conflicts_with = "device")]
    pub(crate) all: bool,
    /// Small sizes: less than two minutes on a software adapter
    #[arg(long)]
    pub(crate) quick: bool,
    /// Measure instead what degenerate pools take every selector, over an ordinary one of their shape:
    /// equal rows, few columns or directions, duplicates
    #[arg(long, conflicts_with_all = ["json", "compare", "plot"])]
    pub(crate) degenerate: bool,
    /// Write the report, with every sample
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Measure nothing: compare reports of other runs
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["device", "all", "quick", "json", "threads"])]
    pub(crate) compare: Vec<PathBuf>,
    /// Draw what was measured, or is compared, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Print nothing but the table, and errors on stderr
    #[arg(long)]
    pub(crate) quiet: bool,
}

impl BenchArgs {
    /// Every file that is read, with the argument that names it.
    pub(crate) fn inputs(&self) -> Vec<Named<'_>> {
        let compared = self.compare.iter();
        compared.map(|path| ("compare", path.as_path())).collect()
    }

    /// Every file that is written, with the argument that names it.
    pub(crate) fn outputs(&self) -> Vec<Named<'_>> {
        let files = [("json", &self.json), ("plot", &self.plot)];
        named(files.map(|(argument, path)| (argument, path.as_ref())))
    }
}

/// Those that are given.
fn named<'a>(
    files: impl IntoIterator<Item = (&'static str, Option<&'a PathBuf>)>,
) -> Vec<Named<'a>> {
    let given = |(argument, path): (_, Option<&'a PathBuf>)| Some((argument, path?.as_path()));
    files.into_iter().filter_map(given).collect()
}

/// What options are for: the headings of the help, in this order. An option of one method is told at
/// length only.
mod heading {
    pub(super) const METHOD: &str = "Method";
    pub(super) const ROWS: &str = "Rows";
    pub(super) const BUDGET: &str = "Budget";
    pub(super) const OUTPUT: &str = "Output";
    pub(super) const DEVICE: &str = "Device";
    pub(super) const CLASSES: &str = "Latent classes (sas; random and norm: stratified by them)";
    pub(super) const NORM: &str = "Options of norm and max-norm";
    pub(super) const GRAM_SCHMIDT: &str = "Options of gram-schmidt";
    pub(super) const SAS: &str = "Options of sas";
    pub(super) const TYPICLUST: &str = "Options of typiclust";
    pub(super) const PROBCOVER: &str = "Options of probcover";
}

/// What follows the options in the short help.
const MORE: &str = "Options of each method, and examples: coresift select --help";

/// What follows the options in the long help. Lines fit a terminal of 80 columns.
const EXAMPLES: &str = "\
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
    /// How to choose
    #[arg(long, value_enum, help_heading = heading::METHOD)]
    pub(crate) method: Method,
    /// Seed of the draws
    #[arg(long, default_value_t = 0, help_heading = heading::METHOD)]
    pub(crate) seed: u64,

    /// Feature matrix: .npy of rank 2, one row an example
    ///
    /// float16, float32 or float64, in C or Fortran order
    #[arg(help_heading = heading::ROWS)]
    pub(crate) features: PathBuf,
    /// Indices of rows already labelled: .npy, .json, .csv or .txt
    ///
    /// They are never picked; what they hold already, methods take into account. Of columns with
    /// titles the one called index or row is read
    #[arg(long, value_name = "FILE", help_heading = heading::ROWS)]
    pub(crate) labelled: Option<Target>,

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
    /// Pick the budget by this from more rows that the method chooses
    ///
    /// An option holds for every stage that knows it
    #[arg(long, value_enum, help_heading = heading::BUDGET)]
    pub(crate) then: Option<ThenName>,
    /// Rows that the method chooses for each pick (with --then) [default: 2]
    #[arg(long, value_name = "M", help_heading = heading::BUDGET)]
    pub(crate) oversample: Option<usize>,

    /// Where to write: .npy, .json, .csv or .txt [default: stdout]
    ///
    /// .npy holds int64; stdout gets one index a line. A symbolic link is followed. A file that is read
    /// is never written
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) out: Option<Target>,
    /// Print JSON on stdout: picks, scores, options and versions
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) json: bool,
    /// Print nothing but errors on stderr
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) quiet: bool,

    /// Where to compute: auto, cpu, gpu, all, or adapters' numbers or names
    ///
    /// auto is the best hardware GPU, else the CPU; all is every hardware GPU. `coresift devices` lists
    /// adapters with their numbers; of a name at least three letters will do. Several, with commas
    /// between, share the rows: picks are the same
    #[arg(long, default_value = "auto", help_heading = heading::DEVICE)]
    pub(crate) device: Choice,
    /// Bound on device memory, such as 4GiB
    #[arg(long, value_name = "SIZE", help_heading = heading::DEVICE)]
    pub(crate) memory: Option<Bytes>,
    /// Threads that share the work [default: one a core]
    ///
    /// More than one a core are not made. Without this option RAYON_NUM_THREADS counts. Picks do not
    /// depend on it
    #[arg(long, value_name = "N", help_heading = heading::DEVICE)]
    pub(crate) threads: Option<Threads>,

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
    /// Classes by the nearest of these embeddings, a .npy matrix
    #[arg(long, value_name = "FILE", group = "latent", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) prompts: Option<PathBuf>,
    /// Rows that every class gets at least, where the budget pays for that [default: 0]
    #[arg(long, value_name = "M", help_heading = heading::CLASSES, hide_short_help = true)]
    pub(crate) min_per_class: Option<usize>,

    /// Length of a row (norm, max-norm, gram-schmidt) [default: l2]
    #[arg(long, value_enum, help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) norm: Option<NormName>,
    /// Exponent of the length in a row's weight (norm, gram-schmidt) [default: 1]
    #[arg(long, value_name = "P", allow_negative_numbers = true, help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) power: Option<f64>,
    /// Inputs that the features were made from, .npy of any width: a row counts by its length over
    /// its input's
    #[arg(long, value_name = "FILE", help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) input_features: Option<PathBuf>,
    /// Weigh by the distance to the largest length: prefers short rows
    #[arg(long, help_heading = heading::NORM, hide_short_help = true)]
    pub(crate) anti: bool,

    /// Always take the largest residual, no draws
    #[arg(long, help_heading = heading::GRAM_SCHMIDT, hide_short_help = true)]
    pub(crate) greedy: bool,
    /// What to do when the picks span every row [default: restart]
    #[arg(long, value_enum, help_heading = heading::GRAM_SCHMIDT, hide_short_help = true)]
    pub(crate) on_exhaustion: Option<OnExhaustionName>,
    /// Residual, as a share of its row's length, that counts as none
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = heading::GRAM_SCHMIDT, hide_short_help = true)]
    pub(crate) rank_tol: Option<f64>,

    /// Similarities up to this count as 0, or none: all count [default: 0]
    #[arg(long, value_name = "T|none", allow_negative_numbers = true, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) threshold: Option<Threshold>,
    /// What similarity is [default: cosine]
    #[arg(long, value_enum, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) similarity: Option<SimilarityName>,
    /// What is maximised [default: cut]
    #[arg(long, value_enum, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) objective: Option<ObjectiveName>,
    /// What follows the greedy picks [default: top-up]
    #[arg(long, value_enum, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) refine: Option<RefineName>,
    /// Rows that an example has, consecutively: picks are then examples [default: 1]
    #[arg(long, value_name = "V", help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) views: Option<usize>,
    /// Pick what adds least, for ablations
    #[arg(long, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) worst: bool,
    /// Whether similarities are kept [default: auto]
    #[arg(long, value_enum, help_heading = heading::SAS, hide_short_help = true)]
    pub(crate) road: Option<RoadName>,

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
    pub(crate) delta: Option<DeltaOption>,
}

impl SelectArgs {
    /// Every file that is read, with the argument that names it.
    pub(crate) fn inputs(&self) -> Vec<Named<'_>> {
        fn list(target: &Option<Target>) -> Option<&PathBuf> {
            target.as_ref().map(|target| &target.path)
        }
        named([
            ("features", Some(&self.features)),
            ("labelled", list(&self.labelled)),
            ("classes", list(&self.classes)),
            ("few-labels", list(&self.few_labels)),
            ("prompts", self.prompts.as_ref()),
            ("input-features", self.input_features.as_ref()),
            ("given-clusters", list(&self.given_clusters)),
        ])
    }
}

/// The methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// Every subset is equally likely: the baseline, at no cost
    Random,
    /// Rows drawn by their length: where length tells what matters, at one pass
    Norm,
    /// The longest rows: for comparison, at one pass
    MaxNorm,
    /// Rows drawn by the length of what earlier picks leave of them: picks of all directions, at a few
    /// passes
    GramSchmidt,
    /// In every latent class, the rows most similar to the rest of it: the many to keep, at a product
    /// of all pairs of a class
    Sas,
    /// In every cluster the most typical rows: a first few labels, at the cost of a k-means
    #[value(name = "typiclust")]
    TypiClust,
    /// Rows with most rows near them that no pick has yet: the few to label, at a product of all
    /// pairs of rows
    #[value(name = "probcover")]
    ProbCover,
}

/// The methods that can follow another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ThenName {
    /// Every subset of the chosen rows is equally likely
    Random,
    /// Drawn by their length
    Norm,
    /// The longest
    MaxNorm,
    /// Drawn by the length of what earlier picks leave of them
    GramSchmidt,
}

/// Names of the norms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum NormName {
    /// Sum of absolute values
    L1,
    /// Euclidean length
    L2,
    /// Largest absolute value
    Linf,
}

/// Names of what to do when the picks span every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnExhaustionName {
    /// Begin anew with the rows that are left
    Restart,
    /// Stop short of the budget
    Stop,
    /// Draw the rest by length
    Norm,
}

/// Names of similarities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SimilarityName {
    /// Cosine of the angle
    Cosine,
    /// Inner product, over the largest length squared
    Dot,
}

/// Names of what SAS maximises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ObjectiveName {
    /// The graph cut
    Cut,
    /// Static row sums, as the authors' released code
    RowSum,
}

/// Names of what follows the greedy picks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RefineName {
    /// Double greedy, then greedy picks up to the budget
    TopUp,
    /// Nothing: the greedy ranking
    None,
    /// Double greedy; may leave fewer picks
    DoubleGreedy,
    /// Randomised double greedy; may leave fewer picks
    RandomDoubleGreedy,
}

/// Names of roads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoadName {
    /// Kept where they fit
    Auto,
    /// Kept
    Stored,
    /// Computed anew for every block of picks
    MatrixFree,
}

/// Threads asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Threads(pub(crate) NonZeroUsize);

impl FromStr for Threads {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().map(Self);
        number.map_err(|_| format!("{text:?} found, a whole number of at least 1 expected"))
    }
}

/// What similarities must exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Threshold(pub(crate) Option<f64>);

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let number = text.parse().ok();
        number
            .map(|t| Self(Some(t)))
            .ok_or_else(|| format!("{text:?} found, a number or none expected"))
    }
}

/// How near a row must be to be covered.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum DeltaOption {
    /// A distance.
    Fixed(f64),
    /// By the purity of clusters.
    Auto,
}

impl FromStr for DeltaOption {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self::Auto);
        }
        let number = text.parse().ok();
        number
            .map(Self::Fixed)
            .ok_or_else(|| format!("{text:?} found, a number or auto expected"))
    }
}

/// How many rows to pick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// So many.
    Count(usize),
    /// `part / whole` of all rows. A fraction, since 29% of 100 is 28 in binary floating point.
    Share {
        /// Numerator.
        part: u64,
        /// Denominator, a power of ten.
        whole: u64,
    },
}

impl Budget {
    /// Picks out of `rows`: a share is rounded down, to at least 1.
    pub(crate) fn of(self, rows: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Share { part, whole } => {
                let picks = rows as u128 * u128::from(part) / u128::from(whole);
                usize::try_from(picks)
                    .expect("a share is at most all rows")
                    .max(1)
            }
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = match text.strip_suffix('%') {
            Some(percent) => share(percent),
            None => text.parse().ok().map(Self::Count),
        };
        parsed.ok_or_else(|| {
            format!("{text:?} found, a count (500) or a share above 0% and up to 100% expected")
        })
    }
}

/// A decimal percentage in (0, 100].
fn share(percent: &str) -> Option<Budget> {
    let (units, decimals) = percent.split_once('.').unwrap_or((percent, ""));
    let digits = format!("{units}{decimals}");
    if decimals.len() > 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = digits.parse().ok()?;
    let whole = 100 * 10u64.pow(u32::try_from(decimals.len()).ok()?);
    (0 < part && part <= whole).then_some(Budget::Share { part, whole })
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let split = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let unit = match unit.trim() {
            "" | "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            "TiB" => Some(1 << 40),
            _ => None,
        };
        let bytes = number
            .parse()
            .ok()
            .zip(unit)
            .and_then(|(n, u): (u64, u64)| n.checked_mul(u));
        bytes.map(Self).ok_or_else(|| {
            format!("{text:?} found, a whole number of B, KiB, MiB, GiB or TiB expected")
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn words_are_consistent() {
        Cli::command().debug_assert();
    }

    /// `select` as its help shows it to a terminal of 80 columns.
    pub(crate) fn select() -> clap::Command {
        let command = Cli::command();
        let select = command.find_subcommand("select").unwrap();
        select.clone().term_width(80)
    }

    /// A line of options that is understood, with these besides.
    pub(crate) fn parse(method: &str, more: &[&str]) -> SelectArgs {
        let line = ["coresift", "select", "x.npy", "--budget=1", "--method"];
        let line = [&line[..], &[method], more].concat();
        match Cli::try_parse_from(line).unwrap().command {
            Command::Select(args) => *args,
            _ => panic!("the line says select"),
        }
    }

    #[test]
    fn short_help_fits_a_screen_and_long_help_has_everything() {
        let short = select().render_help().to_string();
        assert!(short.lines().count() <= 40, "{short}");
        let long = select().render_long_help().to_string();
        for argument in select().get_arguments() {
            let name = argument.get_long().unwrap_or("FEATURES");
            assert!(long.contains(name), "{name}");
            assert!(argument.get_help_heading().is_some(), "{name}");
        }
        let most = |text: &str| text.lines().map(|line| line.chars().count()).max();
        assert!(most(&short) <= Some(80) && most(&long) <= Some(80));
        assert!(long.trim_end().ends_with(EXAMPLES), "{long}");
    }

    #[test]
    fn every_file_that_is_named_is_an_input() {
        for argument in select().get_arguments() {
            let names = argument.get_value_names().unwrap_or_default();
            let option = argument.get_long().unwrap_or_default();
            if names == ["FILE"] && option != "out" {
                let given = format!("--{option}=f.npy");
                let args = parse("sas", &[&given]);
                let inputs: Vec<_> = args.inputs().into_iter().map(|(name, _)| name).collect();
                assert_eq!(inputs, ["features", option]);
            }
        }
    }

    #[test]
    fn budgets() {
        let of = |text: &str, rows| text.parse::<Budget>().map(|b| b.of(rows));
        assert_eq!(of("500", 1000), Ok(500));
        assert_eq!(of("0", 1000), Ok(0));
        assert_eq!(of("29%", 100), Ok(29));
        assert_eq!(of("20%", 1797), Ok(359));
        assert_eq!(of("0.1%", 10), Ok(1));
        assert_eq!(of("12.5%", 80), Ok(10));
        assert_eq!(of("100%", usize::MAX), Ok(usize::MAX));
        for text in [
            "", "%", ".%", "abc", "-1", "1.5", "0%", "100.1%", "1e1%", "+5%", "5%%",
        ] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!("4GiB".parse(), Ok(Bytes(4 << 30)));
        assert_eq!("17 MiB".parse(), Ok(Bytes(17 << 20)));
        assert_eq!("12".parse(), Ok(Bytes(12)));
        for text in ["", "GiB", "4GB", "-1", "1.5GiB", "99999999999TiB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }
}
