//! The options of Gram-Schmidt selection.

use crate::features::Precision;
use crate::kernels::pool::Pool;
use crate::kernels::rounding::inner_error;
use crate::lp::Lp;
use crate::names::names;
use crate::select::classes::Classes;

/// Gram-Schmidt selection: draw a row in proportion to its residual length, project it out of
/// all the others, repeat.
///
/// With r_i(S) the distance of row i to the span of the picked rows S, the next pick is row i
/// with probability
///
/// ```text
/// p_i = r_i(S)^power / Σ_j r_j(S)^power
/// ```
///
/// (N. Bar and R. Giryes, *Diverse Subset Selection via Norm-Based Sampling and Orthogonality*,
/// arXiv:2406.01086, Algorithm 1, where power = 1). With `greedy` it is the row
/// of largest residual, ties to the lower index: QR with column pivoting of the transposed
/// features.
///
/// **Past the rank.** Row i is live while r_i > `rank_tol`·‖F_i‖. When no row is live the
/// literal loop would draw rounding noise; here [`on_exhaustion`] says what
/// follows. Zero rows are never picked.
///
/// **With a ridge**, λ = `ridge` · Σ‖F_i‖²/`rows` (over all rows, labelled ones too), what the picks leave of row
/// i is
///
/// ```text
/// r_i(S)² = F_i (I + F_Sᵀ F_S / λ)⁻¹ F_iᵀ
/// ```
///
/// A pick adds log(λ + r²) to log det(λI + F_S F_Sᵀ), so with `greedy` the picks are those by which that
/// grows most each time ([`LogDet`](crate::LogDet)). A row that resembles the picks is held back and not ruled out: there is no
/// rank to reach, no restart and no tolerance, and up to `rows` picks. λ → 0 gives the order of the plain form
/// up to the rank, λ → ∞ that of the lengths. λ and the determinant are in `details`. Far past the rank
/// little is left of any row, and below 10⁻³ more of them have to be settled.
///
/// **Labelled rows** are projected out first, in the order given, and not again after a restart.
///
/// **With `classes`** the selection is stratified: the budget is shared among the classes in proportion to their
/// rows that are not labelled (largest remainder, ties to the lower class), and each class's picks are those of a
/// pool of its rows alone, with its labelled rows, its own restarts and λ, and its rows' own random numbers. They are
/// listed by ascending class; a smaller budget's picks are then no prefix, and what a class falls short of no other
/// makes up for. `passes` are those over the rows of classes, added up to whole ones, and one for their copies, on
/// which the CPU works.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any; scaling all features changes no pick |
/// | `picks` | `budget` | row indices, distinct, in pick order |
/// | `scores` | `budget` | residual norm when picked, the features' unit |
/// | `restarts` | one or more | picks made before the start, and before each restart |
/// | `details` | with `ridge` [`Details::Determinant`](crate::Details::Determinant) | λ, and what the picks add to the determinant's logarithm |
///
/// How: row i fires when its hazard ∫ r_i^power dt reaches an exponential number E_i of its own,
/// and rows are picked as they fire. Residuals only shrink, so old residuals bound firing times
/// from below: a device lists the few rows that may fire soon, the host settles those in f64, and
/// most rows are never looked at after their norms. The picks depend on features, options and
/// seed alone: not on the device, the block size or the thread count.
///
/// Cost: a pass over the features for their norms, about 4·dim flops for every pick and row
/// settled, and now and then a pass of 2·rows·dim flops a pick, when old bounds have become
/// poor; 20 bytes a row beside the features. Greedy picks need fresher bounds, and a pass every
/// 10 picks or so; on the CPU of the rows alone that may be picked before the next. Powers other
/// than 1 and 2 cost more. With `norm` l1 or l∞ the residual norms are not monotone and every pick
/// is a pass in f64 on the host over a copy of the features: exact, and slow.
///
/// # Errors
///
/// [`Error::Argument`](crate::Error::Argument) for a power outside (0, 8], a `rank_tol` outside
/// [10⁻¹², 1), a block of 0 or a `ridge` outside [10⁻⁶, 10⁶], and beside a ridge for another `norm` than l2, a `rank_tol`,
/// or another `on_exhaustion` than the default one; for what `classes` cannot be; else as [`Selector::select`](crate::Selector::select).
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Features, GramSchmidt, Selector};
///
/// // Rows 0 and 1 are one direction, row 2 another.
/// let x = [9.0, 0.0, 0.0, 8.0, 0.0, 0.0, 0.0, 1.0, 0.0];
/// let pool = CpuPool::new(Features::new(&x, 3, 3)?);
/// let chosen = GramSchmidt { greedy: true, ..GramSchmidt::default() }.select(&pool, 3)?;
/// assert_eq!(chosen.picks, [0, 2, 1]); // two span all rows: then it begins anew
/// assert_eq!(chosen.restarts, [0, 2]);
/// # Ok::<(), coresift::Error>(())
/// ```
///
/// [`on_exhaustion`]: Self::on_exhaustion
#[derive(Clone, Debug, PartialEq)]
pub struct GramSchmidt {
    /// Norm of the residual that is the weight; liveness is always l2.
    pub norm: Lp,
    /// Exponent of the weight, in (0, 8].
    pub power: f64,
    /// Take the largest residual instead of drawing.
    pub greedy: bool,
    /// What follows when the picks span every row.
    pub on_exhaustion: OnExhaustion,
    /// Share of its own length under which a row's residual counts as rounding, in [10⁻¹², 1).
    /// `None`: what features of their [`Precision`] can tell apart, by
    /// [`default_rank_tol`](Self::default_rank_tol).
    pub rank_tol: Option<f64>,
    /// Times the mean squared length of the rows that λ is: r_i then is what a ridge regression on the picks
    /// leaves of row i, from 10⁻⁶ to 10⁶. `None`: the distance to their span.
    pub ridge: Option<f64>,
    /// Seed of the draws.
    pub seed: u64,
    /// Rows already labelled: never picked.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` to pick from all rows alike.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
    /// Rows that a device is asked for at a time. Speed only: no pick depends on it.
    pub block: usize,
}

impl Default for GramSchmidt {
    /// Algorithm 1 as published, restarting past the rank, seed 0, blocks of 48.
    fn default() -> Self {
        Self {
            norm: Lp::L2,
            power: 1.0,
            greedy: false,
            on_exhaustion: OnExhaustion::default(),
            rank_tol: None,
            ridge: None,
            seed: 0,
            labelled: Vec::new(),
            classes: None,
            min_per_class: 0,
            block: 48,
        }
    }
}

/// What follows when the picks span every row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnExhaustion {
    /// Begin anew with the unpicked rows and an empty device_bounds.
    #[default]
    Restart,
    /// Stop, and report the shortfall.
    Stop,
    /// Go on by norm sampling (with `greedy`, by the largest norms) of the unpicked rows.
    Norm,
}

names!(OnExhaustion {
    Restart = "restart", "Begin anew with the rows that are left";
    Stop = "stop", "Stop short of the budget";
    Norm = "norm", "Draw the rest by length";
});

impl GramSchmidt {
    /// The `rank_tol` in force where none is given, for rows of `dim` values that were once rounded to
    /// `precision`: 8·√dim·2⁻²⁴, for f16 at least 16·2⁻¹¹ and for bf16 16·2⁻⁸.
    ///
    /// The first is twice what an inner product in f32 may be off, so nothing below is signal; the
    /// others leave out what rounding each value adds to a row.
    #[must_use]
    pub fn default_rank_tol(dim: usize, precision: Precision) -> f64 {
        let of_products = 2.0 * f64::from(inner_error(dim));
        match precision {
            Precision::F32 => of_products,
            coarser => of_products.max(16.0 * coarser.epsilon()),
        }
    }

    /// The tolerance in force for a pool; a ridge needs none.
    pub(super) fn tolerance(&self, pool: &dyn Pool) -> f64 {
        if self.ridge.is_some() {
            return 0.0;
        }
        let default = || Self::default_rank_tol(pool.dim(), pool.precision());
        self.rank_tol.unwrap_or_else(default)
    }
}
