//! The kernels' contract: what a selector may ask of resident rows, on any device, and how far the
//! answers may be off.
//!
//! Kernels bound and score; the host decides. No kernel's answer is trusted beyond the bound that
//! [`rounding`] states for it, so that every device leads to the same picks.
//!
//! # Pools of your own
//!
//! [`Pool`] and the traits of its handles are complete, not sealed: whatever they ask for can be made
//! with what is public here. A method that is added later comes with a default, so that a pool written
//! today goes on compiling; a selector, in turn, is not to be written outside
//! ([`Selector`](crate::Selector) is sealed).

pub(crate) mod assigner;
pub(crate) mod call;
pub(crate) mod cover;
pub(crate) mod cut;
pub(crate) mod function;
pub(crate) mod neighbours;
pub(crate) mod pool;
pub(crate) mod rbf;
pub(crate) mod residuals;
pub mod rounding;
pub(crate) mod similarities;
pub(crate) mod steps;
pub(crate) mod units;
pub(crate) mod visited;
pub(crate) mod watched;
pub(crate) mod watched_handles;

pub use crate::progress::Pass;
pub use crate::quantise::{ClassRanges, FIXED_BITS, IntegerRows, Length};
pub use crate::random::RowIds;
pub use assigner::{Assigner, Assignment, CandidateGroup, Margins};
pub use call::{Call, Watcher};
pub use cover::Cover;
pub use cut::{Cut, CutRule};
pub use function::{KernelFunction, half_square};
pub use neighbours::{MARKED, NearMasks, Neighbours, Thresholds};
pub use pool::{ClusterRows, MOST_NEIGHBOURS, Pool};
pub use rbf::{Rbf, half_distance};
pub use residuals::{Draws, Due, Epoch, Rate, Residuals, RowState, Totals};
pub use similarities::{
    CutHeard, CutPicks, Examples, MASK, Round, Similarities, Update, is_masked, stored_bytes,
};
pub use steps::{
    Anchor, ClusterOf, Clustered, Distanced, Firsts, PartSteps, Seeds, Steps, Swept, Typicality,
};
pub use units::UnitMoves;
pub use visited::{Digits, Visited};
pub use watched::Watched;
