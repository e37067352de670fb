//! A pool whose calls are timed by the host's clock, and whose work is counted: what a selection spends
//! in its device.
//!
//! Work is what a call asks for, in multiply-adds, as if each pair were met and each row read: a device
//! that knows better does less. A value or a state that is handed over counts as one.

use coresift::{
    Bunch, Due, Error, Field, IntegerRows, Leads, Lp, Marks, Nearest, Neighbours, Numbering, Pool,
    Precision, Rate, Reach, Residuals, Round, RowState, Similarities, Stop, Totals,
};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

/// Calls and seconds by the name of a kernel, or of what else a pool was asked for.
#[derive(Debug, Default)]
pub(super) struct Clock {
    calls: RefCell<BTreeMap<&'static str, (u64, f64)>>,
    work: Cell<u64>,
}

impl Clock {
    /// Runs and times a call of so much work. A call within a call would be counted twice; no pool makes one.
    pub(super) fn time<T>(&self, name: &'static str, work: usize, call: impl FnOnce() -> T) -> T {
        self.count(work);
        let began = Instant::now();
        let value = call();
        let seconds = began.elapsed().as_secs_f64();
        let mut calls = self.calls.borrow_mut();
        let entry = calls.entry(name).or_default();
        entry.0 += 1;
        entry.1 += seconds;
        value
    }

    fn count(&self, work: usize) {
        self.work.set(self.work.get() + work as u64);
    }

    /// Work of all calls.
    pub(super) fn work(&self) -> u64 {
        self.work.get()
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

impl Timed<'_> {
    /// Values of all rows.
    fn values(&self) -> usize {
        self.rows() * self.dim()
    }
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
        let call = || self.pool.row_norms(norm);
        self.clock.time("row_norms", self.values(), call)
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let call = || self.pool.gather_rows(rows);
        self.clock
            .time("gather_rows", rows.len() * self.dim(), call)
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let call = || self.pool.given_rows(rows);
        self.clock
            .time("gather_rows", rows.len() * self.dim(), call)
    }

    fn values_at_once(&self) -> usize {
        self.pool.values_at_once()
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        let call = || self.pool.residuals();
        let inner = self.clock.time("residuals", self.rows(), call)?;
        Ok(Box::new(TimedResiduals {
            inner,
            pool: self,
            clock: self.clock,
        }))
    }

    fn similarities<'a>(
        &'a self,
        rows: &'a IntegerRows,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + 'a>, Error> {
        let call = || self.pool.similarities(rows, threshold);
        let inner = (self.clock).time("similarities", rows.values().len(), call)?;
        Ok(Box::new(TimedSimilarities {
            inner,
            rows,
            stored: 0..0,
            clock: self.clock,
        }))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        let call = || self.pool.neighbours();
        let inner = self.clock.time("neighbours", self.values(), call)?;
        Ok(Box::new(TimedNeighbours {
            inner,
            pool: self,
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
        self.clock
            .time("nearest", self.values() * offsets.len(), call)
    }

    fn leads(
        &self,
        fields: &[Field<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error> {
        let call = || self.pool.leads(fields, vectors, offsets, lengths);
        let pairs = fields
            .iter()
            .map(|field| field.rows.len() * field.vectors.len());
        let work = pairs.sum::<usize>() * self.dim();
        self.clock.time("leads", work, call)
    }

    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error> {
        let call = || self.pool.closest(bunches, k);
        let pairs = bunches.iter().map(|bunch| bunch.rows.len().pow(2));
        let work = pairs.sum::<usize>() * self.dim();
        self.clock.time("closest", work, call)
    }

    fn numbering(&self) -> Numbering<'_> {
        self.pool.numbering()
    }

    fn stop(&self) -> &Stop {
        self.pool.stop()
    }
}

struct TimedResiduals<'a> {
    inner: Box<dyn Residuals + 'a>,
    pool: &'a Timed<'a>,
    clock: &'a Clock,
}

impl Residuals for TimedResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        self.clock
            .time("states", states.len(), || self.inner.load(states))
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        self.clock
            .time("states", self.pool.rows(), || self.inner.read())
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        self.clock
            .time("states", rows.len(), || self.inner.write(rows, states))
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        let call = || self.inner.due_rows(tau, rate, limit);
        self.clock.time("due_rows", self.pool.rows(), call)
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let call = || self.inner.deflate(directions, dt, rate);
        (self.clock).time("deflate", self.pool.rows() * directions.len(), call)
    }

    fn deflate_largest(
        &mut self,
        directions: &[f32],
        number: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        let call = || (self.inner).deflate_largest(directions, number, count, rate);
        (self.clock).time("deflate", self.pool.rows() * directions.len(), call)
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let call = || self.inner.refresh(basis, dead, rate);
        (self.clock).time("refresh", 2 * self.pool.rows() * basis.len(), call)
    }
}

struct TimedSimilarities<'a> {
    inner: Box<dyn Similarities + 'a>,
    rows: &'a IntegerRows,
    /// Classes that are stored.
    stored: Range<usize>,
    clock: &'a Clock,
}

impl TimedSimilarities<'_> {
    /// Pairs of rows of some classes.
    fn pairs(&self, classes: Range<usize>) -> usize {
        classes
            .map(|class| self.rows.class(class).len().pow(2))
            .sum()
    }

    /// Pairs of some rows and all of their class.
    fn pairs_with(&self, rows: &[usize]) -> usize {
        let class_of = |&row: &usize| self.rows.starts().partition_point(|&start| start <= row) - 1;
        let rows = rows.iter().map(class_of);
        rows.map(|class| self.rows.class(class).len()).sum()
    }
}

impl Similarities for TimedSimilarities<'_> {
    fn row_sums(&self) -> Result<Vec<i64>, Error> {
        let work = self.pairs(0..self.rows.classes()) * self.rows.pitch();
        self.clock.time("row_sums", work, || self.inner.row_sums())
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let call = || self.inner.sum_columns(columns);
        let work = self.pairs_with(columns) * self.rows.pitch();
        self.clock.time("sum_columns", work, call)
    }

    fn room(&self) -> u64 {
        self.inner.room()
    }

    fn batch(&self) -> u64 {
        self.inner.batch()
    }

    fn store(&mut self, classes: Range<usize>) -> Result<(), Error> {
        let work = self.pairs(classes.clone()) * self.rows.pitch();
        self.stored = classes.clone();
        let call = || self.inner.store(classes);
        self.clock.time("store_similarities", work, call)
    }

    fn stored(&self, class: usize) -> Result<Vec<u16>, Error> {
        let work = self.pairs(class..class + 1);
        self.clock.time("stored", work, || self.inner.stored(class))
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let call = || self.inner.sum_stored(columns);
        self.clock
            .time("sum_stored", self.pairs_with(columns), call)
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        step: i64,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let rounds = self.stored.clone().zip(counts);
        let work = rounds.map(|(class, count)| count * self.rows.class(class).len());
        let work = work.sum();
        let call = || self.inner.greedy_rounds(gains, counts, step);
        self.clock.time("greedy_rounds", work, call)
    }
}

struct TimedNeighbours<'a> {
    inner: Box<dyn Neighbours + 'a>,
    pool: &'a Timed<'a>,
    clock: &'a Clock,
}

impl Neighbours for TimedNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        let call = || self.inner.count_within(least);
        (self.clock).time("count_within", self.pool.rows() * self.pool.values(), call)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        let call = || self.inner.mark_within(marked, among, reach);
        let work = marked.len() * among.len() * self.pool.dim();
        self.clock.time("mark_within", work, call)
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<u32>, Error> {
        let call = || self.inner.count_marked(marked, among, reach);
        let work = marked.len() * among.len() * self.pool.dim();
        self.clock.time("mark_within", work, call)
    }

    fn candidates(&self, marked: &[usize], reach: Reach) -> Option<Vec<usize>> {
        let found = self.inner.candidates(marked, reach);
        self.clock.count(found.as_ref().map_or(0, Vec::len));
        found
    }

    fn at_once(&self) -> usize {
        self.inner.at_once()
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        let call = || self.inner.nearest_other(labels);
        (self.clock).time("nearest_other", self.pool.rows() * self.pool.values(), call)
    }
}
