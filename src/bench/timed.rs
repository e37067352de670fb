//! A pool whose calls are timed by the host's clock: what a selection spends in its device.

use crate::{
    Bunch, Due, Error, Field, IntegerRows, Leads, Lp, Marks, Nearest, Neighbours, Numbering, Pool,
    Precision, Rate, Reach, Residuals, Round, RowState, Similarities, Totals,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

/// Calls and seconds by the name of a kernel, or of what else a pool was asked for.
#[derive(Debug, Default)]
pub(super) struct Clock {
    calls: RefCell<BTreeMap<&'static str, (u64, f64)>>,
}

impl Clock {
    /// Runs and times a call. A call within a call would be counted twice; no pool makes one.
    pub(super) fn time<T>(&self, name: &'static str, call: impl FnOnce() -> T) -> T {
        let began = Instant::now();
        let value = call();
        let seconds = began.elapsed().as_secs_f64();
        let mut calls = self.calls.borrow_mut();
        let entry = calls.entry(name).or_default();
        entry.0 += 1;
        entry.1 += seconds;
        value
    }

    /// Name, calls and seconds.
    pub(super) fn parts(&self) -> Vec<(&'static str, u64, f64)> {
        let calls = self.calls.borrow();
        calls.iter().map(|(&name, &(n, s))| (name, n, s)).collect()
    }

    /// Seconds of all calls.
    pub(super) fn seconds(&self) -> f64 {
        self.calls.borrow().values().map(|call| call.1).sum()
    }
}

/// A pool that hands every call on and times it.
pub(super) struct Timed<'a> {
    pub(super) pool: &'a dyn Pool,
    pub(super) clock: &'a Clock,
}

impl Pool for Timed<'_> {
    fn rows(&self) -> usize {
        self.pool.rows()
    }

    fn dim(&self) -> usize {
        self.pool.dim()
    }

    fn scale(&self) -> f32 {
        self.pool.scale()
    }

    fn precision(&self) -> Precision {
        self.pool.precision()
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        self.clock.time("row_norms", || self.pool.row_norms(norm))
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let call = || self.pool.gather_rows(rows);
        self.clock.time("gather_rows", call)
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let call = || self.pool.given_rows(rows);
        self.clock.time("gather_rows", call)
    }

    fn values_at_once(&self) -> usize {
        self.pool.values_at_once()
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        let inner = self.clock.time("residuals", || self.pool.residuals())?;
        Ok(Box::new(TimedResiduals {
            inner,
            clock: self.clock,
        }))
    }

    fn similarities<'a>(
        &'a self,
        rows: &'a IntegerRows,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + 'a>, Error> {
        let call = || self.pool.similarities(rows, threshold);
        let inner = self.clock.time("similarities", call)?;
        Ok(Box::new(TimedSimilarities {
            inner,
            clock: self.clock,
        }))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        let inner = self.clock.time("neighbours", || self.pool.neighbours())?;
        Ok(Box::new(TimedNeighbours {
            inner,
            clock: self.clock,
        }))
    }

    fn nearest(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Nearest>, Error> {
        let call = || self.pool.nearest(vectors, offsets, lengths);
        self.clock.time("nearest", call)
    }

    fn leads(
        &self,
        fields: &[Field<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error> {
        let call = || self.pool.leads(fields, vectors, offsets, lengths);
        self.clock.time("leads", call)
    }

    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error> {
        let call = || self.pool.closest(bunches, k);
        self.clock.time("closest", call)
    }

    fn numbering(&self) -> Numbering<'_> {
        self.pool.numbering()
    }
}

struct TimedResiduals<'a> {
    inner: Box<dyn Residuals + 'a>,
    clock: &'a Clock,
}

impl Residuals for TimedResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        self.clock.time("states", || self.inner.load(states))
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        self.clock.time("states", || self.inner.read())
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        self.clock.time("states", || self.inner.write(rows, states))
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        let call = || self.inner.due_rows(tau, rate, limit);
        self.clock.time("due_rows", call)
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let call = || self.inner.deflate(directions, dt, rate);
        self.clock.time("deflate", call)
    }

    fn deflate_largest(
        &mut self,
        directions: &[f32],
        number: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        let call = || (self.inner).deflate_largest(directions, number, count, rate);
        self.clock.time("deflate", call)
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let call = || self.inner.refresh(basis, dead, rate);
        self.clock.time("refresh", call)
    }
}

struct TimedSimilarities<'a> {
    inner: Box<dyn Similarities + 'a>,
    clock: &'a Clock,
}

impl Similarities for TimedSimilarities<'_> {
    fn row_sums(&self) -> Result<Vec<i64>, Error> {
        self.clock.time("row_sums", || self.inner.row_sums())
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let call = || self.inner.sum_columns(columns);
        self.clock.time("sum_columns", call)
    }

    fn room(&self) -> u64 {
        self.inner.room()
    }

    fn batch(&self) -> u64 {
        self.inner.batch()
    }

    fn store(&mut self, classes: Range<usize>) -> Result<(), Error> {
        let call = || self.inner.store(classes);
        self.clock.time("store_similarities", call)
    }

    fn stored(&self, class: usize) -> Result<Vec<u16>, Error> {
        self.clock.time("stored", || self.inner.stored(class))
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let call = || self.inner.sum_stored(columns);
        self.clock.time("sum_stored", call)
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        step: i64,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let call = || self.inner.greedy_rounds(gains, counts, step);
        self.clock.time("greedy_rounds", call)
    }
}

struct TimedNeighbours<'a> {
    inner: Box<dyn Neighbours + 'a>,
    clock: &'a Clock,
}

impl Neighbours for TimedNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        let call = || self.inner.count_within(least);
        self.clock.time("count_within", call)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        let call = || self.inner.mark_within(marked, among, reach);
        self.clock.time("mark_within", call)
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<u32>, Error> {
        let call = || self.inner.count_marked(marked, among, reach);
        self.clock.time("mark_within", call)
    }

    fn candidates(&self, marked: &[usize], reach: Reach) -> Option<Vec<usize>> {
        self.inner.candidates(marked, reach)
    }

    fn at_once(&self) -> usize {
        self.inner.at_once()
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        let call = || self.inner.nearest_other(labels);
        self.clock.time("nearest_other", call)
    }
}
