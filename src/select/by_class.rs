//! A selection from each class by itself: as from a pool of its rows alone.

use super::chosen::on_rows;
use super::strata::{Strata, Stratum};
use crate::course::Course;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::progress::Progress;
use crate::select::selector::sealed::Sealed;
use crate::selection::{Details, Selection};

/// Adds to a selection what a rule picks of each class, one after the other. `of` is the rule for a pool of
/// the class's rows alone, and `join` has what its selection tells besides the picks. An error leaves in the
/// selection what has been picked.
pub(super) fn by_class<S: Sealed>(
    pool: &dyn Pool,
    (strata, course): (&Strata, &mut Course<'_>),
    selection: &mut Selection,
    of: impl Fn(&Stratum) -> S,
    mut join: impl FnMut(Details),
) -> Result<(), Error> {
    // Rows read by all classes together, in passes over their own.
    let mut read = pool.rows();
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
        selection.settled += own.settled;
        read += own.passes * stratum.rows.len();
        done?;
        join(own.details);
    }
    selection.passes += read.div_ceil(pool.rows());
    Ok(())
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
        |course| {
            on_rows(pool, &stratum.rows, 0, |few| {
                rule.choose(few, stratum.budget, course)
            })
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
        | Error::Interrupted { partial } => std::mem::take(&mut **partial),
        _ => Selection::default(),
    }
}
