//! Options of the methods by how similar rows are.

use super::heading;
use super::names::name;
use clap::Args;
use coresift::{Alpha, Bandwidth, Kernel};

// No doc comment: it would be taken for the command's.
#[derive(Debug, Args)]
pub(crate) struct CoverArgs {
    /// How similar two rows are (facility-location, herding) [default: rbf]
    #[arg(long, value_parser = name::<Kernel>(), help_heading = heading::COVER, hide_short_help = true)]
    pub(crate) kernel: Option<Kernel>,
    /// Bandwidth of rbf, of rows at length 1: a number, 20nn for the median distance to the 20th
    /// nearest row, or auto: as many neighbours as a pick stands for; of herding half the median
    /// distance of all [default: auto]
    #[arg(long, value_name = "S|Knn|auto", allow_negative_numbers = true, help_heading = heading::COVER, hide_short_help = true)]
    pub(crate) sigma: Option<Bandwidth>,
    /// How much the mean of all rows counts (herding), from 0 to 1, or auto: 1 - 1 / sqrt(picks)
    /// [default: auto]
    #[arg(long, value_name = "A|auto", allow_negative_numbers = true, help_heading = heading::COVER, hide_short_help = true)]
    pub(crate) alpha: Option<Alpha>,
}
