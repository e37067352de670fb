//! Whole steps of selectors that need no rows but those of one pool: what a pool that is far away does by itself, so that
//! rows, labels and bounds stay with it, and a step is one message.

use crate::error::Error;
use crate::random::RowIds;
use std::ops::Range;

/// Steps that a pool does by itself. What it answers is exact, as the host would find it.
pub trait Steps: Send + Sync {
    /// Its rows at length 1, to be given to the nearest of some centres. `anchors` are rows that stay with a centre.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn clustered(&self, anchors: &[Anchor]) -> Result<Box<dyn Clustered + '_>, Error>;

    /// Its rows at length 1, to be drawn as the centres that k-means++ starts at, by these random numbers of a seed.
    ///
    /// # Errors
    ///
    /// As [`clustered`](Self::clustered).
    fn seeds(&self, seed: u64, row_ids: RowIds<'_>) -> Result<Box<dyn Seeds + '_>, Error>;

    /// Its rows as points whose distances to others are asked for: by cosines at length 1, where no row may be all zeros,
    /// else in pool unit.
    ///
    /// # Errors
    ///
    /// As [`clustered`](Self::clustered); [`Error::ZeroRow`].
    fn distanced(&self, by_cosine: bool) -> Result<Box<dyn Distanced + '_>, Error>;

    /// Each row's squared length in pool unit, of squares in f64.
    ///
    /// # Errors
    ///
    /// As [`clustered`](Self::clustered).
    fn squares(&self) -> Result<Vec<f64>, Error>;

    /// The most typical rows of a cluster, picked one after another as [`TypiClust`](crate::TypiClust) does: their places
    /// among its rows, and the typicality of each when it was picked.
    ///
    /// # Errors
    ///
    /// As [`clustered`](Self::clustered).
    fn typical(&self, cluster: ClusterOf<'_>, rule: Typicality)
    -> Result<Vec<(usize, f64)>, Error>;
}

/// A cluster's rows, none of them all zeros.
#[derive(Clone, Copy, Debug)]
pub enum ClusterOf<'a> {
    /// Those of a pool, ascending.
    Rows(&'a [usize]),
    /// Others, in the caller's unit, one after another.
    Values(&'a [f32]),
}

/// What makes a row typical, and how many of a cluster's are picked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Typicality {
    /// How many nearest rows count, from 1 to [`MOST_NEIGHBOURS`](crate::kernels::MOST_NEIGHBOURS).
    pub neighbours: usize,
    /// Whether their squared distances are averaged.
    pub squared: bool,
    /// Picks, at most as many as there are rows.
    pub picks: usize,
}

/// The steps of a part of a pool's rows.
#[derive(Clone)]
pub struct PartSteps<'a> {
    /// The rows of the part.
    pub rows: Range<usize>,
    /// Who does them.
    pub steps: &'a dyn Steps,
    /// Bytes of memory that a selection may take there.
    pub memory: u64,
}

impl std::fmt::Debug for PartSteps<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PartSteps").field(&self.rows).finish()
    }
}

/// A row that stays with a centre.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The row.
    pub row: usize,
    /// The place of the centre among all.
    pub centre: usize,
}

/// Rows at length 1, each in the cluster of the nearest of some centres.
pub trait Clustered: Send {
    /// Gives every row to the nearest of these centres, `dim` values each, row-major; ties to the lower one.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn assign(&mut self, centres: &[f64]) -> Result<Swept, Error>;

    /// Puts some rows into other clusters than the last [`assign`](Self::assign) has; what that and this have done.
    ///
    /// # Errors
    ///
    /// As [`assign`](Self::assign).
    fn put(&mut self, rows: &[usize], clusters: &[u32]) -> Result<Swept, Error>;

    /// Puts all rows into the clusters in which an earlier run has left them, of so many.
    ///
    /// # Errors
    ///
    /// As [`assign`](Self::assign).
    fn restore(&mut self, clusters: &[u32], count: usize) -> Result<Swept, Error>;

    /// Each row's cluster.
    ///
    /// # Errors
    ///
    /// As [`assign`](Self::assign).
    fn labels(&self) -> Result<Vec<u32>, Error>;

    /// Each row's squared distance to the one of these centres that is its cluster's.
    ///
    /// # Errors
    ///
    /// As [`assign`](Self::assign).
    fn distances_sq(&self, centres: &[f64]) -> Result<Vec<f64>, Error>;
}

/// What a sweep comes to, of the rows of one pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swept {
    /// How many rows each cluster has.
    pub counts: Vec<u64>,
    /// The sums of the clusters' rows in whole multiples of 2⁻³², clusters x `dim`, row-major.
    pub sums: Vec<i64>,
    /// How many rows are in another cluster than before the sweep.
    pub moved: u64,
    /// Whether one of those has come nearer to its centre by more than f64 rounds, or was in no cluster.
    pub is_far: bool,
}

/// Rows as points, and how far they are from others, in f64.
pub trait Distanced: Send + Sync {
    /// Their sum, in whole multiples of 2⁻³².
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn sums(&self) -> Result<Vec<i64>, Error>;

    /// The row nearest to a point, ties to the lower one, and its squared distance.
    ///
    /// # Errors
    ///
    /// As [`sums`](Self::sums).
    fn nearest_to(&self, point: &[f64]) -> Result<(usize, f64), Error>;

    /// Each row's squared distance to one of some points, `dim` values each, at least one: the nearest or one about as near.
    ///
    /// # Errors
    ///
    /// As [`sums`](Self::sums).
    fn to_some(&self, points: &[f64]) -> Result<Vec<f64>, Error>;
}

/// Rows at length 1 that are drawn as centres: row i fires at E_i/D_i², D being its distance to the nearest centre.
pub trait Seeds: Send {
    /// Places centres beside those that are there, `dim` values each, and says which rows then fire first, by the numbers
    /// of each of some streams: `most` of them. Without a centre every D is 1.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn firsts(
        &mut self,
        placed: &[f64],
        streams: Range<u64>,
        most: usize,
    ) -> Result<Vec<Firsts>, Error>;
}

/// The rows that fire first, by the numbers of one stream.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Firsts {
    /// The rows. Those at a centre do not fire.
    pub rows: Vec<u32>,
    /// The uniform number that each one's E is made of.
    pub numbers: Vec<f64>,
    /// Each one's D².
    pub distances_sq: Vec<f64>,
    /// The rows at length 1, `rows.len()` x `dim`.
    pub points: Vec<f64>,
    /// No other row fires before this; infinite where none is left.
    pub rest: f64,
}
