//! What a selection is worth: measures of picks that are made already, however they were chosen.

mod weights;

pub use weights::{Weigher, Weights};
