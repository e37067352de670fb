//! What the command line understands.

mod common;
mod compare;
mod cover;
mod duplicates;
mod evaluate;
mod heading;
mod names;
mod report;
mod select;
pub(crate) mod values;

use crate::device;
use crate::write::Named;
use clap::{Args, Parser, Subcommand};
pub(crate) use common::{Machine, Source};
pub(crate) use compare::{Candidate, CompareArgs};
use coresift::DeviceChoice;
use coresift_io::source::files;
use coresift_io::target::Target;
pub(crate) use duplicates::{DuplicatesArgs, Give};
pub(crate) use evaluate::EvaluateArgs;
pub(crate) use names::Method;
pub(crate) use report::ReportArgs;
pub(crate) use select::SelectArgs;
use std::path::PathBuf;
pub(crate) use values::Threads;

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
    /// Tell what a selection would cost, before any row is read
    Plan(Box<PlanArgs>),
    /// Find rows that are nearly the same: which to keep, their groups or all pairs
    Duplicates(Box<DuplicatesArgs>),
    /// Tell what selections are worth that are made already: by labels, and by the rows alone
    Evaluate(Box<EvaluateArgs>),
    /// Try methods on splits of labelled rows, and tell by how much they differ
    Compare(Box<CompareArgs>),
    /// List every adapter and the one that `auto` takes
    Devices(DevicesArgs),
    /// Measure what a device can do at best, and how near to it kernels and selectors come
    Bench(BenchArgs),
    /// Answer what a driver asks on standard input: what `select --workers` starts
    #[command(hide = true)]
    Worker,
}

/// Options of `plan`: those of `select`, and what belongs to the plan.
#[derive(Debug, Args)]
#[command(after_help = "", after_long_help = PLANNED, mut_arg("plan", |plan| plan.hide(true)))]
pub(crate) struct PlanArgs {
    /// What is to be selected.
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    /// Measure anew what this device can do
    ///
    /// That is done once for each device and version, in a second or two, and kept in the user's cache folder
    #[arg(long, help_heading = "Plan")]
    pub(crate) calibrate: bool,
}

/// What the long help of `plan` ends with.
const PLANNED: &str = "\
Of the features only what stands before their rows is read; lists that options
name are read whole. Nothing is selected and no file written: with --json the
plan is printed as JSON.";

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
    #[arg(long, default_value = "auto", value_parser = device::parse)]
    pub(crate) device: DeviceChoice,
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
    pub(crate) fn inputs(&self) -> Vec<Named> {
        named(self.compare.iter().map(|path| ("compare", Some(path))))
    }

    /// Every file that is written, with the argument that names it.
    pub(crate) fn outputs(&self) -> Vec<Named> {
        let files = [("json", &self.json), ("plot", &self.plot)];
        named(files.map(|(argument, path)| (argument, path.as_ref())))
    }
}

/// The file of a list.
fn list(target: &Option<Target>) -> Option<&PathBuf> {
    target.as_ref().map(|target| &target.path)
}

/// Those that are given.
fn named<'a>(files: impl IntoIterator<Item = (&'static str, Option<&'a PathBuf>)>) -> Vec<Named> {
    let given = |(argument, path): (_, Option<&'a PathBuf>)| Some((argument, path?.clone()));
    files.into_iter().filter_map(given).collect()
}

/// Every file that features are read from.
fn of_features<'a>(
    argument: &'static str,
    named: impl IntoIterator<Item = &'a PathBuf>,
    raw: bool,
) -> Vec<Named> {
    let paths = named.into_iter().flat_map(|name| files(name, raw));
    paths.map(|path| (argument, path)).collect()
}

#[cfg(test)]
pub(crate) mod tests {
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
        assert!(long.trim_end().ends_with(select::EXAMPLES), "{long}");
    }

    #[test]
    fn every_file_that_is_named_is_an_input() {
        for argument in select().get_arguments() {
            let names = argument.get_value_names().unwrap_or_default();
            let option = argument.get_long().unwrap_or_default();
            if names == ["FILE"] && !["out", "weights-out", "checkpoint"].contains(&option) {
                let given = format!("--{option}=f.npy");
                let args = parse("sas", &[&given]);
                let inputs: Vec<_> = args.inputs().into_iter().map(|(name, _)| name).collect();
                assert_eq!(inputs, ["features", option]);
            }
        }
    }

    /// A line of a command that is understood, with an option besides.
    fn line<'a>(command: &'a str, more: &'a str) -> Vec<&'a str> {
        let needed: &[&str] = match command {
            "duplicates" => &["--threshold=1"],
            "evaluate" => &["--picks=p.txt", "--labels=l.txt"],
            _ => &["--labels=l.txt", "--methods=random", "--budgets=1"],
        };
        let option = more.split_once('=').map_or(more, |(option, _)| option);
        let others = needed.iter().filter(|needed| !needed.starts_with(option));
        let begin = ["coresift", command, "x.npy"];
        begin.iter().chain(others).copied().chain([more]).collect()
    }

    #[test]
    fn the_help_of_other_commands_fits_a_terminal_and_their_files_are_inputs() {
        for name in ["duplicates", "evaluate", "compare"] {
            let command = Cli::command();
            let command = command.find_subcommand(name).unwrap();
            let long = command.clone().term_width(80).render_long_help();
            let long = long.to_string();
            let most = long.lines().map(|line| line.chars().count()).max();
            assert!(most <= Some(80), "{long}");
            for argument in command.get_arguments() {
                assert!(argument.get_help_heading().is_some(), "{argument}");
                let names = argument.get_value_names().unwrap_or_default();
                let option = argument.get_long().unwrap_or_default();
                // Each of two needs the other.
                let has_partner = option.starts_with("test-");
                if names == ["FILE"] && option != "out" && !has_partner {
                    let given = format!("--{option}=f.npy");
                    let cli = Cli::try_parse_from(line(name, &given)).unwrap();
                    let inputs = match cli.command {
                        Command::Duplicates(args) => args.inputs(),
                        Command::Evaluate(args) => args.inputs(),
                        Command::Compare(args) => args.inputs(),
                        _ => panic!("the line says {name}"),
                    };
                    let given = (inputs.into_iter()).any(|input| input == named_by(option));
                    assert!(given, "{name} {option}");
                }
            }
        }
    }

    /// The file that a test gives an option.
    fn named_by(option: &str) -> (&str, PathBuf) {
        (option, "f.npy".into())
    }

    #[test]
    fn rows_to_test_on_are_inputs() {
        let line = line("evaluate", "--test-features=t.npy");
        let line = line.into_iter().chain(["--test-labels=tl.txt"]);
        let Command::Evaluate(args) = Cli::try_parse_from(line).unwrap().command else {
            panic!("the line says evaluate");
        };
        let inputs: Vec<_> = args.inputs().into_iter().map(|(name, _)| name).collect();
        let expected = [
            "features",
            "picks",
            "test-features",
            "labels",
            "test-labels",
        ];
        assert_eq!(inputs, expected);
    }
}
