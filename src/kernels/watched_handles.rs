//! The handles of a watched pool.

use crate::error::Error;
use crate::kernels::assigner::{Assigner, Assignment, CandidateGroup, Margins};
use crate::kernels::call::{Call, Watcher};
use crate::kernels::cover::Cover;
use crate::kernels::cut::{Cut, CutRule};
use crate::kernels::neighbours::{NearMasks, Neighbours, Thresholds};
use crate::kernels::residuals::{Due, Epoch, Rate, Residuals, RowState, Totals};
use crate::kernels::similarities::{CutHeard, Round, Similarities, Update};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use std::ops::Range;

pub(super) struct WatchedAssigner<'a, W> {
    pub(super) inner: Box<dyn Assigner + 'a>,
    pub(super) watcher: &'a W,
    pub(super) dim: usize,
    pub(super) rows: usize,
}

impl<W: Watcher> Assigner for WatchedAssigner<'_, W> {
    fn assign(&self, vectors: &[f32], offsets: &[f32]) -> Result<Vec<Assignment>, Error> {
        let asked = Call::of("assign", self.rows * self.dim * offsets.len());
        let run = || self.inner.assign(vectors, offsets);
        let mut found = self.watcher.around(asked, run)?;
        self.watcher.assign(&mut found);
        Ok(found)
    }

    fn margins(
        &self,
        groups: &[CandidateGroup<'_>],
        vectors: &[f64],
        offsets: &[f64],
    ) -> Result<Option<Vec<Margins>>, Error> {
        let pairs = groups.iter().map(|f| f.rows.len() * f.vectors.len());
        let asked = Call::of("margins", pairs.sum::<usize>() * self.dim);
        let run = || self.inner.margins(groups, vectors, offsets);
        let mut found = self.watcher.around(asked, run)?;
        if let Some(found) = &mut found {
            self.watcher.margins(vectors, self.dim, groups, found);
        }
        Ok(found)
    }
}

pub(super) struct WatchedResiduals<'a, W> {
    pub(super) inner: Box<dyn Residuals + 'a>,
    pub(super) watcher: &'a W,
    pub(super) rows: usize,
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
        let asked = Call::of("states", states.len());
        self.watcher.around(asked, || self.inner.load(states))
    }

    /// Counts for a load, where it was one.
    fn begin(&mut self, epoch: &Epoch<'_>) -> Result<Option<Totals>, Error> {
        match self.inner.begin(epoch) {
            Ok(None) => Ok(None),
            begun => (self.watcher).around(Call::of("states", self.rows), || begun),
        }
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        let asked = Call::of("states", self.rows);
        self.watcher.around(asked, || self.inner.read())
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        let asked = Call::of("states", rows.len());
        self.watcher
            .around(asked, || self.inner.write(rows, states))
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        let asked = Call::of("due_rows", self.rows);
        (self.watcher).around(asked, || self.inner.due_rows(tau, rate, limit))
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let asked = Call::of("deflate", self.rows * directions.len());
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
        let asked = Call::of("deflate", self.rows * directions.len());
        self.change(asked, |inner| {
            inner.deflate_largest(directions, number, count, rate)
        })
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let asked = Call::of("refresh", 2 * self.rows * basis.len());
        self.change(asked, |inner| inner.refresh(basis, dead, rate))
    }
}

pub(super) struct WatchedSimilarities<'a, W> {
    pub(super) inner: Box<dyn Similarities + 'a>,
    pub(super) watcher: &'a W,
    pub(super) dim: usize,
    pub(super) ranges: ClassRanges,
    /// Classes that are stored.
    pub(super) stored: Range<usize>,
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
        let asked = Call::of("integer_rows", places.len() * self.dim);
        self.watcher.around(asked, || self.inner.rows(places))
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        let asked = Call::of("squares", self.ranges.places() * self.dim);
        self.watcher.around(asked, || self.inner.squares())
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        let asked = Call::of("total", self.ranges.class(class).len() * self.dim);
        self.watcher.around(asked, || self.inner.total(class))
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        let asked = Call::of("row_sums", self.pairs(0..self.ranges.classes()) * self.dim);
        self.watcher.around(asked, || self.inner.row_sums(pass))
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = Call::of("sum_columns", self.pairs_with(columns) * self.dim);
        (self.watcher).around(asked, || self.inner.sum_columns(columns))
    }

    fn columns(&self, columns: &[usize]) -> Result<Vec<i32>, Error> {
        let asked = Call::of("columns", self.pairs_with(columns) * self.dim);
        (self.watcher).around(asked, || self.inner.columns(columns))
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        let asked = Call::of("set_cover", cover.best.len());
        (self.watcher).around(asked, || self.inner.set_cover(cover))
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        let asked = Call::of("covered", self.ranges.places());
        self.watcher.around(asked, || self.inner.covered())
    }

    fn raise(&mut self, columns: &[usize]) -> Result<(), Error> {
        let asked = Call::of("raise", self.pairs_with(columns) * self.dim);
        (self.watcher).around(asked, || self.inner.raise(columns))
    }

    fn gain_columns(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = Call::of("gain_columns", self.pairs_with(columns) * self.dim);
        (self.watcher).around(asked, || self.inner.gain_columns(columns))
    }

    fn columns_at_once(&self) -> usize {
        self.inner.columns_at_once()
    }

    fn together(&self, class: usize) -> Range<usize> {
        self.inner.together(class)
    }

    fn room(&self) -> u64 {
        self.inner.room()
    }

    fn batch(&self) -> u64 {
        self.inner.batch()
    }

    fn store(&mut self, classes: Range<usize>, pass: &Pass<'_>) -> Result<(), Error> {
        let asked = Call::of("store_similarities", self.pairs(classes.clone()) * self.dim);
        self.stored = classes.clone();
        self.watcher
            .around(asked, || self.inner.store(classes, pass))
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = Call::of("sum_stored", self.pairs_with(columns));
        (self.watcher).around(asked, || self.inner.sum_stored(columns))
    }

    fn gain_stored(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = Call::of("gain_stored", self.pairs_with(columns));
        (self.watcher).around(asked, || self.inner.gain_stored(columns))
    }

    fn picks_by_itself(&self) -> bool {
        self.inner.picks_by_itself()
    }

    /// Counts for columns, where it was those.
    fn nth_distances(&self, rows: &[usize], nth: usize) -> Result<Option<Vec<u32>>, Error> {
        match self.inner.nth_distances(rows, nth) {
            Ok(None) => Ok(None),
            found => (self.watcher).around(Call::of("columns", rows.len()), || found),
        }
    }

    fn cover_rounds(
        &mut self,
        class: usize,
        gains: &mut [i64],
        count: usize,
    ) -> Result<Vec<Round>, Error> {
        let asked = Call::of("cover_rounds", count * gains.len());
        (self.watcher).around(asked, || self.inner.cover_rounds(class, gains, count))
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        update: Update,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let rounds = self.stored.clone().zip(counts);
        let work = rounds.map(|(class, count)| count * self.ranges.class(class).len());
        let asked = Call::of("greedy_rounds", work.sum());
        (self.watcher).around(asked, || self.inner.greedy_rounds(gains, counts, update))
    }

    fn cuts(&mut self, cuts: &[Cut], rule: &CutRule, told: &CutHeard<'_>) -> Result<(), Error> {
        let pairs = cuts.iter().map(|cut| self.pairs(cut.class..cut.class + 1));
        let asked = Call::of("cuts", pairs.sum::<usize>() * self.dim);
        (self.watcher).around(asked, || self.inner.cuts(cuts, rule, told))
    }
}

pub(super) struct WatchedNeighbours<'a, W> {
    pub(super) inner: Box<dyn Neighbours + 'a>,
    pub(super) watcher: &'a W,
    pub(super) dim: usize,
    pub(super) rows: usize,
}

impl<W: Watcher> Neighbours for WatchedNeighbours<'_, W> {
    fn count_within(&self, least: i32, pass: &Pass<'_>) -> Result<Vec<u32>, Error> {
        let asked = Call::of("count_within", self.rows.pow(2) * self.dim);
        (self.watcher).around(asked, || self.inner.count_within(least, pass))
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        let asked = Call::of("mark_within", marked.len() * among.len() * self.dim);
        (self.watcher).around(asked, || self.inner.mark_within(marked, among, thresholds))
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        let asked = Call::of("mark_within", marked.len() * among.len() * self.dim);
        (self.watcher).around(asked, || self.inner.count_marked(marked, among, thresholds))
    }

    fn candidates(&self, marked: &[usize], thresholds: Thresholds) -> Option<Vec<usize>> {
        let found = self.inner.candidates(marked, thresholds);
        self.watcher.count(found.as_ref().map_or(0, Vec::len));
        found
    }

    fn at_once(&self) -> usize {
        self.inner.at_once()
    }

    fn nearest_other_label(&self, labels: &[u32], pass: &Pass<'_>) -> Result<Vec<i32>, Error> {
        let asked = Call::of("nearest_other_label", self.rows.pow(2) * self.dim);
        (self.watcher).around(asked, || self.inner.nearest_other_label(labels, pass))
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        let asked = Call::of("integer_rows", rows.len() * self.dim);
        (self.watcher).around(asked, || self.inner.rows(rows))
    }

    fn count_visitors(
        &self,
        visitors: &IntegerRows,
        least: i32,
        pass: &Pass<'_>,
    ) -> Result<[Vec<u32>; 2], Error> {
        let asked = Call::of("count_within", visitors.rows() * self.rows * self.dim);
        (self.watcher).around(asked, || self.inner.count_visitors(visitors, least, pass))
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        let asked = Call::of("mark_within", visitors.rows() * among.len() * self.dim);
        (self.watcher).around(asked, || {
            self.inner.mark_visitors(visitors, among, thresholds)
        })
    }

    fn count_marked_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<u32>, Error> {
        let asked = Call::of("mark_within", visitors.rows() * among.len() * self.dim);
        (self.watcher).around(asked, || {
            self.inner
                .count_marked_visitors(visitors, among, thresholds)
        })
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
        pass: &Pass<'_>,
    ) -> Result<[Vec<i32>; 2], Error> {
        let asked = Call::of(
            "nearest_other_label",
            visitors.rows() * self.rows * self.dim,
        );
        let run = || (self.inner).nearest_visitors(labels, visitors, labels_of_visitors, pass);
        self.watcher.around(asked, run)
    }
}
