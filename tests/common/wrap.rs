//! Pools around a pool, to see what a selector does when a device is not quite right.

use coresift::{
    Bunch, Due, Error, Field, IntegerRows, Leads, Lp, Marks, Nearest, Neighbours, Pool, Precision,
    Rate, Reach, Residuals, Round, RowState, Selection, Similarities, Stop, Totals,
};
use std::cell::Cell;

/// A pool whose residuals and hazards are off, at every deflation and refresh, by a relative
/// error of random sign, and so are the scores of the nearest vectors, their leads by how far they are
/// apart, and what is told of the closest rows by the squares of their lengths.
pub struct Noisy<'a> {
    inner: &'a dyn Pool,
    relative: f32,
}

impl<'a> Noisy<'a> {
    pub fn new(inner: &'a dyn Pool, relative: f32) -> Self {
        Self { inner, relative }
    }
}

impl Pool for Noisy<'_> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn dim(&self) -> usize {
        self.inner.dim()
    }
    fn scale(&self) -> f32 {
        self.inner.scale()
    }
    fn precision(&self) -> Precision {
        self.inner.precision()
    }
    fn stop(&self) -> &Stop {
        self.inner.stop()
    }
    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        self.inner.row_norms(norm)
    }
    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.inner.gather_rows(rows)
    }
    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.inner.given_rows(rows)
    }
    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        let inner = self.inner.residuals()?;
        Ok(Box::new(NoisyResiduals {
            inner,
            relative: self.relative,
            state: 1,
        }))
    }
    fn similarities<'a>(
        &'a self,
        rows: &'a IntegerRows,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + 'a>, Error> {
        self.inner.similarities(rows, threshold)
    }
    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        self.inner.neighbours()
    }
    fn nearest(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Nearest>, Error> {
        let mut nearest = self.inner.nearest(vectors, offsets, lengths)?;
        for (row, nearest) in nearest.iter_mut().enumerate() {
            let noise = |odd: bool| if odd { self.relative } else { -self.relative };
            nearest.best *= 1.0 + noise(row % 3 == 0);
            if nearest.second < f32::MAX {
                nearest.second *= 1.0 + noise(row % 2 == 0);
            }
        }
        Ok(nearest)
    }
    fn leads(
        &self,
        fields: &[Field<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error> {
        let mut found = self.inner.leads(fields, vectors, offsets, lengths)?;
        let dim = self.dim();
        let vector = |index: u32| vectors[index as usize * dim..][..dim].iter();
        for (at, (leads, field)) in found.iter_mut().flatten().zip(fields).enumerate() {
            let noise = |odd: bool| if odd { self.relative } else { -self.relative };
            for (at, least) in leads.least.iter_mut().enumerate() {
                let differences = vector(field.vectors[at]).zip(vector(field.vectors[0]));
                let apart: f64 = differences.map(|(a, b)| (a - b).powi(2)).sum();
                *least += noise(at % 2 == 0) * apart.sqrt() as f32;
            }
            leads.own += noise(at % 3 == 0);
        }
        Ok(found)
    }
    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error> {
        let mut closest = self.inner.closest(bunches, k)?;
        for (closest, bunch) in closest.iter_mut().zip(bunches) {
            for (at, answer) in closest.iter_mut().enumerate() {
                let noise = if at % 5 < 2 { -1.0 } else { 1.0 };
                *answer += noise * self.relative * 2.0 * bunch.halves[at / k];
            }
        }
        Ok(closest)
    }
}

struct NoisyResiduals<'a> {
    inner: Box<dyn Residuals + 'a>,
    relative: f32,
    state: u32,
}

impl NoisyResiduals<'_> {
    /// 1 plus or minus the relative error.
    fn factor(&mut self) -> f32 {
        self.state = self
            .state
            .wrapping_mul(1_664_525)
            .wrapping_add(1_013_904_223);
        if self.state >> 31 == 0 {
            1.0 + self.relative
        } else {
            1.0 - self.relative
        }
    }

    fn disturb(&mut self, before: &[RowState]) -> Result<(), Error> {
        let mut states = self.inner.read()?;
        for (state, before) in states
            .iter_mut()
            .zip(before)
            .filter(|(s, _)| !s.is_masked())
        {
            state.residual_sq *= self.factor();
            let hazard = (before.left - state.left) * self.factor();
            state.left = (before.left - hazard).max(0.0);
        }
        self.inner.load(&states)
    }
}

impl Residuals for NoisyResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        self.inner.load(states)
    }
    fn read(&self) -> Result<Vec<RowState>, Error> {
        self.inner.read()
    }
    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        self.inner.write(rows, states)
    }
    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        self.inner.due_rows(tau, rate, limit)
    }
    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let before = self.inner.read()?;
        let totals = self.inner.deflate(directions, dt, rate)?;
        self.disturb(&before)?;
        Ok(totals)
    }
    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let before = self.inner.read()?;
        let totals = self.inner.refresh(basis, dead, rate)?;
        self.disturb(&before)?;
        Ok(totals)
    }
}

/// A pool whose device is lost after so many calls on it, its residuals and its similarities.
pub struct Lost<'a> {
    inner: &'a dyn Pool,
    calls_left: Cell<usize>,
}

impl<'a> Lost<'a> {
    pub fn after(inner: &'a dyn Pool, calls: usize) -> Self {
        Self {
            inner,
            calls_left: Cell::new(calls),
        }
    }

    fn count(&self) -> Result<(), Error> {
        let Some(left) = self.calls_left.get().checked_sub(1) else {
            let reason = "unplugged".to_owned();
            return Err(Error::DeviceLost {
                reason,
                partial: Box::new(Selection::default()),
            });
        };
        self.calls_left.set(left);
        Ok(())
    }
}

impl Pool for Lost<'_> {
    fn rows(&self) -> usize {
        self.inner.rows()
    }
    fn dim(&self) -> usize {
        self.inner.dim()
    }
    fn scale(&self) -> f32 {
        self.inner.scale()
    }
    fn precision(&self) -> Precision {
        self.inner.precision()
    }
    fn stop(&self) -> &Stop {
        self.inner.stop()
    }
    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        self.inner.row_norms(norm)
    }
    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.count()?;
        self.inner.gather_rows(rows)
    }
    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.count()?;
        self.inner.given_rows(rows)
    }
    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        Ok(Box::new(LostResiduals {
            inner: self.inner.residuals()?,
            pool: self,
        }))
    }
    fn similarities<'a>(
        &'a self,
        rows: &'a IntegerRows,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + 'a>, Error> {
        self.count()?;
        Ok(Box::new(LostSimilarities {
            inner: self.inner.similarities(rows, threshold)?,
            pool: self,
        }))
    }
    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        self.count()?;
        Ok(Box::new(LostNeighbours {
            inner: self.inner.neighbours()?,
            pool: self,
        }))
    }
    fn nearest(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Nearest>, Error> {
        self.count()?;
        self.inner.nearest(vectors, offsets, lengths)
    }
    fn leads(
        &self,
        fields: &[Field<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error> {
        self.count()?;
        self.inner.leads(fields, vectors, offsets, lengths)
    }
    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error> {
        self.count()?;
        self.inner.closest(bunches, k)
    }
}

struct LostResiduals<'a> {
    inner: Box<dyn Residuals + 'a>,
    pool: &'a Lost<'a>,
}

impl Residuals for LostResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        self.pool.count()?;
        self.inner.load(states)
    }
    fn read(&self) -> Result<Vec<RowState>, Error> {
        self.pool.count()?;
        self.inner.read()
    }
    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        self.pool.count()?;
        self.inner.write(rows, states)
    }
    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        self.pool.count()?;
        self.inner.due_rows(tau, rate, limit)
    }
    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        self.pool.count()?;
        self.inner.deflate(directions, dt, rate)
    }
    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        self.pool.count()?;
        self.inner.refresh(basis, dead, rate)
    }
}

struct LostSimilarities<'a> {
    inner: Box<dyn Similarities + 'a>,
    pool: &'a Lost<'a>,
}

impl Similarities for LostSimilarities<'_> {
    fn row_sums(&self) -> Result<Vec<i64>, Error> {
        self.pool.count()?;
        self.inner.row_sums()
    }
    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.pool.count()?;
        self.inner.sum_columns(columns)
    }
    fn room(&self) -> u64 {
        self.inner.room()
    }
    fn store(&mut self, classes: std::ops::Range<usize>) -> Result<(), Error> {
        self.pool.count()?;
        self.inner.store(classes)
    }
    fn stored(&self, class: usize) -> Result<Vec<u16>, Error> {
        self.pool.count()?;
        self.inner.stored(class)
    }
    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.pool.count()?;
        self.inner.sum_stored(columns)
    }
    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        step: i64,
    ) -> Result<Vec<Vec<Round>>, Error> {
        self.pool.count()?;
        self.inner.greedy_rounds(gains, counts, step)
    }
}

struct LostNeighbours<'a> {
    inner: Box<dyn Neighbours + 'a>,
    pool: &'a Lost<'a>,
}

impl Neighbours for LostNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        self.pool.count()?;
        self.inner.count_within(least)
    }
    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        self.pool.count()?;
        self.inner.mark_within(marked, among, reach)
    }
    fn at_once(&self) -> usize {
        self.inner.at_once()
    }
    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        self.pool.count()?;
        self.inner.nearest_other(labels)
    }
}
