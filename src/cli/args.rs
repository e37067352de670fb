//! The words of the command line.

use super::device::Choice;
use super::write::Target;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::str::FromStr;

/// Chooses which training examples are worth having
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true)]
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
    /// What to measure: auto, cpu, gpu or part of an adapter's name
    #[arg(long, default_value = "auto", value_name = "auto|cpu|gpu|NAME")]
    pub(crate) device: Choice,
    /// Measure the CPU and every adapter, software ones too
    #[arg(long, conflicts_with = "device")]
    pub(crate) all: bool,
    /// Small sizes: less than two minutes on a software adapter
    #[arg(long)]
    pub(crate) quick: bool,
    /// Write the report, with every sample
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Measure nothing: compare reports of other runs
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with_all = ["device", "all", "quick", "json"])]
    pub(crate) compare: Vec<PathBuf>,
    /// Draw what was measured, or is compared, as SVG
    #[arg(long, value_name = "FILE")]
    pub(crate) plot: Option<PathBuf>,
    /// Print nothing but the table, and errors on stderr
    #[arg(long)]
    pub(crate) quiet: bool,
}

/// Options of `select`. Those that only some methods know are `Option` or `bool`, so that
/// defaults live in the library and a stray one can be named.
#[derive(Debug, Args)]
pub(crate) struct SelectArgs {
    /// Feature matrix: .npy of rank 2, one row an example, float16, float32 or float64
    pub(crate) features: PathBuf,
    /// How to choose
    #[arg(long, value_enum)]
    pub(crate) method: Method,
    /// How many rows: a count (500) or a share (20%, rounded down, at least 1)
    #[arg(long, value_name = "S|P%", allow_negative_numbers = true)]
    pub(crate) budget: Budget,
    /// Seed of the draws
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Indices of rows already labelled, never picked: .npy, .json, .csv or .txt (of columns with
    /// titles that called index or row)
    #[arg(long, value_name = "FILE")]
    pub(crate) labelled: Option<Target>,
    /// Length of a row (norm, max-norm, gram-schmidt) [default: l2]
    #[arg(long, value_enum)]
    pub(crate) norm: Option<NormName>,
    /// Exponent of the length in a row's weight (norm, gram-schmidt) [default: 1]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub(crate) power: Option<f64>,
    /// Inputs that the features were made from, .npy of any width: a row counts by its length over
    /// its input's (norm, max-norm)
    #[arg(long, value_name = "FILE")]
    pub(crate) input_features: Option<PathBuf>,
    /// Weigh by the distance to the largest length: prefers short rows (norm, max-norm)
    #[arg(long)]
    pub(crate) anti: bool,
    /// Always take the largest residual, no draws (gram-schmidt)
    #[arg(long)]
    pub(crate) greedy: bool,
    /// What to do when the picks span every row (gram-schmidt) [default: restart]
    #[arg(long, value_enum)]
    pub(crate) on_exhaustion: Option<OnExhaustionName>,
    /// Residual, as a share of its row's length, that counts as none (gram-schmidt)
    #[arg(long, value_name = "X", allow_negative_numbers = true)]
    pub(crate) rank_tol: Option<f64>,
    /// Each row's latent class, a list: .npy, .json, .csv or .txt (of columns with titles that called
    /// class, cluster, label or target; one called index or row says whose it is) (sas; random and
    /// norm: stratified)
    #[arg(long, value_name = "FILE", group = "latent")]
    pub(crate) classes: Option<Target>,
    /// Latent classes by k-means into so many clusters (sas; random and norm: stratified); the
    /// clusters that --delta auto goes by, best as many as there are classes (probcover) [there
    /// default: the budget, from 2 to 100]
    #[arg(long, value_name = "K", group = "latent")]
    pub(crate) clusters: Option<usize>,
    /// Latent classes by a linear classifier fitted to a few labels: pairs of row and class, .csv,
    /// .txt, .json or .npy (titles as of --labelled and --classes) (sas; random and norm: stratified)
    #[arg(long, value_name = "FILE", group = "latent")]
    pub(crate) few_labels: Option<Target>,
    /// Latent classes by the nearest of these embeddings, a .npy matrix (sas; random and norm:
    /// stratified)
    #[arg(long, value_name = "FILE", group = "latent")]
    pub(crate) prompts: Option<PathBuf>,
    /// Rows that every class gets at least, where the budget pays for that (with classes)
    /// [default: 0]
    #[arg(long, value_name = "M")]
    pub(crate) min_per_class: Option<usize>,
    /// Similarities up to this count as 0, or none: all count (sas) [default: 0]
    #[arg(long, value_name = "T|none", allow_negative_numbers = true)]
    pub(crate) threshold: Option<Threshold>,
    /// What similarity is (sas) [default: cosine]
    #[arg(long, value_enum)]
    pub(crate) similarity: Option<SimilarityName>,
    /// What is maximised (sas) [default: cut]
    #[arg(long, value_enum)]
    pub(crate) objective: Option<ObjectiveName>,
    /// What follows the greedy picks (sas) [default: top-up]
    #[arg(long, value_enum)]
    pub(crate) refine: Option<RefineName>,
    /// Rows that an example has, consecutively: picks are then examples (sas) [default: 1]
    #[arg(long, value_name = "V")]
    pub(crate) views: Option<usize>,
    /// Pick what adds least, for ablations (sas)
    #[arg(long)]
    pub(crate) worst: bool,
    /// Whether similarities are kept (sas) [default: auto]
    #[arg(long, value_enum)]
    pub(crate) road: Option<RoadName>,
    /// Nearest rows that make a row typical, 1 to 64 (typiclust) [default: 20]
    #[arg(long, value_name = "K")]
    pub(crate) neighbours: Option<usize>,
    /// Average squared distances, as the authors' released code (typiclust)
    #[arg(long)]
    pub(crate) squared: bool,
    /// Each row's cluster, a list as that of --classes; spares k-means (typiclust)
    #[arg(long, value_name = "FILE")]
    pub(crate) given_clusters: Option<Target>,
    /// Distance within which a row covers others, of rows at length 1: above 0 and at most 2, or
    /// auto: 95 % of the rows have only rows of their own cluster within it (probcover)
    /// [default: auto]
    #[arg(long, value_name = "D|auto", allow_negative_numbers = true)]
    pub(crate) delta: Option<DeltaOption>,
    /// Pick the budget by this from more rows that the method chooses; an option holds for every
    /// stage that knows it
    #[arg(long, value_enum)]
    pub(crate) then: Option<ThenName>,
    /// Rows that the method chooses for each pick (with --then) [default: 2]
    #[arg(long, value_name = "M")]
    pub(crate) oversample: Option<usize>,
    /// Where to compute: auto, cpu, gpu or part of an adapter's name
    #[arg(long, default_value = "auto", value_name = "auto|cpu|gpu|NAME")]
    pub(crate) device: Choice,
    /// Bound on device memory, such as 4GiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory: Option<Bytes>,
    /// Where to write: .npy (int64), .json, .csv or .txt [default: one index a line on stdout]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<Target>,
    /// Print JSON on stdout: picks, scores, options and versions
    #[arg(long)]
    pub(crate) json: bool,
    /// Print nothing but errors on stderr
    #[arg(long)]
    pub(crate) quiet: bool,
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
mod tests {
    use super::*;

    #[test]
    fn words_are_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
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
