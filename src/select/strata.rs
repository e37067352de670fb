//! A pool cut into classes, each with a share of the budget.

use super::classes::Classes;
use super::parallel;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::selector::apportion;
use crate::selection::{ClassShare, Selection, Warning};

/// The classes of a stratified selection, ascending; one stratum of all rows where there are none.
pub(super) struct Strata {
    pub(super) strata: Vec<Stratum>,
    /// Passes over the features that the classes took.
    pub(super) passes: usize,
    /// What is doubtful about the classes.
    pub(super) warnings: Vec<Warning>,
    is_stratified: bool,
}

/// A class, and what is to be picked of it.
pub(super) struct Stratum {
    pub(super) class: usize,
    /// Its rows, ascending.
    pub(super) rows: Vec<usize>,
    /// Those that may be picked.
    pub(super) able: Vec<usize>,
    /// How many to pick.
    pub(super) budget: usize,
}

/// Checks the classes of a stratified selection.
pub(super) fn check_classes(
    classes: Option<&Classes>,
    rows: usize,
    dim: usize,
) -> Result<(), Error> {
    classes.map_or(Ok(()), |classes| classes.check(rows, dim))
}

/// The classes of a stratified selection from these rows of the pool alone.
pub(super) fn classes_among(
    classes: Option<&Classes>,
    pool: &dyn Pool,
    rows: &[usize],
) -> Result<Option<Classes>, Error> {
    classes.map(|classes| classes.among(pool, rows)).transpose()
}

impl Stratum {
    /// Those of its rows that may not be picked, as places among them.
    pub(super) fn labelled(&self) -> Vec<usize> {
        let places = 0..self.rows.len();
        let is_able = |place: &usize| self.able.binary_search(&self.rows[*place]).is_ok();
        places.filter(|place| !is_able(place)).collect()
    }
}

impl Strata {
    /// Shares the budget in proportion to the rows that are not `excluded`, with at least
    /// `min_per_class` of each class where the budget pays for that.
    pub(super) fn new(
        pool: &dyn Pool,
        classes: Option<&Classes>,
        excluded: &[bool],
        budget: usize,
        min_per_class: usize,
        course: &mut Course<'_>,
    ) -> Result<Self, Error> {
        let warnings = match classes {
            Some(Classes::KMeans(_)) => parallel::warning(pool)?.into_iter().collect(),
            _ => Vec::new(),
        };
        let partition = classes.unwrap_or(&Classes::One).partition(pool, course)?;
        let stratum = |class: usize, rows: Vec<usize>| Stratum {
            class,
            able: rows.iter().copied().filter(|&row| !excluded[row]).collect(),
            rows,
            budget: 0,
        };
        let mut strata: Vec<Stratum> = partition
            .classes
            .into_iter()
            .map(|class| stratum(class.class, class.rows))
            .collect();
        let sizes: Vec<usize> = strata.iter().map(|stratum| stratum.able.len()).collect();
        let budgets = apportion(&sizes, budget, min_per_class);
        for (stratum, budget) in strata.iter_mut().zip(budgets) {
            stratum.budget = budget;
        }
        Ok(Self {
            strata,
            passes: partition.passes,
            warnings,
            is_stratified: classes.is_some(),
        })
    }

    /// Adds a class's picks to a selection, and says there how the class fared.
    pub(super) fn add(
        &self,
        stratum: &Stratum,
        picks: &[usize],
        scores: &[f64],
        selection: &mut Selection,
    ) {
        selection.picks.extend(picks);
        selection.scores.extend(scores);
        if self.is_stratified {
            selection.classes.push(ClassShare {
                class: stratum.class,
                rows: stratum.rows.len(),
                budget: stratum.budget,
                picks: picks.len(),
            });
        }
    }
}
