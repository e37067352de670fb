//! The trait Selector, and the checks that all selectors share.

use crate::checkpoint::Checkpoint;
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline};
use crate::progress::{Listener, unheard};
use crate::select::origin::origin;
use crate::selection::{Selection, ShortfallReason};

/// Keeps [`Selector`] to this crate, so that it has room to grow.
pub(crate) mod sealed {
    use crate::course::Course;
    use crate::error::Error;
    use crate::kernels::pool::Pool;
    use crate::selection::Selection;
    use std::fmt;

    pub trait Sealed {
        /// Chooses rows, as [`Selector::select`](super::Selector::select) says: tells of it, and goes on from
        /// what is kept, by way of `course`.
        fn choose(
            &self,
            pool: &dyn Pool,
            budget: usize,
            course: &mut Course<'_>,
        ) -> Result<Selection, Error>;

        /// Writes all that the picks depend on, in the selector itself.
        fn terms(&self, to: &mut dyn fmt::Write) -> fmt::Result;
    }
}

/// A rule that chooses rows of a pool.
///
/// Sealed: the selectors are this crate's, so that a method may be added to all of them. Other rules
/// can be had of [`Pool`] directly.
pub trait Selector: sealed::Sealed + Send + Sync {
    /// Chooses `budget` rows. A selection may be shorter only where its `shortfall` says why.
    ///
    /// # Errors
    ///
    /// [`Error::Budget`], [`Error::LabelledRange`], [`Error::LabelledTwice`] and
    /// [`Error::Argument`] before any work is done; [`Error::DeviceLost`] and
    /// [`Error::Interrupted`], which carry the picks made before, and [`Error::OutOfMemory`] from
    /// the pool.
    fn select(&self, pool: &dyn Pool, budget: usize) -> Result<Selection, Error> {
        self.select_with(pool, budget, &mut unheard)
    }

    /// As [`select`](Self::select), and reports to `progress` now and then how far it has come; that may
    /// end it.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select).
    fn select_with(
        &self,
        pool: &dyn Pool,
        budget: usize,
        progress: &mut Listener<'_>,
    ) -> Result<Selection, Error> {
        self.choose(pool, budget, &mut Course::new(progress))
    }

    /// As [`select_with`](Self::select_with), and keeps in `checkpoint` what it has settled: given what
    /// an earlier run has kept, it goes on from there, and makes the selection that it would have made in
    /// one go. With an empty one it begins at the beginning.
    ///
    /// Only `passes` and `settled` tell that there was a break: they are of the last run alone. What is done
    /// again after one is passes over the features by the number of the picks (Gram-Schmidt: one for some
    /// hundreds), or of the classes under way; Gram-Schmidt by another norm than l2 begins its epoch again.
    ///
    /// # Errors
    ///
    /// As [`select`](Self::select), and [`Error::Argument`] for a checkpoint of another pool, selector or
    /// budget. Pools are told apart by their shape and by 64 of their rows
    /// ([`Features::fingerprint`](crate::Features::fingerprint) looks closer).
    fn resume(
        &self,
        pool: &dyn Pool,
        budget: usize,
        checkpoint: &mut Checkpoint,
        progress: &mut Listener<'_>,
    ) -> Result<Selection, Error> {
        checkpoint.begin(origin(|to| self.terms(to), pool, budget)?)?;
        self.choose(pool, budget, &mut Course::keeping(checkpoint, progress))
    }

    /// What a selection would take, told before any row is read: work, passes and memory. Rows are what the
    /// selector chooses from, whatever their values; where those matter, it says what is likely.
    ///
    /// # Errors
    ///
    /// Those by which [`select`](Self::select) refuses options and budgets.
    ///
    /// ```
    /// use coresift::{CpuPool, GramSchmidt, Selector};
    ///
    /// let pool = CpuPool::outline([1_000_000, 512], false, u64::MAX);
    /// let cost = GramSchmidt::default().cost(&pool, 500)?;
    /// assert_eq!(cost.passes.likely, 1.0);
    /// assert!(!cost.is_certain());
    /// # Ok::<(), coresift::Error>(())
    /// ```
    fn cost(&self, pool: &Outline, budget: usize) -> Result<Cost, Error> {
        self.check(pool.rows, pool.dim)?;
        labelled_mask(self.labelled(), pool.rows / self.views(), budget)?;
        Ok(self.estimate(pool, budget))
    }

    /// As [`cost`](Self::cost), of options and a budget that have been checked.
    fn estimate(&self, pool: &Outline, budget: usize) -> Cost;

    /// Checks against the shape of a pool, before any work, what options can be told to be wrong without a
    /// budget. Labelled rows may be left to [`select`](Self::select).
    ///
    /// # Errors
    ///
    /// [`Error::Argument`], [`Error::LabelledRange`] and [`Error::LabelledTwice`].
    fn check(&self, rows: usize, dim: usize) -> Result<(), Error>;

    /// The rows that are labelled already.
    fn labelled(&self) -> &[usize];

    /// The same rule for a pool of these rows of `pool` alone: what options say of single rows is
    /// restated. The rows ascend, and the labelled ones are among them; the options have passed
    /// their [`check`](Self::check).
    ///
    /// # Errors
    ///
    /// [`Error::DeviceLost`] and [`Error::OutOfMemory`] from the pool.
    fn among(&self, pool: &dyn Pool, rows: &[usize]) -> Result<Box<dyn Selector>, Error>;

    /// Rows that an example has: where it is not 1, picks and labelled rows are examples.
    fn views(&self) -> usize {
        1
    }

    /// Whether the picks of a smaller budget are the first of those of a larger one: then one selection serves for
    /// all budgets.
    fn nests(&self) -> bool {
        false
    }

    /// Selections made one after the other, each with random numbers of its own.
    fn stages(&self) -> u64 {
        1
    }
}

/// The places among `rows`, which ascend, of the rows named.
pub(crate) fn places(named: &[usize], rows: &[usize]) -> Vec<usize> {
    let place = |row| rows.binary_search(row).ok();
    named.iter().filter_map(place).collect()
}

/// What every selection begins with: options, labelled rows and budget checked against the pool; a mask of
/// the labelled rows, or examples of several views, and nothing picked.
pub(crate) fn begin(
    selector: &dyn Selector,
    pool: &dyn Pool,
    budget: usize,
) -> Result<(Vec<bool>, Selection), Error> {
    selector.check(pool.rows(), pool.dim())?;
    let examples = pool.rows() / selector.views();
    let labelled = labelled_mask(selector.labelled(), examples, budget)?;
    Ok((labelled, Selection::empty()))
}

/// What every selection ends with: short of the budget for the reason given, if it is; or the error that
/// ended it, with the picks made.
pub(crate) fn end(
    run: Result<ShortfallReason, Error>,
    selection: Selection,
    budget: usize,
) -> Result<Selection, Error> {
    match run {
        Ok(reason) => Ok(selection.finish(budget, reason)),
        Err(error) => Err(error.with_partial(selection)),
    }
}

/// Checks labelled rows and the budget against the pool; gives a mask of the labelled rows.
pub(crate) fn labelled_mask(
    labelled: &[usize],
    rows: usize,
    budget: usize,
) -> Result<Vec<bool>, Error> {
    let mut mask = vec![false; rows];
    for &row in labelled {
        let seen = mask
            .get_mut(row)
            .ok_or(Error::LabelledRange { row, rows })?;
        if std::mem::replace(seen, true) {
            return Err(Error::LabelledTwice { row });
        }
    }
    let labelled = labelled.len();
    if budget > rows - labelled {
        return Err(Error::Budget {
            budget,
            rows,
            labelled,
        });
    }
    Ok(mask)
}

/// Budgets of classes that have `sizes` rows to pick from: in proportion to size by largest
/// remainder (Hamilton), in integers, ties to the lower class. They add up to `budget`, or to all
/// rows where there are fewer.
///
/// Every class gets at least `at_least`, or all its rows, where the budget pays for that; else no
/// class is promised any.
pub(crate) fn apportion(sizes: &[usize], budget: usize, at_least: usize) -> Vec<usize> {
    let budget = budget.min(sizes.iter().sum());
    let mut least: Vec<usize> = sizes.iter().map(|&size| size.min(at_least)).collect();
    if least.iter().sum::<usize>() > budget {
        least.fill(0);
    }
    let rest = (budget - least.iter().sum::<usize>()) as u128;
    let open: Vec<u128> = sizes
        .iter()
        .zip(&least)
        .map(|(size, least)| (size - least) as u128)
        .collect();
    let all = open.iter().sum::<u128>().max(1);
    let mut budgets: Vec<usize> = least
        .iter()
        .zip(&open)
        .map(|(least, open)| least + (rest * open / all) as usize)
        .collect();
    let missing = budget - budgets.iter().sum::<usize>();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&class| std::cmp::Reverse(rest * open[class] % all)); // stable
    for &class in &by_remainder[..missing] {
        budgets[class] += 1;
    }
    budgets
}

/// Checks an exponent of the weights: positive, and small enough that no power overflows.
pub(crate) fn check_power(power: f64, most: f64) -> Result<(), Error> {
    if power > 0.0 && power <= most {
        return Ok(());
    }
    Err(Error::Argument {
        argument: "power",
        found: power.to_string(),
        expected: format!("a number above 0 and at most {most}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labelled_rows_and_budget_are_checked() {
        assert_eq!(labelled_mask(&[2, 0], 3, 1).unwrap(), [true, false, true]);
        let error = |labelled: &[usize], budget| {
            labelled_mask(labelled, 3, budget).unwrap_err().to_string()
        };
        assert_eq!(
            error(&[3], 0),
            "labelled: row 3 found, indices below 3 expected"
        );
        assert_eq!(
            error(&[1, 1], 0),
            "labelled: row 1 found twice, every row at most once expected"
        );
        assert_eq!(
            error(&[1], 3),
            "budget: 3 picks asked for, at most 2 expected (3 rows, 1 of them labelled)"
        );
    }

    #[test]
    fn powers_are_checked() {
        for power in [1e-3, 1.0, 64.0] {
            assert!(check_power(power, 64.0).is_ok());
        }
        for power in [0.0, -1.0, 65.0, f64::NAN, f64::INFINITY] {
            assert!(check_power(power, 64.0).is_err(), "{power}");
        }
    }
}
