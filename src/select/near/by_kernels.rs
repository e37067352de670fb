//! Near rows by kernels in integers, which leave some pairs open; those are settled in f64.

use super::answers::{Near, Reach, each_bit};
use crate::error::Error;
use crate::kernels::neighbours::{NearMasks, Neighbours, Thresholds};
use crate::progress::Pass;
use crate::reduce;
use crate::select::unit_rows::UnitRows;
use rayon::prelude::*;

/// Rows are close to another within so many times δ: most of what a row may lose by a pick is there.
const CLOSE: f64 = 1.15;

/// By kernels in integers, which leave some pairs open.
pub(crate) struct ByKernels<'a> {
    rows: &'a UnitRows<'a>,
    neighbours: &'a dyn Neighbours,
    thresholds: Thresholds,
    close: Thresholds,
    most: f64,
}

impl<'a> ByKernels<'a> {
    pub(crate) fn new(
        rows: &'a UnitRows<'a>,
        neighbours: &'a dyn Neighbours,
        Reach { delta, most }: Reach,
    ) -> Self {
        Self {
            rows,
            neighbours,
            thresholds: Thresholds::of(delta, rows.dim()),
            close: Thresholds::of((CLOSE * delta).min(2.0), rows.dim()),
            most,
        }
    }

    /// For each of the `open` rows with which of the `marked` it is near after all, of those that its `doubts` have
    /// a bit for.
    fn settle(&self, marked: &[usize], open: &[usize], doubts: &[u32]) -> Result<Vec<u32>, Error> {
        let mut settled = Vec::with_capacity(open.len());
        if open.is_empty() {
            return Ok(settled);
        }
        let (z, dim, most) = (self.rows.rows(marked)?, self.rows.dim(), self.most);
        let is_near = |bit: usize, other: &[f64]| {
            let own = &z[bit * dim..][..dim];
            reduce::vectorised!(reduce::distance_sq(own, other)) <= most
        };
        self.rows.gather(open, |open, others| {
            let doubts = &doubts[settled.len()..][..open.len()];
            let pairs = doubts.par_iter().zip(others.par_chunks_exact(dim));
            settled.par_extend(pairs.map(|(&doubts, other)| {
                let mut bits = 0;
                each_bit(doubts, |bit| bits |= u32::from(is_near(bit, other)) << bit);
                bits
            }));
            Ok(())
        })?;
        Ok(settled)
    }
}

impl Near for ByKernels<'_> {
    fn count(&self, pass: &Pass<'_>) -> Result<Vec<u32>, Error> {
        self.neighbours.count_within(self.thresholds.possible, pass)
    }

    fn count_least(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error> {
        self.neighbours.count_marked(marked, among, self.thresholds)
    }

    fn count_most(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error> {
        let thresholds = Thresholds {
            certain: self.thresholds.possible,
            ..self.thresholds
        };
        self.neighbours.count_marked(marked, among, thresholds)
    }

    fn marks(&self, marked: &[usize], among: &[usize]) -> Result<(Vec<u32>, usize), Error> {
        let found = (self.neighbours).mark_within(marked, among, self.thresholds)?;
        let is_open = |marks: &NearMasks| marks.possible != marks.certain;
        let places: Vec<usize> = (0..among.len()).filter(|&at| is_open(&found[at])).collect();
        let doubts = places
            .iter()
            .map(|&at| found[at].possible & !found[at].certain);
        let doubts: Vec<u32> = doubts.collect();
        let mut marks: Vec<u32> = found.iter().map(|marks| marks.certain).collect();
        drop(found);
        let pairs = doubts
            .iter()
            .map(|doubts| doubts.count_ones() as usize)
            .sum();
        self.rows.count_settled(pairs);
        let open: Vec<usize> = places.iter().map(|&at| among[at]).collect();
        for (at, bits) in places.into_iter().zip(self.settle(marked, &open, &doubts)?) {
            marks[at] |= bits;
        }
        Ok((marks, pairs))
    }

    fn retain_close(&self, row: usize, among: &mut Vec<usize>) -> Result<(), Error> {
        let marks = self.neighbours.mark_within(&[row], among, self.close)?;
        let mut marks = marks.iter();
        among.retain(|_| marks.next().is_some_and(|marks| marks.possible != 0));
        Ok(())
    }

    fn candidates(&self, marked: &[usize]) -> Option<Vec<usize>> {
        self.neighbours.candidates(marked, self.thresholds)
    }

    fn at_once(&self) -> usize {
        self.neighbours.at_once()
    }
}
