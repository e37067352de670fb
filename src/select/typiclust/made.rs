//! The picks made so far, and those of an earlier run that are to be made again.

use crate::checkpoint::PicksAgain;
use crate::course::{Course, Step};
use crate::error::Error;
use crate::progress::Progress;
use crate::selection::Selection;

/// Picks made so far.
pub(super) struct Made<'a, 'c> {
    pub(super) selection: &'a mut Selection,
    pub(super) course: &'a mut Course<'c>,
    pub(super) step: Step,
    /// What an earlier run has picked.
    pub(super) earlier: PicksAgain,
}

impl Made<'_, '_> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.selection.picks.len()
    }

    /// What is still to be picked again, with the typicality that it had.
    pub(super) fn again(&self) -> impl Iterator<Item = (usize, f64)> {
        let rows = self.earlier.rows.iter().copied();
        let earlier = rows.zip(self.earlier.scores.iter().copied());
        earlier.skip(self.len())
    }

    /// Takes a pick, tells of it and keeps it, unless it is made again.
    pub(super) fn take(&mut self, (row, typicality): (usize, f64)) -> Result<(), Error> {
        let is_new = self.len() >= self.earlier.rows.len();
        self.selection.picks.push(row);
        self.selection.scores.push(f64::from(typicality as f32));
        if is_new {
            self.course.tell(Progress::Picks(self.len()))?;
            self.course.keep_picks(self.step, self.selection)?;
        }
        Ok(())
    }
}
