//! Facility location: picks to which all rows are similar.

pub(crate) mod bandwidth;
mod class;
mod cost;
mod greedily;
mod greedy;
mod kernel;
pub(crate) mod strip;
mod weights;

use super::classes::Classes;
use super::parallel;
use super::strata::{Strata, check_classes, classes_among};
use super::target_weights::check_target_weights;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline};
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, begin, end, places};
use crate::selection::{ClassCover, Details, Selection, ShortfallReason, Storage};
pub(super) use bandwidth::SAMPLED;
pub(super) use class::Class;
pub(super) use greedily::Greedily;
pub use kernel::{Bandwidth, Kernel};
use std::fmt;

/// Greedy facility location: picks that leave every row similar to one of them.
///
/// It maximises F(S) = Σ_i w_i max_{j∈S∪L} K_ij over all rows i, L being the labelled ones: each pick is the
/// row that raises F by most, ties to the lower row. F of the picks is at least 1 − 1/e of the best there can be
/// (G. L. Nemhauser, L. A. Wolsey and M. L. Fisher, *An analysis of approximations for maximizing submodular set
/// functions*, 1978). Rows are at length 1 and their similarities rounded to 16 bits; the gains of such are exact
/// integers, so every device makes the same picks. Where no row would add anything the lowest one is taken, and
/// counted idle.
///
/// Gains only fall, so an old one bounds a new one, and few are computed anew (M. Minoux, *Accelerated greedy
/// algorithms for maximizing submodular set functions*, 1978).
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any; only directions matter |
/// | `picks` | `budget` | rows, in pick order; those of a smaller budget come first, but for a bandwidth that goes by the budget |
/// | `scores` | `budget` | by how much each raised F: similarities, times weights where there are any |
/// | `details` | [`Details::Cover`] | for every class its bandwidth, F, and how many picks added nothing |
///
/// With `classes` rows of different classes are not similar; the budget is shared among them as
/// [`Uniform`](crate::Uniform) does, and picks come by ascending class.
///
/// Cost: similarities that fit memory are kept, rows² · 2 bytes, and made once: rows² · dim / 2 multiply-adds.
/// Else they are made anew where they are needed, some 2 to 10 times rows² · dim, and 512 bytes a row hold those of
/// the rows that come next.
///
/// # Errors
///
/// [`Error::ZeroRow`]; [`Error::Argument`] for a bandwidth, weights or classes that cannot be; else as
/// [`Selector::select`].
///
/// ```
/// use coresift::{CpuPool, FacilityLocation, Features, Selector};
///
/// // Three rows about one direction and one of another.
/// let x = [1.0, 0.1, 1.0, 0.0, 1.0, -0.1, 0.0, 1.0];
/// let pool = CpuPool::new(Features::new(&x, 4, 2)?);
/// let chosen = FacilityLocation::default().select(&pool, 2)?;
/// assert_eq!(chosen.picks, [1, 3]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FacilityLocation {
    /// How similar two rows are.
    pub kernel: Kernel,
    /// The bandwidth of [`Kernel::Rbf`].
    pub sigma: Bandwidth,
    /// What each row counts for: one a row, not negative, not all 0. The largest becomes 65535, the others in
    /// proportion and rounded, none but 0 to 0. `None`: all alike.
    pub target_weights: Option<Vec<f64>>,
    /// Whether similarities are kept. No pick depends on it.
    pub storage: Storage,
    /// Rows already labelled: never picked, and chosen from the start.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` for one of all rows.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
}

impl Sealed for FacilityLocation {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        let (labelled, mut selection) = begin(self, pool, budget)?;
        let classes = self.classes.as_ref();
        let strata = Strata::new(pool, classes, &labelled, budget, self.min_per_class, course)?;
        selection.passes = strata.passes + 1 + usize::from(self.finds_bandwidth());
        selection.warnings.extend(parallel::warning(pool)?);
        let mut covers = Vec::new();
        for stratum in strata.strata.iter().filter(|stratum| stratum.budget > 0) {
            let class = Class {
                pool,
                rows: &stratum.rows,
                labelled: stratum.labelled(),
                budget: stratum.budget,
                storage: self.storage,
                target_weights: self.target_weights.as_deref(),
                picked: selection.picks.len(),
            };
            let mut own = Selection::empty();
            let cover = self.pick(&class, stratum.class, &mut own, course);
            strata.add(stratum, &own.picks, &own.scores, &mut selection);
            selection.warn(own.warnings);
            match cover {
                Ok(cover) => covers.push(cover),
                Err(error) => return Err(error.with_partial(selection)),
            }
        }
        selection.details = Details::Cover(covers);
        end(Ok(ShortfallReason::ZeroWeight), selection, budget)
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        let storage = Storage::default(); // no pick depends on it
        let terms = Self {
            storage,
            ..self.clone()
        };
        write!(to, "{terms:?}")
    }
}

impl Selector for FacilityLocation {
    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.cost_of(pool, budget)
    }

    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        self.sigma.check()?;
        if let Some(weights) = &self.target_weights {
            check_target_weights(weights, rows)?;
        }
        check_classes(self.classes.as_ref(), rows, dim)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn nests(&self) -> bool {
        self.classes.is_none() && (self.kernel == Kernel::Cosine || self.sigma != Bandwidth::Auto)
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        let weights = self.target_weights.as_ref();
        Ok(Box::new(Self {
            target_weights: weights.map(|all| rows.iter().map(|&row| all[row]).collect()),
            labelled: places(&self.labelled, rows),
            classes: classes_among(self.classes.as_ref(), pool, rows)?,
            ..*self
        }))
    }
}

impl FacilityLocation {
    fn finds_bandwidth(&self) -> bool {
        self.kernel == Kernel::Rbf && !matches!(self.sigma, Bandwidth::Fixed(_))
    }

    /// Picks from one class.
    fn pick(
        &self,
        class: &Class<'_>,
        number: usize,
        selection: &mut Selection,
        course: &mut Course<'_>,
    ) -> Result<ClassCover, Error> {
        let function = class.function(self.kernel, self.sigma, course)?;
        selection.warnings.extend(function.warning());
        let picked = class.pick(&function.of, selection, course)?;
        Ok(ClassCover {
            class: number,
            sigma: function.sigma,
            gains: selection.scores.iter().sum(),
            idle: picked.gains.iter().filter(|&&gain| gain == 0).count(),
            refined: None,
        })
    }
}
