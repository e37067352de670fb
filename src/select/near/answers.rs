//! What is asked of rows that may be near to each other.

use crate::error::Error;
use crate::progress::Pass;

/// How far apart rows may lie that are near.
#[derive(Clone, Copy)]
pub(crate) struct Reach {
    /// About so far.
    pub(super) delta: f64,
    /// The largest squared distance at which they are.
    pub(super) most: f64,
}

impl Reach {
    /// Less than a distance.
    pub(crate) fn below(delta: f64) -> Self {
        let most = (delta * delta).next_down();
        Self { delta, most }
    }

    /// At most a squared distance.
    pub(crate) fn up_to(most: f64) -> Self {
        let delta = most.sqrt();
        Self { delta, most }
    }
}

/// Rows of a pool, or one for all that are alike, and which of them are near to each other. Each
/// counts for as many as it stands for.
pub(crate) trait Near {
    /// How many rows are near to each, itself among them, at most.
    fn count(&self, pass: &Pass<'_>) -> Result<Vec<u32>, Error>;

    /// For each of `among` how many of the `marked` are near to it, at least.
    fn count_least(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error>;

    /// The same, at most.
    fn count_most(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error>;

    /// For each of `among` which of the `marked`, at most [`MARKED`](crate::kernels::MARKED), it is near to:
    /// bit b is the b-th of them. And how many pairs had to be settled one by one.
    fn marks(&self, marked: &[usize], among: &[usize]) -> Result<(Vec<u32>, usize), Error>;

    /// Keeps of `among` those that may be close to a row.
    fn retain_close(&self, row: usize, among: &mut Vec<usize>) -> Result<(), Error>;

    /// The rows that may be near to one of the `marked`, where that is known without a look at
    /// all of them.
    fn candidates(&self, marked: &[usize]) -> Option<Vec<usize>>;

    /// Rows that it pays to ask for at a time.
    fn at_once(&self) -> usize;
}

/// The places of the bits that are set.
pub(crate) fn each_bit(mut bits: u32, mut work: impl FnMut(usize)) {
    while bits != 0 {
        work(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}
