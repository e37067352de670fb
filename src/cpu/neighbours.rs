//! Which rows lie within a distance of each other, on the processor.

use super::count_within::count_within;
use super::mark_within::{candidates, count_marked, mark_within};
use super::nearest_other::nearest_other;
use super::unit_integers::UnitIntegers;
use super::visitors::{count_visitors, mark_visitors, nearest_visitors};
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::neighbours::{Marks, Neighbours, Reach};
use crate::quantise::IntegerRows;

/// Enough rows for every core to have some tiles of them.
const AT_ONCE: usize = 1 << 10;

/// Which of a pool's rows are near to each other.
pub(super) struct CpuNeighbours<'a>(UnitIntegers<'a>);

impl<'a> CpuNeighbours<'a> {
    pub(super) fn new(features: &'a Features<'a>, stop: &'a Stop) -> Result<Self, Error> {
        UnitIntegers::new(features, stop).map(Self)
    }
}

impl Neighbours for CpuNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        count_within(&self.0, least)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        mark_within(&self.0, marked, among, reach)
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<u32>, Error> {
        count_marked(&self.0, marked, among, reach)
    }

    fn candidates(&self, marked: &[usize], reach: Reach) -> Option<Vec<usize>> {
        candidates(&self.0, marked, reach)
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        nearest_other(&self.0, labels)
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        let mut made = self.0.scratch(rows.len());
        self.0.fill(rows.iter().copied(), 0, &mut made)?;
        Ok(made)
    }

    fn count_visitors(&self, visitors: &IntegerRows, least: i32) -> Result<[Vec<u32>; 2], Error> {
        count_visitors(&self.0, visitors, least)
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        mark_visitors(&self.0, visitors, among, reach)
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
    ) -> Result<[Vec<i32>; 2], Error> {
        nearest_visitors(&self.0, labels, visitors, labels_of_visitors)
    }
}
