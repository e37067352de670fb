//! The experiments of the papers whose methods coresift carries out, on pools that are at hand: one command, one
//! report in Markdown each, which says what reproduces and what does not.
//!
//! ```text
//! cargo run --release --example papers -- probe
//! cargo run --release --example papers -- eigenfaces --data DIR --out eigenfaces.md
//! ```
//!
//! Pools are looked for in the folder that `--data`, or else `CORESIFT_DATA`, names, and then in `examples/data`.

pub(crate) mod eigenfaces;
pub(crate) mod fid;
mod methods;
pub(crate) mod norms;
pub(crate) mod pca;
pub(crate) mod pools;
pub(crate) mod probe;
pub(crate) mod sas;
pub(crate) mod statistics;
mod trials;
mod words;

use clap::{Parser, Subcommand};
use coresift_io::{file, outputs};
use pools::{Folder, LabelledPool};
use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// The papers' experiments: each prints one report, in Markdown.
#[derive(Parser)]
#[command(name = "papers")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    experiment: Experiment,
    /// Folder of pools: NAME/features.npy and NAME/labels.npy [default: CORESIFT_DATA; else those of examples/data alone]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Write the report there, and not to stdout
    #[arg(long, global = true, value_name = "FILE.md")]
    out: Option<PathBuf>,
}

/// What there is to be run.
#[derive(Subcommand)]
pub(crate) enum Experiment {
    /// Bar and Giryes, table 1: 1-NN and class coverage on the AT&T faces
    Eigenfaces {
        /// Splits into 6 images a person to select from and 4 to test on
        #[arg(long, default_value_t = 300, value_parser = at_least_two())]
        splits: u64,
    },
    /// Bar and Giryes, framework ii: a linear probe on few labels
    Probe {
        /// Splits, each with a seed of its own
        #[arg(long, default_value_t = 20, value_parser = at_least_two())]
        seeds: u64,
    },
    /// Bar and Giryes, figures 5c-d and 7: norms of subsets and what the subsets are worth
    Norms {
        /// Random subsets of each size
        #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u64).range(4..=1_000_000))]
        subsets: u64,
    },
    /// Bar and Giryes, table 4: Frechet distance of subset and rest
    Fid {
        /// Splits, each with a seed of its own
        #[arg(long, default_value_t = 20, value_parser = at_least_two())]
        seeds: u64,
    },
    /// Joshi and Mirzasoleiman: what SAS loses of latent classes, easy examples and hard ones
    Sas {
        /// Splits, each with a seed of its own
        #[arg(long, default_value_t = 10, value_parser = at_least_two())]
        seeds: u64,
    },
}

/// Fewer have no standard error.
fn at_least_two() -> clap::builder::RangedU64ValueParser {
    clap::value_parser!(u64).range(2..=1_000_000)
}

impl Experiment {
    /// The pools that it goes by.
    pub(crate) fn pools(&self) -> &'static [&'static str] {
        match self {
            Self::Eigenfaces { .. } => &["att_faces"],
            Self::Probe { .. } => &["digits", "fmnist_simclr", "debtext_minilm"],
            Self::Norms { .. } => &["digits", "fmnist_simclr"],
            Self::Fid { .. } | Self::Sas { .. } => &["fmnist_simclr"],
        }
    }

    /// Runs it.
    ///
    /// # Errors
    ///
    /// What the library refuses.
    pub(crate) fn report(&self, pools: &[LabelledPool]) -> Result<String, coresift::Error> {
        match *self {
            Self::Eigenfaces { splits } => eigenfaces::report(&pools[0], splits),
            Self::Probe { seeds } => probe::report(pools, seeds),
            Self::Norms { subsets } => norms::report(pools, subsets),
            Self::Fid { seeds } => fid::report(&pools[0], seeds),
            Self::Sas { seeds } => sas::report(&pools[0], seeds),
        }
    }
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("papers: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the pools, refuses what cannot be written, runs the experiment and delivers its report.
///
/// # Errors
///
/// In words: what cannot be read or written, and what the library refuses.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let folder = Folder::new(arguments.data.as_deref())?;
    let pools = folder.read_all(arguments.experiment.pools())?;
    let inputs = pools.iter().flat_map(|pool| &pool.files);
    let inputs: Vec<_> = inputs.map(|path| ("data", path.clone())).collect();
    let out = arguments.out.iter().map(|path| ("out", path.clone()));
    outputs::check(&out.collect::<Vec<_>>(), &inputs)?;
    let began = Instant::now();
    let report = arguments.experiment.report(&pools)?;
    eprintln!("{:.1} s", began.elapsed().as_secs_f64());
    match &arguments.out {
        Some(path) => file::replace(path, report.as_bytes())
            .map_err(|error| format!("{}: out: cannot write the file: {error}", path.display()))?,
        None => std::io::stdout().write_all(report.as_bytes())?,
    }
    Ok(())
}
