//! The options of `compare`.

use super::common::{Machine, Source};
use super::names::{Method, method};
use super::report::page;
use super::values::{Budget, Share};
use super::{heading, list, named};
use crate::write::Named;
use clap::Args;
use coresift_io::target::Target;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// What follows the options in the long help. Lines fit a terminal of 80 columns.
const EXAMPLES: &str = "\
Examples:
  By how much others are better than random picks, at 10, 20 ... 60 labels:

    coresift compare features.npy --labels labels.npy \\
      --methods random,typiclust,coverage,typiclust:then-norm \\
      --budgets 10..60";

/// How it is asked, in lines that fit too.
const USAGE: &str = "\
coresift compare [OPTIONS] --labels <FILE> --methods <A,B>
                        --budgets <S,S> <FEATURES>...";

/// Options of `compare`.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, override_usage = USAGE)]
pub(crate) struct CompareArgs {
    /// Each row's label, a whole number or a name: methods do not see them
    ///
    /// A list: .npy, .json, .csv or .txt. Of columns with titles the one called label, class, cluster or target is
    /// read; one called index or row says whose it is
    #[arg(long, value_name = "FILE", help_heading = heading::COMPARISON)]
    pub(crate) labels: Target,
    /// Methods of `select`, commas between: others are held against the first
    ///
    /// Each has its default options. typiclust:then-norm is --method typiclust --then norm
    #[arg(long, value_name = "A,B", required = true, value_delimiter = ',', help_heading = heading::COMPARISON)]
    pub(crate) methods: Vec<Candidate>,
    /// How many rows each picks: counts (500) or shares of the rows to select from (5%), commas between; or 10..60,
    /// which is 10, 20 ... 60
    #[arg(long, value_name = "S,S", allow_negative_numbers = true, help_heading = heading::COMPARISON)]
    pub(crate) budgets: Budgets,
    /// Splits of the rows, at least 2: one for each seed from 0 on, which is the methods' too
    #[arg(long, value_name = "N", default_value_t = 20, allow_negative_numbers = true, help_heading = heading::COMPARISON)]
    pub(crate) seeds: u64,
    /// Rows to select from; the others are there to test on [default: two thirds]
    #[arg(long, value_name = "N", conflicts_with = "test_share", help_heading = heading::COMPARISON)]
    pub(crate) rows: Option<usize>,
    /// Share of the rows to test on, such as 25%, rounded down, to at least 1
    #[arg(long, value_name = "P%", allow_negative_numbers = true, help_heading = heading::COMPARISON)]
    pub(crate) test_share: Option<Share>,

    /// What is split.
    #[command(flatten)]
    pub(crate) source: Source,

    /// Where to write: .json, .csv or .txt [default: stdout]
    ///
    /// .json holds every selection and score, .csv a line for each score, method and budget; stdout gets tables, as
    /// .txt does. A symbolic link is followed. A file that is read is never written
    #[arg(long, value_name = "FILE", help_heading = heading::OUTPUT)]
    pub(crate) out: Option<Target>,
    /// Draw the scores by budget as a page of HTML, which needs no other file: x.html
    #[arg(long, value_name = "HTML", value_parser = page, help_heading = heading::OUTPUT)]
    pub(crate) report: Option<PathBuf>,
    /// Print JSON on stdout: every selection and score, options and versions
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) json: bool,
    /// Print nothing but errors on stderr
    #[arg(long, help_heading = heading::OUTPUT)]
    pub(crate) quiet: bool,

    /// Where that is done.
    #[command(flatten)]
    pub(crate) machine: Machine,
}

impl CompareArgs {
    /// Every file that is written, with the argument that names it.
    pub(crate) fn outputs(&self) -> Vec<Named> {
        named([("out", list(&self.out)), ("report", self.report.as_ref())])
    }

    /// Every file that is read, with the argument that names it.
    pub(crate) fn inputs(&self) -> Vec<Named> {
        let mut inputs = self.source.inputs();
        inputs.extend(named([("labels", Some(&self.labels.path))]));
        inputs
    }
}

/// A method, or one and another that picks from what it has chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) method: Method,
    pub(crate) then: Option<Method>,
}

/// What stands between two stages.
const THEN: &str = ":then-";

impl FromStr for Candidate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (first, then) = match text.split_once(THEN) {
            Some((first, then)) => (first, Some(method(then, true)?)),
            None => (text, None),
        };
        Ok(Self {
            method: method(first, false)?,
            then,
        })
    }
}

impl fmt::Display for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.method.name())?;
        match self.then {
            Some(then) => write!(f, "{THEN}{}", then.name()),
            None => Ok(()),
        }
    }
}

/// Several budgets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Budgets(pub(crate) Vec<Budget>);

impl FromStr for Budgets {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some((first, last)) = text.split_once("..") else {
            let each = text.split(',').map(|budget| budget.trim().parse());
            return Ok(Self(each.collect::<Result<_, _>>()?));
        };
        let count = |text: &str| text.trim().parse::<usize>().ok();
        let numbers = count(first).zip(count(last));
        match numbers {
            Some((first, last)) if first > 0 && last >= first && last % first == 0 => {
                let multiples = (1..=last / first).map(|times| Budget::Count(times * first));
                Ok(Self(multiples.collect()))
            }
            _ => Err(format!(
                "{text:?} found, a count and a multiple of it expected, as in 10..60"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets_in_a_list_and_as_multiples() {
        let counts = |text: &str| {
            let budgets = text.parse::<Budgets>()?;
            Ok::<_, String>(budgets.0.iter().map(|b| b.of(200)).collect::<Vec<_>>())
        };
        assert_eq!(counts("10, 5,50%"), Ok(vec![10, 5, 100]));
        assert_eq!(counts("10..30"), Ok(vec![10, 20, 30]));
        assert_eq!(counts("7..7"), Ok(vec![7]));
        for text in [
            "", "10,", "10..35", "0..10", "20..10", "..", "a..b", "5%..10%", "1.5",
        ] {
            assert!(counts(text).is_err(), "{text}");
        }
    }

    #[test]
    fn candidates_are_methods_of_select() {
        for text in ["random", "typiclust:then-norm", "sas:then-k-center"] {
            assert_eq!(text.parse::<Candidate>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "best",
            "typiclust:then-",
            "random:then-sas",
            "typiclust:norm",
        ] {
            assert!(text.parse::<Candidate>().is_err(), "{text}");
        }
    }
}
