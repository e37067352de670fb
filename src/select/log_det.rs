//! Picks by the determinant: greedy Gram-Schmidt with a ridge.

use super::classes::Classes;
use super::gram_schmidt::GramSchmidt;
use super::strata::classes_among;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline};
use crate::select::selector::sealed::Sealed;
use crate::select::selector::{Selector, places};
use crate::selection::Selection;
use std::fmt;

/// Greedy picks for log det(λI + F_S F_Sᵀ): each is the row that adds most.
///
/// So is the likeliest set of a determinantal point process sought (L. Chen, G. Zhang and H. Zhou, *Fast Greedy MAP
/// Inference for Determinantal Point Process to Improve Recommendation Diversity*, arXiv:1709.05135), and a
/// D-optimal design with a ridge. λ = `ridge` · Σ‖F_i‖²/`rows`, and a pick adds log(λ + r²), where
/// r² = F_i (I + F_Sᵀ F_S / λ)⁻¹ F_iᵀ: the picks are those of [`GramSchmidt`] with `greedy` and this
/// [`ridge`](GramSchmidt::ridge), in the same way and at the same cost. Ties go to the lower row, and zero rows
/// are never picked.
///
/// | | shape | unit |
/// | --- | --- | --- |
/// | features | `rows` x `dim` | any; scaling all features changes no pick |
/// | `picks` | `budget` | row indices, in pick order; those of a smaller budget come first |
/// | `scores` | `budget` | r when picked, the features' unit |
/// | `details` | [`Details::Determinant`](crate::Details::Determinant) | λ, and what the picks add to the determinant's logarithm |
///
/// With `classes` each class is a selection of its own, with its share of the budget and its own λ, as in
/// [`GramSchmidt`]; picks come by ascending class.
///
/// # Errors
///
/// [`Error::Argument`] for a `ridge` outside [10⁻⁶, 10⁶], or what `classes` cannot be; else as [`Selector::select`].
///
/// # Example
///
/// ```
/// use coresift::{CpuPool, Details, Features, LogDet, Selector};
///
/// // Row 1 is a shorter row 0, and row 2 has a direction of its own.
/// let x = [3.0, 0.0, 2.9, 0.0, 0.0, 2.0];
/// let pool = CpuPool::new(Features::new(&x, 3, 2)?);
/// let chosen = LogDet { ridge: 0.1, ..LogDet::default() }.select(&pool, 3)?;
/// assert_eq!(chosen.picks, [0, 2, 1]);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LogDet {
    /// Times the mean squared length of the rows that λ is, from 10⁻⁶ to 10⁶. The smaller, the less of two rows alike is
    /// picked; the larger, the more do lengths decide.
    pub ridge: f64,
    /// Rows already labelled: never picked, and in the determinant from the start.
    pub labelled: Vec<usize>,
    /// Classes that share the budget; `None` to pick from all rows alike.
    pub classes: Option<Classes>,
    /// Picks promised to every class, or all its rows, where the budget pays for that.
    pub min_per_class: usize,
}

impl Default for LogDet {
    /// A ridge of 1: of rows at length 1 that is log det(I + F_S F_Sᵀ), as others have it.
    fn default() -> Self {
        Self {
            ridge: 1.0,
            labelled: Vec::new(),
            classes: None,
            min_per_class: 0,
        }
    }
}

impl LogDet {
    /// The same rule, by the name of its algorithm.
    fn gram_schmidt(&self) -> GramSchmidt {
        GramSchmidt {
            greedy: true,
            ridge: Some(self.ridge),
            labelled: self.labelled.clone(),
            classes: self.classes.clone(),
            min_per_class: self.min_per_class,
            ..GramSchmidt::default()
        }
    }
}

impl Sealed for LogDet {
    fn choose(
        &self,
        pool: &dyn Pool,
        budget: usize,
        course: &mut Course<'_>,
    ) -> Result<Selection, Error> {
        self.gram_schmidt().choose(pool, budget, course)
    }

    fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result {
        write!(to, "{self:?}")
    }
}

impl Selector for LogDet {
    fn estimate(&self, pool: &Outline, budget: usize) -> Cost {
        self.gram_schmidt().estimate(pool, budget)
    }

    fn check(&self, rows: usize, dim: usize) -> Result<(), Error> {
        self.gram_schmidt().check(rows, dim)
    }

    fn labelled(&self) -> &[usize] {
        &self.labelled
    }

    fn nests(&self) -> bool {
        self.classes.is_none()
    }

    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error> {
        Ok(Box::new(Self {
            labelled: places(&self.labelled, rows),
            classes: classes_among(self.classes.as_ref(), pool, rows)?,
            ..*self
        }))
    }
}
