//! Which rows lie within a distance of each other, on the processor.

use super::count_within::count_within;
use super::mark_within::{candidates, count_marked, mark_within};
use super::nearest_other_label::nearest_other_label;
use super::unit_integers::UnitIntegers;
use super::visitors::{count_visitors, mark_visitors, nearest_visitors};
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::neighbours::{NearMasks, Neighbours, Thresholds};
use crate::progress::Pass;
use crate::quantise::IntegerRows;

/// Enough rows for every core to have some tiles of them.
const AT_ONCE: usize = 1 << 10;

/// Which of a pool's rows are near to each other.
pub(super) struct CpuNeighbours<'a>(UnitIntegers<'a>);

impl<'a> CpuNeighbours<'a> {
    /// Of a pool that may take so many bytes, where its features have to be read.
    pub(super) fn new(
        features: &'a Features<'a>,
        memory: u64,
        stop: &'a Stop,
    ) -> Result<Self, Error> {
        UnitIntegers::new(features, memory, stop).map(Self)
    }
}

impl Neighbours for CpuNeighbours<'_> {
    fn count_within(&self, least: i32, pass: &Pass<'_>) -> Result<Vec<u32>, Error> {
        count_within(&self.0, least, pass)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        mark_within(&self.0, marked, among, thresholds)
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        count_marked(&self.0, marked, among, thresholds)
    }

    fn candidates(&self, marked: &[usize], thresholds: Thresholds) -> Option<Vec<usize>> {
        candidates(&self.0, marked, thresholds)
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn nearest_other_label(&self, labels: &[u32], pass: &Pass<'_>) -> Result<Vec<i32>, Error> {
        nearest_other_label(&self.0, labels, pass)
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        let mut made = self.0.scratch(rows.len());
        self.0.fill(rows.iter().copied(), 0, &mut made)?;
        Ok(made)
    }

    fn count_visitors(
        &self,
        visitors: &IntegerRows,
        least: i32,
        pass: &Pass<'_>,
    ) -> Result<[Vec<u32>; 2], Error> {
        count_visitors(&self.0, visitors, least, pass)
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        mark_visitors(&self.0, visitors, among, thresholds)
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
        pass: &Pass<'_>,
    ) -> Result<[Vec<i32>; 2], Error> {
        nearest_visitors(&self.0, (labels, visitors, labels_of_visitors), pass)
    }
}
