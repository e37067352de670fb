//! What a selection is worth: measures of picks that are made already, however they were chosen.
//!
//! An [`Evaluation`] has a pool and picks, and tells:
//!
//! | measure | of what | definition |
//! |---|---|---|
//! | [`class_coverage`](Evaluation::class_coverage) | labels | classes present among the picks, over those present in the pool |
//! | [`nearest_accuracy`](Evaluation::nearest_accuracy) | labels | rows that have the label of their nearest pick |
//! | [`probe_accuracy`](Evaluation::probe_accuracy) | labels | rows that a linear classifier fitted to the picks gets right |
//! | [`energy_kept`](Evaluation::energy_kept) | rows | 1 − Σ residual² / Σ ‖F‖² against the span of the picks |
//! | [`energy_by_pick`](Evaluation::energy_by_pick) | rows | the same after each pick |
//! | [`distances_by_pick`](Evaluation::distances_by_pick) | some rows | how far each is from the nearest of the first picks |
//! | [`frechet`](Evaluation::frechet) | rows | the distance between Gaussians of picks and of the other rows: FID in the given space |
//! | [`latent`](Evaluation::latent) | latent classes | alignment error ν_R, centre error ν_μ, their bound, centre divergence |
//! | [`cut_values`](Evaluation::cut_values) | latent classes | F, which SAS maximises |
//! | [`cover`](Evaluation::cover) | rows at length 1 | rows within δ of a pick |
//! | [`weights`](Evaluation::weights) | rows | rows to which a pick is the nearest |
//! | [`norms()`], [`NormStatistics`], [`Correlation`] | lengths | of the pool and of picks, and how those go with what a subset is worth |
//! | [`principal_plane()`] | rows | their coordinates by the first two principal components |
//!
//! [`Measures`] tells all of them in one go, and which cannot be had.
//!
//! Labels are classes by number; [`classes_of`] makes them of whole numbers and of names. Rows are read by the host and
//! added up in one order in f64: measures are the same to the bit on every device, and with any number of threads. Other
//! processors may round products in the last digits otherwise.

mod by_pick;
mod classes;
mod correlation;
mod energy;
mod evaluation;
mod frechet;
mod gaussian;
mod held_out;
mod latent;
mod measures;
mod nearest;
mod norms;
mod plane;
mod probe;
mod rows;
mod weights;

pub use classes::{ClassCoverage, classes_of};
pub use correlation::Correlation;
pub use evaluation::{Evaluation, TestRows};
pub use frechet::Frechet;
pub(crate) use held_out::HeldOut;
pub use latent::{Latent, LatentClass, LatentErrors};
pub use measures::{
    CoveredClasses, CutValues, LatentSummary, Measured, Measures, NamedLatentClass, Unmeasured,
};
pub use norms::{NormStatistics, norms};
pub use plane::{PrincipalPlane, principal_plane};
pub use probe::LinearProbe;
pub use weights::{Weigher, Weights};
