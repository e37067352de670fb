//! What all commands over features know.

use super::values::{Bytes, Threads};
use super::{heading, list, named, of_features};
use crate::device;
use crate::write::Named;
use clap::Args;
use coresift::DeviceChoice;
use coresift_io::source::Raw;
use coresift_io::target::Target;
use std::path::PathBuf;

/// Which rows there are.
#[derive(Debug, Args)]
pub(crate) struct Source {
    /// Features, one row an example: .npy and more, or -
    ///
    /// x.npy, x.npz#key, x.safetensors#tensor, x.parquet#column, x.arrow#column (files and streams), or -
    /// for standard input, of float16, bfloat16, float32, float64, int8 or uint8. A file's form is found by what is in
    /// it; where it has only one matrix or list column, that need not be named. Several files, a folder,
    /// or a pattern in quotes ("part-*.npy") are one pool, in natural order: 2 comes before 10
    #[arg(required = true, value_name = "FEATURES", help_heading = heading::ROWS)]
    pub(crate) features: Vec<PathBuf>,
    /// What a file of values alone holds, as in f32,512
    ///
    /// Their type (f16, bf16, f32, f64, i8 or u8, lowest byte first) and how many a row has. Files that say
    /// themselves what they hold are read by that
    #[arg(long, value_name = "TYPE,DIM", help_heading = heading::ROWS)]
    pub(crate) raw: Option<Raw>,

    /// Leave these rows out: indices, as of --labelled
    ///
    /// They count for nothing, and their values are not looked at. The others keep the numbers that they
    /// have in the features
    #[arg(long, value_name = "FILE", help_heading = heading::ROWS, hide_short_help = true)]
    pub(crate) exclude: Option<Target>,
    /// Leave out rows that are not finite, or too long
    ///
    /// And rows of zeros, where a method needs a direction. How many is said on stderr; a record lists
    /// them
    #[arg(long, help_heading = heading::ROWS, hide_short_help = true)]
    pub(crate) skip_invalid: bool,
}

impl Source {
    /// Every file that is read, with the argument that names it.
    pub(crate) fn inputs(&self) -> Vec<Named> {
        let mut inputs = of_features("features", &self.features, self.raw.is_some());
        inputs.extend(named([("exclude", list(&self.exclude))]));
        inputs
    }
}

/// What does the work, and within what bounds.
#[derive(Debug, Args)]
pub(crate) struct Machine {
    /// Where to compute: auto, cpu, gpu, all, or adapters' numbers or names
    ///
    /// auto is the best hardware GPU, else the CPU; all is every hardware GPU. `coresift devices` lists
    /// adapters with their numbers; of a name at least three letters will do. Several, with commas
    /// between, share the rows: picks are the same
    #[arg(long, default_value = "auto", value_parser = device::parse, help_heading = heading::DEVICE)]
    pub(crate) device: DeviceChoice,
    /// Bound on memory [default: 60 % of what there is]
    ///
    /// Such as 4GiB. What the process may take is told by the system, its control groups and ulimit -v.
    /// Features that take more are read anew by every pass; what selections keep of them is bounded too.
    /// Besides they take up to 64 bytes a row and some 48 MiB. Picks do not depend on it
    #[arg(long, value_name = "SIZE", help_heading = heading::DEVICE)]
    pub(crate) memory: Option<Bytes>,
    /// Bound on device memory, such as 4GiB
    #[arg(long, value_name = "SIZE", help_heading = heading::DEVICE)]
    pub(crate) device_memory: Option<Bytes>,
    /// Threads that share the work [default: one a core]
    ///
    /// More than one a core are not made. Without this option RAYON_NUM_THREADS counts. Picks do not
    /// depend on it
    #[arg(long, value_name = "N", help_heading = heading::DEVICE)]
    pub(crate) threads: Option<Threads>,
}
