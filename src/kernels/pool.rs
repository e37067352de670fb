//! The trait Pool: what a selector may ask of resident rows, on any device.

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::kernels::assigner::Assigner;
use crate::kernels::function::KernelFunction;
use crate::kernels::neighbours::Neighbours;
use crate::kernels::residuals::Residuals;
use crate::kernels::similarities::{Examples, Similarities};
use crate::kernels::steps::PartSteps;
use crate::kernels::units::{UnitMoves, sum_moves};
use crate::kernels::visited::Visited;
use crate::lp::Lp;
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::RowIds;
use std::ops::Range;

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

    /// Bytes of the host's memory that a selection may take of its rows, where that is bounded.
    fn memory_limit(&self) -> u64 {
        u64::MAX
    }

    /// Working state for one Gram-Schmidt run: a [`RowState`](crate::kernels::RowState) a row,
    /// all masked until loaded.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error>;

    /// Makes the examples integers, where its rows are, for their similarities;
    /// which are this function of products.
    ///
    /// # Errors
    ///
    /// [`Error::ZeroRow`] of the lowest row of zeros that is to be divided by its own length;
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`]; [`Error::Device`] where four rows do not
    /// fit one binding.
    fn similarities(
        &self,
        examples: Examples<'_>,
        function: &KernelFunction,
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
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error>;

    /// As [`similarities_of`](Self::similarities_of), of rows that come a piece at a time: `rows` gives those of some
    /// places, and is asked for all of them in their order.
    ///
    /// # Errors
    ///
    /// As [`similarities`](Self::similarities); what `rows` fails with.
    fn similarities_from(
        &self,
        rows: &mut dyn FnMut(Range<usize>) -> Result<IntegerRows, Error>,
        classes: ClassRanges,
        function: &KernelFunction,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        self.similarities_of(rows(0..classes.places())?, classes, function)
    }

    /// The integers that [`similarities`](Self::similarities) makes of examples, in the order of their places.
    ///
    /// # Errors
    ///
    /// As [`similarities`](Self::similarities).
    fn integer_rows(&self, examples: Examples<'_>) -> Result<IntegerRows, Error> {
        let places: Vec<usize> = (0..examples.ranges().places()).collect();
        let found = self.similarities(examples, &KernelFunction::Linear)?;
        found.rows(&places)
    }

    /// Brings some rows, which ascend, to length 1 in integers, to be visited by those of other pools. Only pools of this
    /// crate can, unless another knows how.
    ///
    /// # Errors
    ///
    /// As [`similarities`](Self::similarities).
    fn visited(
        &self,
        rows: &[usize],
        function: &KernelFunction,
    ) -> Result<Box<dyn Visited + '_>, Error> {
        let _ = (rows, function);
        Err(Error::Device(
            "a pool whose rows can be visited expected, another found".to_owned(),
        ))
    }

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

    /// Makes the rows ready to be given to the nearest of some vectors, the offsets of which are weighed by
    /// these `lengths`, one a row.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn assigner(&self, lengths: Vec<f32>) -> Result<Box<dyn Assigner + '_>, Error>;

    /// For every row i of a cluster the `k` largest `<w_i, w_j> - halves[j]` over the cluster's other rows
    /// j, largest first, w being the row over its length less the centre; for every cluster its rows'
    /// answers one after another, rows x `k`.
    ///
    /// `pass` is told of the pairs that have been met. A cluster has at least `k` + 1 rows; `k` is from 1 to [`MOST_NEIGHBOURS`].
    /// [`k_nearest_error`](crate::kernels::rounding::k_nearest_error) says how far an answer may be off.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`]; [`Error::Device`] where 32 rows do not fit
    /// one binding.
    fn k_nearest(
        &self,
        clusters: &[ClusterRows<'_>],
        k: usize,
        pass: &Pass<'_>,
    ) -> Result<Vec<Vec<f32>>, Error>;

    /// What rows at length 1, in whole multiples of 2⁻³², change of the sums that they leave and join: `sums` x `dim`,
    /// row-major. Values are divided in f64, and rounded half to even; a row of zeros adds nothing. Sums are exact:
    /// every pool gives the same. Unless a pool knows better, the rows are gathered.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn sum_units(&self, moves: &UnitMoves<'_>) -> Result<Vec<i64>, Error> {
        let at_once = self.values_at_once() / self.dim();
        sum_moves(moves, self.dim(), at_once, |rows| self.given_rows(rows))
    }

    /// The parts that its rows are in, one after another, where each does whole steps of selectors by itself. None, unless a
    /// pool knows better: then the host does them, by all other calls.
    fn steps(&self) -> Vec<PartSteps<'_>> {
        Vec::new()
    }

    /// What ends the work on these rows before it is done: kernels look at it, and so does whoever works
    /// long on the host.
    fn stop(&self) -> &Stop;

    /// Which random numbers are its rows': but for the rows that [`Then`](crate::Then) has chosen,
    /// row i's are number i of each stream.
    fn row_ids(&self) -> RowIds<'_> {
        RowIds::default()
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
