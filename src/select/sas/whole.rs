//! A whole class at a time: what a worker does where a driver elsewhere asks for the picks of its classes.

use super::group::{Frame, Group};
use super::pick::{Watch, pick, values};
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::cut::{Cut, CutRule};
use crate::kernels::function::KernelFunction;
use crate::kernels::similarities::{CutPicks, Round, Similarities};
use crate::progress::Pass;
use crate::quantise::ClassRanges;
use crate::random::RowIds;

/// What is known of similarities of which whole classes are asked for.
pub(crate) struct Known<'a> {
    pub(crate) ranges: &'a ClassRanges,
    pub(crate) function: &'a KernelFunction,
    /// By place, the row's product with itself.
    pub(crate) squares: &'a [i32],
    /// Every row's sum over its class; not needed where the class's similarities are kept.
    pub(crate) row_sums: &'a [i64],
    pub(crate) stop: &'a Stop,
}

/// All picks of one class. Nothing is kept of its similarities after.
pub(crate) fn picks_of_class(
    similarities: &mut dyn Similarities,
    known: &Known<'_>,
    cut: &Cut,
    rule: &CutRule,
) -> Result<CutPicks, Error> {
    let (class, places) = (cut.class..cut.class + 1, known.ranges.class(cut.class));
    let mut is_labelled = vec![false; known.ranges.places()];
    cut.labelled
        .iter()
        .for_each(|&place| is_labelled[place] = true);
    // Numbers are those of the class's rows.
    let order: Vec<usize> = (0..places.end)
        .map(|place| place.saturating_sub(places.start))
        .collect();
    let frame = Frame {
        ranges: known.ranges,
        order: &order,
        squares: known.squares,
        is_labelled: &is_labelled,
        function: known.function,
        worst: rule.worst,
        candidates: rule.block,
        stop: known.stop,
    };
    let row_ids = RowIds {
        rows: Some(&cut.numbers),
        first: 0,
        stage: rule.stage,
    };
    if cut.is_kept {
        similarities.store(class.clone(), &Pass::unheard())?;
    }
    let sums = (!cut.is_kept).then_some(known.row_sums);
    let mut group = Group::new(frame, &mut *similarities, class, sums)?;
    let mut picks = vec![Vec::new()];
    let begun = (&mut picks, false);
    pick(
        &mut group,
        (rule, row_ids),
        &[cut.budget],
        begun,
        &mut Unheard,
    )?;
    let value = values(&group, rule.objective, &picks)?[0];
    if cut.is_kept {
        similarities.store(0..0, &Pass::unheard())?;
    }
    Ok(CutPicks {
        rounds: picks.remove(0),
        value,
    })
}

/// No one hears before a class is done.
struct Unheard;

impl Watch for Unheard {
    fn grown(&mut self, _: &[Vec<Round>]) -> Result<(), Error> {
        Ok(())
    }

    fn refined(&mut self, _: &[Vec<Round>]) -> Result<(), Error> {
        Ok(())
    }
}
