//! The trait Pool: what a selector may ask of resident rows, on any device.

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::kernels::neighbours::Neighbours;
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{Examples, Similarities};
use crate::lp::Lp;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::RowIds;
use bytemuck::Zeroable as _;

/// Resident feature rows and the kernels that work on them.
///
/// Inside a pool every value is multiplied by [`scale`](Self::scale), a power of two that
/// brings the longest row's length into `[1, 2)`; this is exact but for values below 2⁻¹²⁶ then,
/// and keeps squares of tiny features from underflowing. Every number a kernel takes or gives is in
/// that *pool unit*, unless it says so.
///
/// Row indices must be below [`rows`](Self::rows): a selector has checked them.
///
/// Once [`stop`](Self::stop) is stopped every kernel, those of residuals, similarities and neighbours
/// included, fails with [`Error::Interrupted`] beside the errors that it names.
pub trait Pool: Send + Sync {
    /// Number of rows.
    fn rows(&self) -> usize;

    /// Values per row.
    fn dim(&self) -> usize;

    /// Pool unit over the caller's unit, a power of two.
    fn scale(&self) -> f32;

    /// What the values were rounded to before they came here, where that is known.
    fn precision(&self) -> Precision;

    /// One number a row: Σ|xⱼ| for l1, the *squared* length Σxⱼ² for l2 and max|xⱼ| for l∞.
    ///
    /// [`norm_bounds`](crate::kernels::rounding::norm_bounds) says how far each may be off. Zero means
    /// that the row is all zeros, and nothing else is given as zero.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error>;

    /// The rows asked for, `rows.len()` x `dim`, row-major, to the bit.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error>;

    /// The rows asked for, `rows.len()` x `dim`, row-major, in the caller's unit: to the bit, and also
    /// those values that are too small for pool unit beside the longest row. Where the directions of
    /// rows count, these serve, and [`gather_rows`](Self::gather_rows) does not.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error>;

    /// How many values it pays to gather at a time: so many that a device is not waited for too
    /// often.
    fn values_at_once(&self) -> usize {
        1 << 20
    }

    /// Working state for one Gram-Schmidt run: a [`RowState`](crate::kernels::RowState) a row,
    /// all masked until loaded.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error>;

    /// Makes the examples integers, where its rows are, for their similarities;
    /// [`Similarities`] says what a threshold is.
    ///
    /// # Errors
    ///
    /// [`Error::ZeroRow`] of the lowest row of zeros that is to be divided by its own length;
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`]; [`Error::Device`] where four rows do not
    /// fit one binding.
    fn similarities(
        &self,
        examples: Examples<'_>,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + '_>, Error>;

    /// As [`similarities`](Self::similarities), of rows that are integers already and may be those
    /// of other pools.
    ///
    /// # Errors
    ///
    /// As [`similarities`](Self::similarities).
    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + '_>, Error>;

    /// A pool of other rows on the same device.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where a row does not fit one binding.
    fn beside<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error>;

    /// Brings the rows to length 1 in integers, for [`Neighbours`].
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`]; [`Error::Device`] where four rows do not
    /// fit one binding.
    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error>;

    /// For every row i the k of the smallest `offsets[k] * lengths[i] - <x_i, v_k>`, with that
    /// score and the smallest of the others.
    ///
    /// `vectors` is `count` x `dim`, row-major, at least one; `offsets` has `count` entries and
    /// `lengths` one a row. [`score_error`](crate::kernels::rounding::score_error) says how far a score
    /// may be off; between scores that close any k may be named.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn assign(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Assignment>, Error>;

    /// As [`assign`](Self::assign), of the rows of some groups alone, each against its group's
    /// vectors alone, with margins over the rows' own vector in the place of scores; and what the least
    /// margin of each of those vectors is. `None` where a device has no kernel for that: then ask for
    /// all rows.
    ///
    /// A margin is the score of what the vector and its offset differ by from the rows' own,
    /// [`score_error`](crate::kernels::rounding::score_error) being that of the difference: of vectors
    /// close to each other it is off by little.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn margins(
        &self,
        groups: &[CandidateGroup<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Margins>>, Error>;

    /// For every row i of a cluster the `k` largest `<w_i, w_j> - halves[j]` over the cluster's other rows
    /// j, largest first, w being the row over its length less the centre; for every cluster its rows'
    /// answers one after another, rows x `k`.
    ///
    /// A cluster has at least `k` + 1 rows; `k` is from 1 to [`MOST_NEIGHBOURS`].
    /// [`k_nearest_error`](crate::kernels::rounding::k_nearest_error) says how far an answer may be off.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`]; [`Error::Device`] where 32 rows do not fit
    /// one binding.
    fn k_nearest(&self, clusters: &[ClusterRows<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error>;

    /// What ends the work on these rows before it is done: kernels look at it, and so does whoever works
    /// long on the host.
    fn stop(&self) -> &Stop;

    /// Which random numbers are its rows': but for the rows that [`Then`](crate::Then) has chosen,
    /// row i's are number i of each stream.
    fn row_ids(&self) -> RowIds<'_> {
        RowIds::default()
    }
}

/// What [`Pool::assign`] says of a row.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Assignment {
    /// Which vector.
    pub index: u32,
    /// Its score.
    pub best: f32,
    /// The smallest score of the other vectors; `f32::MAX` where there is none.
    pub second: f32,
}

/// Rows and vectors for [`Pool::margins`].
#[derive(Clone, Debug)]
pub struct CandidateGroup<'a> {
    /// Some rows.
    pub rows: &'a [usize],
    /// Different vectors, at least one. The first is the rows' own.
    pub vectors: Vec<u32>,
}

/// What [`Pool::margins`] says of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Margins {
    /// For each row the nearest of the group's vectors, by margins: the own's is 0.
    pub nearest: Vec<Assignment>,
    /// For each vector of the group the least, over its rows, of its margin over the row's length: at
    /// most three roundings further off than the margin is. `f32::MAX` where there is no row.
    pub least: Vec<f32>,
    /// The largest score of the rows' own vector over the row's length, three roundings further off
    /// than the score; `f32::MIN` where there is no row.
    pub own: f32,
}

impl Margins {
    /// Of no rows yet.
    pub(crate) fn none(group: &CandidateGroup<'_>) -> Self {
        Self {
            nearest: vec![Assignment::zeroed(); group.rows.len()],
            least: vec![f32::MAX; group.vectors.len()],
            own: f32::MIN,
        }
    }

    /// Takes over what was found of some rows of the group, those at these places.
    pub(crate) fn join(&mut self, places: &[usize], found: &Self) {
        for (&place, &nearest) in places.iter().zip(&found.nearest) {
            self.nearest[place] = nearest;
        }
        for (least, &found) in self.least.iter_mut().zip(&found.least) {
            *least = least.min(found);
        }
        self.own = self.own.max(found.own);
    }
}

/// Most products a row that [`Pool::k_nearest`] gives.
pub const MOST_NEIGHBOURS: usize = 64;

/// Rows for [`Pool::k_nearest`].
#[derive(Clone, Copy, Debug)]
pub struct ClusterRows<'a> {
    /// Distinct rows.
    pub rows: &'a [usize],
    /// What each, in the caller's unit, is divided by: positive, one a row.
    pub lengths: &'a [f64],
    /// What is taken from each then, `dim` values. The shorter rows are without it, the less an answer
    /// is off.
    pub centre: &'a [f64],
    /// What is taken from the products with each, one a row. With half the squared lengths of the w the
    /// largest answers are those of the rows that are nearest.
    pub halves: &'a [f32],
}
