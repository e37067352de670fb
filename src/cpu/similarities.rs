//! The similarities of integer rows on the processor.

use super::block_pairs::part;
use super::class_rows::{ClassRows, Run};
use super::cover_rounds::cover_rounds;
use super::covered::Covered;
use super::gain_columns::{Strip, gain_columns};
use super::gain_stored::gain_stored;
use super::greedy_rounds::greedy_rounds;
use super::raise::{raise, raise_by};
use super::row_sums::{linear_row_sums, row_sums, total};
use super::store_similarities::{Matrix, store_similarities};
use super::sum_columns::{add_columns, sum_columns};
use super::sum_stored::sum_stored;
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::cover::Cover;
use crate::kernels::function::KernelFunction;
use crate::kernels::similarities::{Examples, Round, Similarities, Update, stored_bytes};
use crate::products::product;
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use rayon::prelude::*;
use std::ops::Range;

/// Most bytes of similarities kept: a class of 23 thousand rows, and far below what a machine
/// that holds its features has left.
pub(super) const ROOM: u64 = 1 << 30;

/// Classes that are small go together, so that every core has rounds to make; large ones go one by
/// one, into the same memory.
pub(super) const BATCH: u64 = 1 << 27;

/// Columns whose similarities are kept for gains: the more, the less often are those asked for that no pick
/// comes of; but each takes two bytes a row.
const MOST_COLUMNS: u64 = 256;

pub(super) struct CpuSimilarities<'a> {
    pub(super) rows: ClassRows<'a>,
    pub(super) function: KernelFunction,
    pub(super) stop: &'a Stop,
    /// Most bytes of similarities kept.
    room: u64,
    /// The classes kept, and one matrix for each of them. Matrices past their number are there for
    /// their memory.
    kept: Range<usize>,
    matrices: Vec<Matrix>,
    /// The columns that gains were asked of last.
    strip: Strip,
    pub(super) covered: Covered,
}

impl<'a> CpuSimilarities<'a> {
    /// Of a pool that may take so many bytes: half of them for rows, half for similarities.
    pub(super) fn new(
        features: &'a Features<'a>,
        examples: Examples<'_>,
        function: &KernelFunction,
        (memory, stop): (u64, &'a Stop),
    ) -> Result<Self, Error> {
        let rows = ClassRows::new(features, examples, memory / 2, stop)?;
        Ok(Self::of_rows(rows, function, (memory / 2, stop)))
    }

    pub(super) fn of(
        rows: IntegerRows,
        ranges: ClassRanges,
        function: &KernelFunction,
        stop: &'a Stop,
    ) -> Self {
        Self::of_rows(ClassRows::of(rows, ranges), function, (ROOM, stop))
    }

    fn of_rows(
        rows: ClassRows<'a>,
        function: &KernelFunction,
        (room, stop): (u64, &'a Stop),
    ) -> Self {
        Self {
            rows,
            function: function.clone(),
            stop,
            room: ROOM.min(room),
            kept: 0..0,
            matrices: Vec::new(),
            strip: Strip::default(),
            covered: Covered::default(),
        }
    }

    /// The matrix of a column's class, where it is kept, and the class's first place.
    fn stored(&self, column: usize) -> Option<(&Matrix, usize)> {
        let class = self.rows.ranges.class_of(column);
        let at = self.kept.clone().position(|kept| kept == class)?;
        Some((&self.matrices[at], self.rows.ranges.class(class).start))
    }
}

/// Every row's product with itself.
fn squares(rows: &IntegerRows) -> Vec<i32> {
    let rows = rows.values().par_chunks_exact(rows.pitch());
    rows.map(|z| product(z, z)).collect()
}

impl Drop for CpuSimilarities<'_> {
    /// Giving memory back page by page takes 70 ms a gigabyte or more, where pages are small: a run that has been
    /// stopped leaves it to another thread.
    fn drop(&mut self) {
        if self.stop.is_stopped() {
            let matrices = std::mem::take(&mut self.matrices);
            rayon::spawn(move || drop(matrices));
        }
    }
}

impl Similarities for CpuSimilarities<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        self.rows.some(places)
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        let mut all = Vec::with_capacity(self.rows.ranges.places());
        for run in self.rows.runs(None) {
            match run?.1 {
                Some(Run::Held(classes)) => all.extend(squares(&classes.rows)),
                Some(Run::Large(class)) => {
                    for rows in class.pieces() {
                        all.extend(squares(&rows?));
                    }
                }
                None => {}
            }
        }
        Ok(all)
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        match self.rows.having(class)? {
            Run::Held(classes) => total(&classes.rows, classes.places(class), self.stop),
            Run::Large(class) => class.total(self.stop),
        }
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        let (function, stop) = (&self.function, self.stop);
        let mut all = Vec::with_capacity(self.rows.ranges.places());
        for run in self.rows.runs(None) {
            all.extend(match run?.1 {
                Some(Run::Held(run)) if function.is_linear() => {
                    linear_row_sums(&run.rows, &run.ranges, stop)?
                }
                Some(Run::Held(run)) => row_sums(&run.rows, &run.ranges, function, (stop, pass))?,
                Some(Run::Large(class)) => class.row_sums(function, (stop, pass))?,
                None => Vec::new(),
            });
        }
        Ok(all)
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let (function, stop) = (&self.function, self.stop);
        let mut sums = vec![0; self.rows.ranges.places()];
        for run in self.rows.runs(Some(columns)) {
            let (places, run) = run?;
            match run {
                None => {} // none of the columns are its
                Some(Run::Held(run)) => {
                    let own = columns.iter().filter(|column| places.contains(column));
                    let own: Vec<usize> = own.map(|column| column - run.first).collect();
                    let found = sum_columns(&run.rows, &run.ranges, function, &own, stop)?;
                    sums[places].copy_from_slice(&found);
                }
                Some(Run::Large(class)) => {
                    for columns in class.columns(columns, function) {
                        let (columns, mut rest) = (columns?.into(), &mut sums[places.clone()]);
                        for rows in class.pieces() {
                            let rows = rows?;
                            let of_piece;
                            (of_piece, rest) = rest.split_at_mut(rows.rows());
                            add_columns(&rows, &columns, function, of_piece, stop)?;
                        }
                    }
                }
            }
        }
        Ok(sums)
    }

    fn columns(&self, columns: &[usize]) -> Result<Vec<i32>, Error> {
        let Some(&first) = columns.first() else {
            return Ok(Vec::new());
        };
        let (places, found) = match self.stored(first) {
            Some((matrix, start)) => {
                let own: Vec<&[u16]> = columns.iter().map(|at| matrix.row(at - start)).collect();
                let found = (0..matrix.rows())
                    .flat_map(|row| own.iter().map(move |of_column| i32::from(of_column[row])));
                (start..start + matrix.rows(), found.collect())
            }
            None => (self.rows).columns(columns, &self.function, |s| s, self.stop)?,
        };
        let mut all = vec![0; self.rows.ranges.places() * columns.len()];
        all[places.start * columns.len()..][..found.len()].copy_from_slice(&found);
        Ok(all)
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        self.covered = Covered::of(cover);
        Ok(())
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        let mut covered = self.covered.clone();
        covered.begin(self.rows.ranges.places());
        Ok(covered.best)
    }

    fn raise(&mut self, columns: &[usize]) -> Result<(), Error> {
        let Some(&first) = columns.first() else {
            return Ok(());
        };
        self.covered.begin(self.rows.ranges.places());
        let class = self.rows.ranges.class_of(first);
        let places = self.rows.ranges.class(class);
        let (best, _) = self.covered.part(places.clone());
        if let Some(at) = self.kept.clone().position(|kept| kept == class) {
            for column in columns {
                raise_by(best, self.matrices[at].row(column - places.start));
            }
            return Ok(());
        }
        if let Some(at) = self.strip.places(columns) {
            let values = (&self.strip.values[..], self.strip.columns.len());
            return raise(best, values, &at, self.stop);
        }
        let narrow = |similarity: i32| similarity as u16;
        let (_, values) = (self.rows).columns(columns, &self.function, narrow, self.stop)?;
        let all: Vec<usize> = (0..columns.len()).collect();
        raise(best, (&values, columns.len()), &all, self.stop)
    }

    fn gain_columns(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        if columns.is_empty() {
            return Ok(Vec::new());
        }
        if self.strip.columns != columns {
            self.strip = Strip::default(); // its memory first
            let narrow = |similarity: i32| similarity as u16;
            let (rows, values) = (self.rows).columns(columns, &self.function, narrow, self.stop)?;
            self.strip = Strip {
                columns: columns.to_vec(),
                rows,
                values,
            };
        }
        self.covered.begin(self.rows.ranges.places());
        gain_columns(&self.strip, self.covered.cover(), self.stop)
    }

    fn columns_at_once(&self) -> usize {
        let column = 2 * self.rows.ranges.places() as u64;
        (self.room / column.max(1)).clamp(1, MOST_COLUMNS) as usize
    }

    fn together(&self, class: usize) -> Range<usize> {
        self.rows.together(class)
    }

    fn room(&self) -> u64 {
        self.room
    }

    fn batch(&self) -> u64 {
        BATCH.min(self.room)
    }

    fn store(&mut self, classes: Range<usize>, pass: &Pass<'_>) -> Result<(), Error> {
        self.kept = 0..0;
        let bytes = |class| stored_bytes(self.rows.ranges.class(class).len());
        let needed = classes.clone().map(bytes).sum();
        if needed > self.room {
            return Err(Error::OutOfMemory {
                what: "similarities",
                needed,
                available: Some(self.room),
            });
        }
        self.matrices
            .resize_with(self.matrices.len().max(classes.len()), Matrix::default);
        // What smaller classes leave of larger ones' memory counts too.
        let mut needed = classes.clone().map(bytes);
        let held = |matrix: &Matrix| matrix.bytes().max(needed.next().unwrap_or(0));
        if self.matrices.iter().map(held).sum::<u64>() > self.room {
            self.matrices = classes.clone().map(|_| Matrix::default()).collect();
        }
        for (matrix, class) in self.matrices.iter_mut().zip(classes.clone()) {
            let rows = self.rows.ranges.class(class).len();
            matrix.make_room(rows).map_err(|()| Error::OutOfMemory {
                what: "similarities",
                needed: stored_bytes(rows),
                available: None,
            })?;
        }
        for (matrix, class) in self.matrices.iter_mut().zip(classes.clone()) {
            let (function, watch) = (&self.function, (self.stop, pass));
            match self.rows.having(class)? {
                Run::Held(classes) => {
                    let places = classes.places(class);
                    let all = part(0..places.len(), places.start);
                    store_similarities(&classes.rows, [&all; 2], function, matrix, watch)?;
                }
                Run::Large(class) => class.each_pair(|rows, parts| {
                    store_similarities(rows, parts, function, matrix, watch)
                })?,
            }
        }
        self.kept = classes;
        Ok(())
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let mut sums = vec![0; self.rows.ranges.span(self.kept.clone()).len()];
        let mut rest = &mut sums[..];
        let mut of_classes = Vec::new();
        for (matrix, class) in self.matrices.iter().zip(self.kept.clone()) {
            let rows = self.rows.ranges.class(class);
            let of_class;
            (of_class, rest) = rest.split_at_mut(rows.len());
            of_classes.push((matrix, rows, of_class));
        }
        of_classes
            .into_par_iter()
            .try_for_each(|(matrix, rows, sums)| {
                let columns = columns.iter().filter(|column| rows.contains(column));
                let columns: Vec<usize> = columns.map(|column| column - rows.start).collect();
                sum_stored(matrix, &columns, sums, self.stop)
            })?;
        Ok(sums)
    }

    fn gain_stored(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        self.covered.begin(self.rows.ranges.places());
        let Some((matrix, start)) = columns.first().and_then(|&first| self.stored(first)) else {
            return self.gain_columns(columns);
        };
        let own: Vec<usize> = columns.iter().map(|column| column - start).collect();
        let places = start..start + matrix.rows();
        gain_stored(matrix, &own, self.covered.cover().part(places), self.stop)
    }

    fn cover_rounds(
        &mut self,
        class: usize,
        gains: &mut [i64],
        count: usize,
    ) -> Result<Vec<Round>, Error> {
        let Some(at) = self.kept.clone().position(|kept| kept == class) else {
            return Ok(Vec::new());
        };
        self.covered.begin(self.rows.ranges.places());
        let places = self.rows.ranges.class(class);
        let cover = self.covered.part(places.clone());
        let rounds = cover_rounds(&self.matrices[at], cover, gains, count, self.stop)?;
        let round = |(row, gain)| Round {
            row: places.start + row,
            gain,
        };
        Ok(rounds.into_iter().map(round).collect())
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        update: Update,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let Update::Cut { step } = update;
        let mut of_classes = Vec::new();
        let mut rest = gains;
        for (class, (matrix, &count)) in self.kept.clone().zip(self.matrices.iter().zip(counts)) {
            let rows = self.rows.ranges.class(class);
            let gains;
            (gains, rest) = rest.split_at_mut(rows.len());
            of_classes.push((rows.start, matrix, gains, count));
        }
        let rounds = of_classes
            .into_par_iter()
            .map(|(first, matrix, gains, count)| {
                greedy_rounds(first, matrix, gains, count, step, self.stop)
            });
        rounds.collect()
    }
}
