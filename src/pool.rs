//! The kernels' contract: what a selector may ask of resident rows, on any device.
//!
//! Kernels bound and score; the host decides. No kernel's answer is trusted beyond the bound
//! stated with it here, so that every device leads to the same picks.

use crate::{Error, IntegerRows, Neighbours, Numbering, Precision, Similarities, Stop};

/// A vector norm ‖x‖ₚ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lp {
    /// Σ|xⱼ|.
    L1,
    /// √Σxⱼ².
    #[default]
    L2,
    /// max|xⱼ|.
    LInf,
}

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
pub trait Pool {
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
    /// [`norm_bounds`] says how far each may be off. Zero means that the row is all zeros, and
    /// nothing else is given as zero.
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

    /// Working state for one Gram-Schmidt run: a [`RowState`] a row, all masked until loaded.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error>;

    /// Makes integer rows resident, for their similarities; [`Similarities`] says what a threshold
    /// is.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`]; [`Error::Device`] where four rows do not
    /// fit one binding.
    fn similarities<'a>(
        &'a self,
        rows: &'a IntegerRows,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + 'a>, Error>;

    /// Brings the rows to length 1 in whole numbers, for [`Neighbours`].
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
    /// `lengths` one a row. [`score_error`] says how far a score may be off; between scores that close any k may be
    /// named.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn nearest(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Nearest>, Error>;

    /// As [`nearest`](Self::nearest), of the rows of some fields alone, each against its field's
    /// vectors alone, with leads over the rows' own vector in the place of scores; and what the least
    /// lead of each of those vectors is. `None` where a device has no kernel for that: then ask for
    /// all rows.
    ///
    /// A lead is the score of what the vector and its offset differ by from the rows' own,
    /// [`score_error`] being that of the difference: of vectors close to each other it is off by little.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`].
    fn leads(
        &self,
        fields: &[Field<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error>;

    /// For every row i of a bunch the `k` largest `<w_i, w_j> - halves[j]` over the bunch's other rows
    /// j, largest first, w being the row over its length less the centre; for every bunch its rows'
    /// answers one after another, rows x `k`.
    ///
    /// A bunch has at least `k` + 1 rows; `k` is from 1 to [`MOST_CLOSEST`]. [`closest_error`] says how
    /// far an answer may be off.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`]; [`Error::Device`] where 32 rows do not fit
    /// one binding.
    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error>;

    /// What ends the work on these rows before it is done: kernels look at it, and so does whoever works
    /// long on the host.
    fn stop(&self) -> &Stop;

    /// Which random numbers are its rows': but for the rows that [`Then`](crate::Then) has chosen,
    /// row i's are number i of each stream.
    fn numbering(&self) -> Numbering<'_> {
        Numbering::default()
    }
}

/// What [`Pool::nearest`] says of a row.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Nearest {
    /// Which vector.
    pub index: u32,
    /// Its score.
    pub best: f32,
    /// The smallest score of the other vectors; `f32::MAX` where there is none.
    pub second: f32,
}

/// Rows and vectors for [`Pool::leads`].
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Some rows.
    pub rows: &'a [usize],
    /// Different vectors, at least one. The first is the rows' own.
    pub vectors: Vec<u32>,
}

/// What [`Pool::leads`] says of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Leads {
    /// For each row the nearest of the field's vectors, by leads: the own's is 0.
    pub nearest: Vec<Nearest>,
    /// For each vector of the field the least, over its rows, of its lead over the row's length: at
    /// most three roundings further off than the lead is. `f32::MAX` where there is no row.
    pub least: Vec<f32>,
    /// The largest score of the rows' own vector over the row's length, three roundings further off
    /// than the score; `f32::MIN` where there is no row.
    pub own: f32,
}

/// How far a score of [`Pool::nearest`] may be off, given the lengths of the row and of the vector
/// and the size |offset · length|: the error of the inner product, of the vector's own rounding to
/// f32, and of three more roundings.
#[must_use]
pub fn score_error(dim: usize, row: f64, vector: f64, offset: f64) -> f64 {
    let product = row * vector;
    product * (f64::from(inner_error(dim)) + UNIT_ROUNDOFF)
        + 3.0 * UNIT_ROUNDOFF * (product + offset)
}

/// Most products a row that [`Pool::closest`] gives.
pub const MOST_CLOSEST: usize = 64;

/// Rows for [`Pool::closest`].
#[derive(Clone, Copy, Debug)]
pub struct Bunch<'a> {
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

/// How far an answer of [`Pool::closest`] may be off, given the lengths of the two w and what is taken
/// from their product: the error of the inner product, of the roundings of both w to f32, of the
/// difference, of both w in f64, for rows no longer than their lengths, and of values that a device
/// takes for zero because they are subnormal.
#[must_use]
pub fn closest_error(dim: usize, a: f64, b: f64, half: f64) -> f64 {
    let roundings = 3.0 * UNIT_ROUNDOFF; // two, and their product
    let flushed = dim as f64 * f64::from(f32::MIN_POSITIVE) * (2.0 + a + b);
    let in_f64 = 8.0 * f64::EPSILON * (a + b + 8.0 * f64::EPSILON);
    let product = a * b * (f64::from(inner_error(dim)) + roundings);
    product + UNIT_ROUNDOFF * (a * b + half.abs()) + in_f64 + flushed
}

/// What a device knows of one row's residual, each on its safe side.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
pub struct RowState {
    /// Squared residual length; negative while the row is masked (picked, dead or zero).
    pub residual_sq: f32,
    /// Hazard left until the row fires, E − Λ, rounded down.
    pub left: f32,
    /// Bound on what `residual_sq` lacks: with it, it is at least the true squared length.
    pub guard: f32,
    /// Squared length of the row itself.
    pub norm_sq: f32,
}

impl RowState {
    /// The state of a row that takes no part.
    pub const MASKED: Self = Self {
        residual_sq: -1.0,
        left: 0.0,
        guard: 0.0,
        norm_sq: 0.0,
    };

    /// Whether the row takes no part.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.residual_sq < 0.0
    }

    /// An upper bound of the squared residual length; negative if masked.
    #[must_use]
    pub fn bound_sq(&self) -> f32 {
        self.residual_sq + self.guard
    }
}

/// The hazard rate of a row with residual length r: r^power, times a slack.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Exponent of the residual length.
    pub power: f32,
    /// A factor just above 1 that covers the device's error in the power and the sum.
    pub slack: f32,
}

impl Rate {
    /// Rate r^`power`, for `power` in (0, 64].
    ///
    /// WGSL allows `pow(x, y)` = exp2(y·log2 x) an error of (3 + 2·|y·log2 x|) ulp beside the
    /// 3 ulp of the logarithm: under 2⁻¹⁷·(1 + y) for the residuals of an f32 matrix.
    #[must_use]
    pub fn new(power: f64) -> Self {
        Self {
            power: power as f32,
            slack: (1.0 + (1.0 + power) * (-16.0f64).exp2()) as f32,
        }
    }

    /// `slack * bound_sq^(power / 2)`, or more where that is too small for f32: squared lengths
    /// below 2⁻¹¹⁰ count as that, since a device may have taken what was added to them for zero.
    /// The mirror of the shaders' `rate`.
    #[inline(always)]
    #[must_use]
    pub fn of(self, bound_sq: f32) -> f32 {
        let bound_sq = bound_sq.max(SMALLEST_BOUND);
        let length = if self.power == 1.0 {
            bound_sq.sqrt()
        } else if self.power == 2.0 {
            bound_sq
        } else {
            bound_sq.powf(0.5 * self.power)
        };
        (self.slack * length).max(SMALLEST_RATE)
    }
}

/// 2⁻¹¹⁰ and 2⁻¹²⁵, as in `shaders/row_state.wgsl`.
const SMALLEST_BOUND: f32 = 1.0 / (1u128 << 110) as f32;
const SMALLEST_RATE: f32 = 1.0 / (1u128 << 125) as f32;

/// The rows that may fire before a time.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// How many there are.
    pub count: usize,
    /// Their indices in any order: all of them, or as many as the limit allowed.
    pub rows: Vec<usize>,
}

/// Sums over the rows that are not masked. They steer block sizes, never a pick.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Totals {
    /// Σ rate of `bound_sq`.
    pub rate: f64,
    /// Σ `residual_sq`.
    pub residual_sq: f64,
}

/// The state of a Gram-Schmidt run on a device: one [`RowState`] a row.
///
/// Directions come as `f32` roundings of unit vectors, `count` x `dim`, row-major.
pub trait Residuals {
    /// Replaces every row's state; `states.len()` is the number of rows.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`], as of every method here.
    fn load(&mut self, states: &[RowState]) -> Result<(), Error>;

    /// Every row's state.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn read(&self) -> Result<Vec<RowState>, Error>;

    /// Replaces the states of some rows, each named once.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error>;

    /// The unmasked rows with `left < tau * rate(bound_sq)`: no other can fire within `tau`.
    /// At `tau = f32::MAX` every unmasked row. At most `limit` indices are listed.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error>;

    /// Projects directions out of every unmasked row, in order: first
    /// `guard += DOWN_DATE_ERROR * residual_sq`, then with cₘ = ⟨x, qₘ⟩ and
    /// delta = `inner_error(dim)`·‖x‖
    ///
    /// ```text
    /// left        -= dt[m] * rate(residual_sq + guard)     (rounded down, at least 0)
    /// guard       += slip(cₘ, delta)
    /// residual_sq  = max(residual_sq - cₘ², 0)
    /// ```
    ///
    /// One pass over the features. `dt.len()` is the number of directions.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error>;

    /// As [`deflate`](Self::deflate) of `number` directions with no time between them, but a row that
    /// is not among the `count` of largest bounds afterwards may be left as it was. It lacks the
    /// directions until it may be among them, and its bound holds all the while; a row that is
    /// [written](Self::write) lacks none. Unless a pool knows better, every row is deflated.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn deflate_largest(
        &mut self,
        directions: &[f32],
        number: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        let _ = count; // every row is brought up to date
        self.deflate(directions, &vec![0.0; number], rate)
    }

    /// Computes `residual_sq` =: r² anew for every unmasked row from x − Σ⟨x, qₘ⟩qₘ, projected
    /// twice, sets `guard = slip(r, delta) + DOWN_DATE_ERROR * r²`, and masks rows with
    /// `residual_sq <= dead² * norm_sq`.
    /// A negative `dead` masks none, and rows so short that the product would be a subnormal may
    /// stay unmasked. One pass over the features.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error>;
}

/// Half an ulp of 1 in `f32`.
pub(crate) const UNIT_ROUNDOFF: f64 = 1.0 / (1u64 << 24) as f64;

/// Lanes over which a device splits a row's sum; no device adds more than
/// `dim / SUM_LANES` terms in a row.
pub(crate) const SUM_LANES: usize = 8;

/// The interval that holds the true norm ‖x‖ₚ (for l2 the length itself, not its square),
/// given what [`Pool::row_norms`] said.
///
/// A sum of n non-negative terms over L lanes and a tree has relative error at most
/// (n/L + log₂L + 2)·2⁻²⁴; a term may be up to 2⁻¹²⁶ off where subnormals are flushed.
#[must_use]
pub fn norm_bounds(norm: Lp, value: f32, dim: usize) -> (f64, f64) {
    let value = f64::from(value);
    if value == 0.0 {
        return (value, value);
    }
    if norm == Lp::LInf {
        // Exact, but that the smallest normal number also stands for all below it.
        let is_floor = value <= f64::from(f32::MIN_POSITIVE);
        return (if is_floor { 0.0 } else { value }, value);
    }
    let relative = (dim.div_ceil(SUM_LANES) + 5) as f64 * UNIT_ROUNDOFF;
    let absolute = dim as f64 * f64::from(f32::MIN_POSITIVE);
    let low = (value * (1.0 - relative) - absolute).max(0.0);
    let high = value * (1.0 + relative) + absolute;
    if norm == Lp::L1 {
        (low, high)
    } else {
        (low.sqrt(), high.sqrt())
    }
}

/// How far an f32 inner product with a unit direction may be off, over the row's length:
/// 4·√dim·2⁻²⁴.
///
/// Rounding errors of a sum of n terms grow as √n·2⁻²⁴ (N. Higham and T. Mary, *A new approach
/// to probabilistic rounding error analysis*, 2019); 4 leaves room for the direction's own
/// rounding to f32. Half the default rank tolerance, so that a residual computed in f32 to be
/// within this is dead beyond doubt.
#[must_use]
pub fn inner_error(dim: usize) -> f32 {
    (4.0 * (dim as f64).sqrt() * UNIT_ROUNDOFF) as f32
}

/// What a squared length changes, at most, when a length of `c` is off by `delta`:
/// delta·(2|c| + delta).
#[must_use]
pub fn slip(c: f32, delta: f32) -> f32 {
    delta * (2.0 * c.abs() + delta)
}

/// Added to the guard at every deflation and refresh, over the squared residual: covers the
/// roundings of up to 256 down-dates, two each, and as much again.
pub const DOWN_DATE_ERROR: f32 = 6e-5;
