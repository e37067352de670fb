//! The state of a Gram-Schmidt run beside resident rows: the trait Residuals.

use crate::error::Error;
use crate::random::RowIds;

/// The state of a Gram-Schmidt run on a device: one [`RowState`] a row.
///
/// Directions come as `f32` roundings of unit vectors, `count` x `dim`, row-major.
pub trait Residuals: Send {
    /// Replaces every row's state; `states.len()` is the number of rows.
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] or [`Error::OutOfMemory`], as of every method here.
    fn load(&mut self, states: &[RowState]) -> Result<(), Error>;

    /// Begins an epoch by itself: as [`load`](Self::load) of whole rows, but for those that take no part, each with its
    /// exponential number. What the states come to; `None`, unless a pool knows better: then they are to be loaded.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn begin(&mut self, epoch: &Epoch<'_>) -> Result<Option<Totals>, Error> {
        let _ = epoch;
        Ok(None)
    }

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

/// How an epoch begins.
#[derive(Clone, Copy, Debug)]
pub struct Epoch<'a> {
    /// Rows that take no part, ascending; rows of zeros take none besides.
    pub excluded: &'a [usize],
    /// The numbers that are left of the others' hazards; 0 of all without.
    pub draws: Option<Draws<'a>>,
    /// How fast hazards grow.
    pub rate: Rate,
}

/// Exponential numbers, one a row.
#[derive(Clone, Copy, Debug)]
pub struct Draws<'a> {
    /// Which are a row's.
    pub row_ids: RowIds<'a>,
    /// The seed.
    pub seed: u64,
    /// The stream, as a first stage has it.
    pub stream: u64,
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
#[cfg_attr(feature = "remote", derive(serde::Serialize, serde::Deserialize))]
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
