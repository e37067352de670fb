//! How far two rows are apart, as an option.

use crate::names::names;

/// How far two rows are apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Metric {
    /// ‖x_i − x_j‖.
    #[default]
    Euclidean,
    /// The same of rows at length 1, whose square is 2 − 2·cosine.
    Cosine,
}

names!(Metric {
    Euclidean = "euclidean", "Of rows as they are";
    Cosine = "cosine", "Of rows at length 1";
});
