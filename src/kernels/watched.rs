//! A pool around another, whose calls something watches: to time them, to count them, to refuse them or
//! to change their answers. A watcher restates what it has to do with, and nothing else.

use crate::control::Stop;
use crate::error::Error;
use crate::features::Precision;
use crate::kernels::neighbours::{Marks, Neighbours, Reach};
use crate::kernels::pool::{Bunch, Field, Leads, Nearest, Pool};
use crate::kernels::residuals::{Due, Rate, Residuals, RowState, Totals};
use crate::kernels::similarities::{Examples, Round, Similarities};
use crate::lp::Lp;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::Numbering;
use std::ops::Range;

/// A call on a pool or on one of its handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// The kernel by its name, or what else was asked for.
    pub name: &'static str,
    /// Multiply-adds that are asked for, as if each pair were met and each row read: a device that knows
    /// better does less. A value or a state that is handed over counts as one.
    pub work: usize,
}

/// What watches the calls on a pool and on its handles. All methods have defaults, which let calls and
/// answers pass.
pub trait Watcher: Send + Sync {
    /// Whether [`states`](Self::states) is to be called. Then every row is deflated each time.
    const CHANGES_STATES: bool = false;

    /// Carries a call out, or does not. No call is made within another.
    ///
    /// # Errors
    ///
    /// Those of the call, and the watcher's own.
    fn around<T>(&self, _call: Call, run: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
        run()
    }

    /// Is told of work that is no kernel's.
    fn count(&self, _work: usize) {}

    /// May change what [`Pool::nearest`] answers.
    fn nearest(&self, _found: &mut [Nearest]) {}

    /// May change what [`Pool::leads`] answers of these vectors, `dim` values each.
    fn leads(&self, _vectors: &[f64], _dim: usize, _fields: &[Field<'_>], _found: &mut [Leads]) {}

    /// May change what [`Pool::closest`] answers.
    fn closest(&self, _bunches: &[Bunch<'_>], _found: &mut [Vec<f32>]) {}

    /// May change the states that a deflation or a refresh has left.
    fn states(&self, _before: &[RowState], _after: &mut [RowState]) {}
}

/// A pool that hands every call on, by way of a watcher.
#[derive(Clone, Copy)]
pub struct Watched<'a, W> {
    pool: &'a dyn Pool,
    watcher: W,
}

impl<'a, W: Watcher> Watched<'a, W> {
    /// Puts a watcher around a pool.
    #[must_use]
    pub fn new(pool: &'a dyn Pool, watcher: W) -> Self {
        Self { pool, watcher }
    }

    /// Values of all rows.
    fn values(&self) -> usize {
        self.rows() * self.dim()
    }
}

fn call(name: &'static str, work: usize) -> Call {
    Call { name, work }
}

impl<W: Watcher> Pool for Watched<'_, W> {
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
        let asked = call("row_norms", self.values());
        self.watcher.around(asked, || self.pool.row_norms(norm))
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let asked = call("gather_rows", rows.len() * self.dim());
        self.watcher.around(asked, || self.pool.gather_rows(rows))
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        let asked = call("gather_rows", rows.len() * self.dim());
        self.watcher.around(asked, || self.pool.given_rows(rows))
    }

    fn values_at_once(&self) -> usize {
        self.pool.values_at_once()
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        let asked = call("residuals", self.rows());
        Ok(Box::new(WatchedResiduals {
            inner: self.watcher.around(asked, || self.pool.residuals())?,
            watcher: &self.watcher,
            rows: self.rows(),
        }))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        let ranges = examples.ranges();
        let values = ranges.places() * examples.views * self.dim();
        let run = || self.pool.similarities(examples, threshold);
        Ok(Box::new(WatchedSimilarities {
            inner: self.watcher.around(call("similarities", values), run)?,
            watcher: &self.watcher,
            dim: self.dim(),
            ranges,
            stored: 0..0,
        }))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        let asked = call("neighbours", self.values());
        Ok(Box::new(WatchedNeighbours {
            inner: self.watcher.around(asked, || self.pool.neighbours())?,
            watcher: &self.watcher,
            dim: self.dim(),
            pairs: self.rows().pow(2),
        }))
    }

    fn nearest(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Nearest>, Error> {
        let asked = call("nearest", self.values() * offsets.len());
        let run = || self.pool.nearest(vectors, offsets, lengths);
        let mut found = self.watcher.around(asked, run)?;
        self.watcher.nearest(&mut found);
        Ok(found)
    }

    fn leads(
        &self,
        fields: &[Field<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error> {
        let pairs = fields.iter().map(|f| f.rows.len() * f.vectors.len());
        let asked = call("leads", pairs.sum::<usize>() * self.dim());
        let run = || self.pool.leads(fields, vectors, offsets, lengths);
        let mut found = self.watcher.around(asked, run)?;
        if let Some(found) = &mut found {
            self.watcher.leads(vectors, self.dim(), fields, found);
        }
        Ok(found)
    }

    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error> {
        let pairs = bunches.iter().map(|bunch| bunch.rows.len().pow(2));
        let asked = call("closest", pairs.sum::<usize>() * self.dim());
        let mut found = self
            .watcher
            .around(asked, || self.pool.closest(bunches, k))?;
        self.watcher.closest(bunches, &mut found);
        Ok(found)
    }

    fn numbering(&self) -> Numbering<'_> {
        self.pool.numbering()
    }

    fn stop(&self) -> &Stop {
        self.pool.stop()
    }
}

struct WatchedResiduals<'a, W> {
    inner: Box<dyn Residuals + 'a>,
    watcher: &'a W,
    rows: usize,
}

impl<W: Watcher> WatchedResiduals<'_, W> {
    /// Carries a call out that changes the states, and lets the watcher change them again.
    fn change(
        &mut self,
        call: Call,
        run: impl FnOnce(&mut dyn Residuals) -> Result<Totals, Error>,
    ) -> Result<Totals, Error> {
        if !W::CHANGES_STATES {
            return self.watcher.around(call, || run(&mut *self.inner));
        }
        let before = self.inner.read()?;
        let totals = self.watcher.around(call, || run(&mut *self.inner))?;
        let mut after = self.inner.read()?;
        self.watcher.states(&before, &mut after);
        self.inner.load(&after)?;
        Ok(totals)
    }
}

impl<W: Watcher> Residuals for WatchedResiduals<'_, W> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        let asked = call("states", states.len());
        self.watcher.around(asked, || self.inner.load(states))
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        let asked = call("states", self.rows);
        self.watcher.around(asked, || self.inner.read())
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        let asked = call("states", rows.len());
        self.watcher
            .around(asked, || self.inner.write(rows, states))
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        let asked = call("due_rows", self.rows);
        (self.watcher).around(asked, || self.inner.due_rows(tau, rate, limit))
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let asked = call("deflate", self.rows * directions.len());
        self.change(asked, |inner| inner.deflate(directions, dt, rate))
    }

    fn deflate_largest(
        &mut self,
        directions: &[f32],
        number: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        if W::CHANGES_STATES {
            return self.deflate(directions, &vec![0.0; number], rate);
        }
        let asked = call("deflate", self.rows * directions.len());
        self.change(asked, |inner| {
            inner.deflate_largest(directions, number, count, rate)
        })
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let asked = call("refresh", 2 * self.rows * basis.len());
        self.change(asked, |inner| inner.refresh(basis, dead, rate))
    }
}

struct WatchedSimilarities<'a, W> {
    inner: Box<dyn Similarities + 'a>,
    watcher: &'a W,
    dim: usize,
    ranges: ClassRanges,
    /// Classes that are stored.
    stored: Range<usize>,
}

impl<W> WatchedSimilarities<'_, W> {
    /// Pairs of rows of some classes.
    fn pairs(&self, classes: Range<usize>) -> usize {
        classes
            .map(|class| self.ranges.class(class).len().pow(2))
            .sum()
    }

    /// Pairs of some rows and all of their class.
    fn pairs_with(&self, rows: &[usize]) -> usize {
        let class_of = |&row: &usize| self.ranges.class(self.ranges.class_of(row)).len();
        rows.iter().map(class_of).sum()
    }
}

impl<W: Watcher> Similarities for WatchedSimilarities<'_, W> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let asked = call("integer_rows", places.len() * self.dim);
        self.watcher.around(asked, || self.inner.rows(places))
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        let asked = call("squares", self.ranges.places() * self.dim);
        self.watcher.around(asked, || self.inner.squares())
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        let asked = call("total", self.ranges.class(class).len() * self.dim);
        self.watcher.around(asked, || self.inner.total(class))
    }

    fn row_sums(&self) -> Result<Vec<i64>, Error> {
        let asked = call("row_sums", self.pairs(0..self.ranges.classes()) * self.dim);
        self.watcher.around(asked, || self.inner.row_sums())
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = call("sum_columns", self.pairs_with(columns) * self.dim);
        (self.watcher).around(asked, || self.inner.sum_columns(columns))
    }

    fn room(&self) -> u64 {
        self.inner.room()
    }

    fn batch(&self) -> u64 {
        self.inner.batch()
    }

    fn store(&mut self, classes: Range<usize>) -> Result<(), Error> {
        let asked = call("store_similarities", self.pairs(classes.clone()) * self.dim);
        self.stored = classes.clone();
        self.watcher.around(asked, || self.inner.store(classes))
    }

    fn stored(&self, class: usize) -> Result<Vec<u16>, Error> {
        let asked = call("stored", self.pairs(class..class + 1));
        self.watcher.around(asked, || self.inner.stored(class))
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = call("sum_stored", self.pairs_with(columns));
        (self.watcher).around(asked, || self.inner.sum_stored(columns))
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        step: i64,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let rounds = self.stored.clone().zip(counts);
        let work = rounds.map(|(class, count)| count * self.ranges.class(class).len());
        let asked = call("greedy_rounds", work.sum());
        (self.watcher).around(asked, || self.inner.greedy_rounds(gains, counts, step))
    }
}

struct WatchedNeighbours<'a, W> {
    inner: Box<dyn Neighbours + 'a>,
    watcher: &'a W,
    dim: usize,
    /// Pairs of all rows.
    pairs: usize,
}

impl<W: Watcher> Neighbours for WatchedNeighbours<'_, W> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        let asked = call("count_within", self.pairs * self.dim);
        (self.watcher).around(asked, || self.inner.count_within(least))
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        let asked = call("mark_within", marked.len() * among.len() * self.dim);
        (self.watcher).around(asked, || self.inner.mark_within(marked, among, reach))
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<u32>, Error> {
        let asked = call("mark_within", marked.len() * among.len() * self.dim);
        (self.watcher).around(asked, || self.inner.count_marked(marked, among, reach))
    }

    fn candidates(&self, marked: &[usize], reach: Reach) -> Option<Vec<usize>> {
        let found = self.inner.candidates(marked, reach);
        self.watcher.count(found.as_ref().map_or(0, Vec::len));
        found
    }

    fn at_once(&self) -> usize {
        self.inner.at_once()
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        let asked = call("nearest_other", self.pairs * self.dim);
        (self.watcher).around(asked, || self.inner.nearest_other(labels))
    }
}
