//! Rows of one class on a GPU, visited by those of other pools.

use super::columns::{self, Strip};
use super::similarities::GpuSimilarities;
use super::{gain_columns, raise, row_sums};
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::similarities::Similarities;
use crate::kernels::visited::Visited;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::ops::Range;

pub(super) struct GpuVisited<'a> {
    own: GpuSimilarities<'a>,
    visitors: IntegerRows,
    /// Their similarities, where they are all there since gains were asked for.
    strip: Option<Strip>,
}

impl<'a> GpuVisited<'a> {
    /// Similarities of one class.
    pub(super) fn new(own: GpuSimilarities<'a>, dim: usize) -> Self {
        Self {
            own,
            visitors: IntegerRows::zeros(dim, 0),
            strip: None,
        }
    }

    /// Visitors whose similarities are on the device at a time.
    fn chunks(&self, visitors: Range<usize>) -> impl Iterator<Item = Vec<usize>> + use<> {
        let at_once = columns::at_once(&self.own.resident);
        let end = visitors.end;
        let chunk = move |first: usize| (first..end.min(first + at_once)).collect();
        visitors.step_by(at_once).map(chunk)
    }
}

impl Visited for GpuVisited<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        self.own.rows(places)
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        self.own.squares()
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        self.own.row_sums(pass)
    }

    fn visit(&mut self, visitors: &IntegerRows) -> Result<(), Error> {
        self.strip = None;
        self.visitors = visitors.clone();
        Ok(())
    }

    /// By as many others as one binding has sums for, beside those of the rows.
    fn sums(&self, others: &IntegerRows, pass: &Pass<'_>) -> Result<[Vec<i64>; 2], Error> {
        let resident = &self.own.resident;
        let rows = resident.ranges.places();
        let sums = usize::try_from(resident.gpu.most_bound() / 8).unwrap_or(usize::MAX);
        let (at_once, all) = (sums.saturating_sub(rows).max(1), others.rows());
        let (mut of_rows, mut of_others) = (vec![0; rows], Vec::with_capacity(all));
        for first in (0..all).step_by(at_once) {
            let some: Vec<usize> = (first..all.min(first + at_once)).collect();
            let some = others.some(&some);
            let [own, theirs] = row_sums::with_visitors(resident, &some, pass)?;
            let sums = of_rows.iter_mut().zip(own);
            sums.for_each(|(sum, more)| *sum += more);
            of_others.extend(theirs);
        }
        Ok([of_rows, of_others])
    }

    fn columns(&self, visitors: Range<usize>) -> Result<Vec<i32>, Error> {
        let (rows, width) = (self.own.resident.ranges.places(), visitors.len());
        let mut all = vec![0; rows * width];
        for some in self.chunks(visitors.clone()) {
            let strip = Strip::of_visitors(&self.own.resident, &self.visitors.some(&some))?;
            let (found, first) = (strip.read(&self.own.resident)?, some[0] - visitors.start);
            let rows = all.chunks_exact_mut(width);
            for (row, found) in rows.zip(found.chunks_exact(some.len())) {
                row[first..first + some.len()].copy_from_slice(found);
            }
        }
        Ok(all)
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        self.own.set_cover(cover)
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        self.own.covered()
    }

    fn raise(&mut self, chosen: &IntegerRows) -> Result<(), Error> {
        self.own.begin_cover()?;
        let Some(covered) = &self.own.covered else {
            return Ok(());
        };
        for some in self.chunks(0..chosen.rows()) {
            let strip = Strip::of_visitors(&self.own.resident, &chosen.some(&some))?;
            let all: Vec<u32> = (0..some.len() as u32).collect();
            raise::run(&self.own.resident, &strip, &all, covered)?;
        }
        Ok(())
    }

    fn gains(&mut self) -> Result<Vec<i64>, Error> {
        self.own.begin_cover()?;
        let (resident, Some(covered)) = (&self.own.resident, &self.own.covered) else {
            return Ok(Vec::new());
        };
        if let Some(strip) = &self.strip {
            return gain_columns::run(resident, strip, covered);
        }
        let mut gains = Vec::with_capacity(self.visitors.rows());
        for some in self.chunks(0..self.visitors.rows()) {
            let strip = Strip::of_visitors(resident, &self.visitors.some(&some))?;
            gains.extend(gain_columns::run(resident, &strip, covered)?);
            self.strip = (some.len() == self.visitors.rows()).then_some(strip);
        }
        Ok(gains)
    }

    fn at_once(&self) -> usize {
        self.own.columns_at_once()
    }
}
