//! What follows the greedy picks, as an option.

use crate::names::names;

/// What [`Coverage`](crate::Coverage) makes of its greedy picks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refinement {
    /// k-means begins at them; of each of its clusters the row nearest to the centre is picked.
    #[default]
    Lloyd,
    /// One of them is changed for another row as long as that raises F (partitioning around medoids).
    Swap,
    /// They stay as they are.
    None,
}

names!(Refinement {
    Lloyd = "lloyd", "k-means begins at the greedy picks";
    Swap = "swap", "Swapped while that raises the objective";
    None = "none", "The greedy picks as they are";
});
