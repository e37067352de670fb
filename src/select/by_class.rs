//! A selection from each class by itself: as from a pool of its rows alone.

use super::chosen::on_rows;
use super::classes::Classes;
use super::strata::{Strata, Stratum};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::plan::{Cost, Outline, Span, Work};
use crate::progress::Progress;
use crate::select::selector::apportion;
use crate::select::selector::sealed::Sealed;
use crate::selection::{Details, Selection, ShortfallReason, Warning};

/// Adds to a selection what a rule picks of each class, one after the other. `of` is the rule for a pool of
/// the class's rows alone, and `join` has what its selection tells besides the picks. Gives why the first class
/// that falls short does. An error leaves in the selection what has been picked.
pub(super) fn by_class<S: Sealed>(
    pool: &dyn Pool,
    (strata, course): (&Strata, &mut Course<'_>),
    selection: &mut Selection,
    of: impl Fn(&Stratum) -> S,
    mut join: impl FnMut(Details),
) -> Result<ShortfallReason, Error> {
    selection.warn(strata.warnings.iter().copied());
    // Rows read by all classes together, in copying them and in passes over their own.
    let mut read = 0;
    let mut reason = None;
    for stratum in &strata.strata {
        let before = selection.picks.len();
        let (own, done) = match stratum.budget {
            0 => (Selection::default(), Ok(())),
            _ => match of_class(pool, stratum, (before, course), &of) {
                Ok(own) => (own, Ok(())),
                Err(mut error) => (take_partial(&mut error), Err(error)),
            },
        };
        let rows = own.picks.iter().map(|&place| stratum.rows[place]);
        strata.add(stratum, &rows.collect::<Vec<_>>(), &own.scores, selection);
        let restarts = own.restarts.iter().skip(1);
        selection.restarts.extend(restarts.map(|at| before + at));
        // Whether rows are nearly parallel is told of the whole pool.
        let is_own = |warning: &Warning| !matches!(warning, Warning::Parallel { .. });
        selection.warn(own.warnings.into_iter().filter(is_own));
        selection.settled += own.settled;
        let copies = usize::from(stratum.budget > 0 && !is_all(stratum, pool));
        read += (own.passes + copies) * stratum.rows.len();
        reason = reason.or(own.shortfall.map(|short| short.reason));
        join(own.details.of_class(stratum.class));
        done?;
    }
    selection.passes += strata.passes + read.div_ceil(pool.rows());
    Ok(reason.unwrap_or(ShortfallReason::ZeroWeight))
}

/// Whether a class is the whole pool.
fn is_all(stratum: &Stratum, pool: &dyn Pool) -> bool {
    stratum.rows.len() == pool.rows()
}

/// What the rule picks of one class; picks are places among its rows.
fn of_class<S: Sealed>(
    pool: &dyn Pool,
    stratum: &Stratum,
    (before, course): (usize, &mut Course<'_>),
    of: &impl Fn(&Stratum) -> S,
) -> Result<Selection, Error> {
    let rule = of(stratum);
    course.heard_by(
        |progress| after(progress, before),
        |course| match is_all(stratum, pool) {
            true => rule.choose(pool, stratum.budget, course),
            false => on_rows(pool, &stratum.rows, 0, |few| {
                rule.choose(few, stratum.budget, course)
            }),
        },
    )
}

/// What a class tells, as the whole selection says it, which has so many picks already.
fn after(progress: Progress<'_>, picks: usize) -> Progress<'_> {
    match progress {
        Progress::Picks(own) => Progress::Picks(picks + own),
        other => other,
    }
}

/// The picks that an error has, which it is left without.
pub(super) fn take_partial(error: &mut Error) -> Selection {
    match error {
        Error::DeviceLost { partial, .. }
        | Error::Unreadable { partial, .. }
        | Error::Interrupted { partial, .. } => std::mem::take(&mut **partial),
        _ => Selection::default(),
    }
}

/// What it takes to pick from each class by itself, at least so many of each; `of_rows` says what it takes to
/// pick a budget of a pool of rows, so many of them labelled.
pub(super) fn cost_by_class(
    pool: &Outline,
    (classes, labelled): (Option<&Classes>, usize),
    (budget, min_per_class): (usize, usize),
    of_rows: impl Fn(&Outline, usize, usize) -> Cost,
) -> Cost {
    let (sizes, found) = Classes::cost(classes, pool);
    if let [_] = sizes[..] {
        return of_rows(pool, budget, labelled).then(found);
    }
    let mut cost = Cost::default();
    cost.pass(1);
    cost.add(Work::GatherRows, sizes.len(), pool.rows, pool.dim);
    cost.add(Work::Check, sizes.len(), pool.rows, pool.dim);
    let budgets = apportion(&sizes, budget, min_per_class);
    let picked = sizes.into_iter().zip(budgets);
    // Rows read in passes over those of classes.
    let mut read = Span::default();
    for (rows, budget) in picked.filter(|&(_, budget)| budget > 0) {
        let of_class = pool.of_rows(rows);
        let mut own = of_rows(&of_class, budget, labelled * rows / pool.rows.max(1));
        let share = rows as f64 / pool.rows.max(1) as f64;
        let passes = std::mem::take(&mut own.passes);
        read += passes * rows as f64;
        own.host_bytes += 24 * pool.rows as u64;
        // The rows of a class are copied where there is room for them.
        let bytes = of_class.row_bytes();
        if bytes <= pool.memory / 2 {
            own.reads = Span::default();
            own.host_bytes += bytes;
        } else {
            own.reads = passes * share;
        }
        cost = cost.then(own);
    }
    cost.passes += read.map(|read| (read / pool.rows.max(1) as f64).ceil());
    cost.then(found)
}
