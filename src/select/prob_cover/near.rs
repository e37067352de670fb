//! Which rows lie within δ of each other, as a cover asks for it.

use crate::error::Error;
use crate::kernels::neighbours::{Neighbours, Thresholds};
use crate::progress::Pass;
use crate::reduce;
use crate::select::unit_rows::UnitRows;
use rayon::prelude::*;

/// Rows are close to another within so many times δ: most of what a row may lose by a pick is there.
const CLOSE: f64 = 1.15;

/// Rows of a pool, or one for all that are alike, and which of them lie within δ of each other. Each
/// counts for as many as it stands for.
pub(super) trait Near {
    /// How many rows lie within δ of each, at most.
    fn count(&self, pass: &Pass<'_>) -> Result<Vec<u32>, Error>;

    /// For each of `among` how many of the `marked` lie within δ of it, at least.
    fn count_least(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error>;

    /// The same, at most.
    fn count_most(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error>;

    /// For each of at most [`MARKED`](crate::kernels::MARKED) rows those of `among` that lie within δ of it,
    /// in any order, and how many pairs had to be settled one by one.
    fn within(&self, marked: &[usize], among: &[usize]) -> Result<(Vec<Vec<u32>>, usize), Error>;

    /// Keeps of `among` those that may be close to a row.
    fn retain_close(&self, row: usize, among: &mut Vec<usize>) -> Result<(), Error>;

    /// The rows that may lie within δ of one of the `marked`, where that is known without a look at
    /// all of them.
    fn candidates(&self, marked: &[usize]) -> Option<Vec<usize>>;

    /// Rows that it pays to ask for at a time.
    fn at_once(&self) -> usize;
}

/// By kernels in integers, which leave some pairs open.
pub(super) struct ByKernels<'a> {
    rows: &'a UnitRows<'a>,
    neighbours: &'a dyn Neighbours,
    thresholds: Thresholds,
    close: Thresholds,
    delta_sq: f64,
}

impl<'a> ByKernels<'a> {
    pub(super) fn new(rows: &'a UnitRows<'a>, neighbours: &'a dyn Neighbours, delta: f64) -> Self {
        Self {
            rows,
            neighbours,
            thresholds: Thresholds::of(delta, rows.dim()),
            close: Thresholds::of((CLOSE * delta).min(2.0), rows.dim()),
            delta_sq: delta * delta,
        }
    }

    /// Adds those of the `open` rows that lie within the distance after all; `marks` has a bit for
    /// each of `rows` with which that is open.
    fn settle(
        &self,
        rows: &[usize],
        open: &[usize],
        marks: &[u32],
        near: &mut [Vec<u32>],
    ) -> Result<(), Error> {
        if open.is_empty() {
            return Ok(());
        }
        let (z, dim, delta_sq) = (self.rows.rows(rows)?, self.rows.dim(), self.delta_sq);
        let is_near = |bit: usize, other: &[f64]| {
            let own = &z[bit * dim..][..dim];
            reduce::vectorised!(reduce::distance_sq(own, other)) < delta_sq
        };
        let mut marks = marks;
        self.rows.gather(open, |open, others| {
            let here;
            (here, marks) = marks.split_at(open.len());
            let bits: Vec<u32> = (here.par_iter().zip(others.par_chunks_exact(dim)))
                .map(|(&marks, other)| {
                    let mut bits = 0;
                    each_bit(marks, |bit| bits |= u32::from(is_near(bit, other)) << bit);
                    bits
                })
                .collect();
            for (&row, bits) in open.iter().zip(bits) {
                each_bit(bits, |bit| near[bit].push(row as u32));
            }
            Ok(())
        })
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

    fn within(&self, marked: &[usize], among: &[usize]) -> Result<(Vec<Vec<u32>>, usize), Error> {
        let marks = self
            .neighbours
            .mark_within(marked, among, self.thresholds)?;
        let mut near = vec![Vec::new(); marked.len()];
        let (mut open, mut open_marks) = (Vec::new(), Vec::new());
        for (&row, marks) in among.iter().zip(marks) {
            each_bit(marks.certain, |bit| near[bit].push(row as u32));
            let is_open = marks.possible & !marks.certain;
            if is_open != 0 {
                open.push(row);
                open_marks.push(is_open);
            }
        }
        let pairs = open_marks.iter().map(|marks| marks.count_ones() as usize);
        let pairs = pairs.sum();
        self.rows.count_settled(pairs);
        self.settle(marked, &open, &open_marks, &mut near)?;
        Ok((near, pairs))
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

/// The places of the bits that are set.
pub(super) fn each_bit(mut bits: u32, mut work: impl FnMut(usize)) {
    while bits != 0 {
        work(bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}
