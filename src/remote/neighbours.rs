//! Which of a worker's rows lie within a distance of each other.

use super::message::{Ask, OfNeighbours};
use super::opened::{Opened, narrow};
use super::wire::{Array, Wire};
use crate::error::Error;
use crate::kernels::neighbours::{NearMasks, Neighbours, Thresholds};
use crate::progress::Pass;
use crate::quantise::IntegerRows;

pub(super) struct RemoteNeighbours<'a> {
    pub(super) opened: Opened<'a>,
    pub(super) at_once: u64,
    pub(super) dim: usize,
}

impl RemoteNeighbours<'_> {
    fn asked<'m>(&self, ask: OfNeighbours<'m>) -> Ask<'m> {
        Ask::Neighbours(self.opened.number, ask)
    }

    /// What visitors make of the rows, and the rows of the visitors.
    fn across<T: Wire>(
        &self,
        ask: OfNeighbours<'_>,
        pass: &Pass<'_>,
    ) -> Result<[Vec<T>; 2], Error> {
        let (own, theirs, met): (Array<'_, T>, Array<'_, T>, u64) =
            self.opened.connection.ask(self.asked(ask))?;
        pass.met(met)?;
        Ok([own.into_vec(), theirs.into_vec()])
    }
}

impl Neighbours for RemoteNeighbours<'_> {
    fn count_within(&self, least: i32, pass: &Pass<'_>) -> Result<Vec<u32>, Error> {
        let asked = self.asked(OfNeighbours::CountWithin(least));
        self.opened.array_of_pass(asked, pass)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        let (marked, among) = (narrow(marked).into(), narrow(among).into());
        let asked = OfNeighbours::MarkWithin(marked, among, thresholds);
        self.opened.array(self.asked(asked))
    }

    fn at_once(&self) -> usize {
        self.at_once as usize
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        let asked = OfNeighbours::Rows(narrow(rows).into());
        let values = self.opened.array(self.asked(asked))?;
        Ok(IntegerRows::of(values, IntegerRows::pitch_of(self.dim)))
    }

    fn count_visitors(
        &self,
        visitors: &IntegerRows,
        least: i32,
        pass: &Pass<'_>,
    ) -> Result<[Vec<u32>; 2], Error> {
        self.across(OfNeighbours::CountVisitors(visitors.into(), least), pass)
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        let among = narrow(among).into();
        let asked = OfNeighbours::MarkVisitors(visitors.into(), among, thresholds);
        self.opened.array(self.asked(asked))
    }

    fn count_marked_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        let among = narrow(among).into();
        let asked = OfNeighbours::CountMarkedVisitors(visitors.into(), among, thresholds);
        self.opened.array(self.asked(asked))
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
        pass: &Pass<'_>,
    ) -> Result<[Vec<i32>; 2], Error> {
        let theirs = labels_of_visitors.into();
        let asked = OfNeighbours::NearestVisitors(labels.into(), visitors.into(), theirs);
        self.across(asked, pass)
    }

    fn nearest_other_label(&self, labels: &[u32], pass: &Pass<'_>) -> Result<Vec<i32>, Error> {
        let asked = self.asked(OfNeighbours::NearestOtherLabel(labels.into()));
        self.opened.array_of_pass(asked, pass)
    }
}
