//! The similarities of integer rows on the processor.

use super::class_rows::{ClassRows, Run};
use super::greedy_rounds::greedy_rounds;
use super::row_sums::{linear_row_sums, row_sums, total};
use super::store_similarities::{Matrix, store_similarities};
use super::sum_columns::sum_columns;
use super::sum_stored::sum_stored;
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::function::KernelFunction;
use crate::kernels::similarities::{Examples, Round, Similarities, Update, stored_bytes};
use crate::products::product;
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use rayon::prelude::*;
use std::ops::Range;

/// Most bytes of similarities kept: a class of 23 thousand rows, and far below what a machine
/// that holds its features has left.
const ROOM: u64 = 1 << 30;

/// Classes that are small go together, so that every core has rounds to make; large ones go one by
/// one, into the same memory.
const BATCH: u64 = 1 << 27;

pub(super) struct CpuSimilarities<'a> {
    rows: ClassRows<'a>,
    function: KernelFunction,
    stop: &'a Stop,
    /// Most bytes of similarities kept.
    room: u64,
    /// The classes kept, and one matrix for each of them. Matrices past their number are there for
    /// their memory.
    kept: Range<usize>,
    matrices: Vec<Matrix>,
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
        }
    }

    /// What `work` makes of every run of rows, one after another.
    fn each<T>(&self, work: impl Fn(&Run) -> Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
        let mut all = Vec::with_capacity(self.rows.ranges.places());
        for run in self.rows.runs(None) {
            if let (_, Some(run)) = run? {
                all.extend(work(&run)?);
            }
        }
        Ok(all)
    }
}

impl Drop for CpuSimilarities<'_> {
    /// Giving memory back page by page takes 70 ms a gigabyte or more: a run that has been stopped leaves it to
    /// another thread.
    fn drop(&mut self) {
        if self.stop.is_stopped() {
            let matrices = std::mem::take(&mut self.matrices);
            rayon::spawn(move || matrices.into_iter().for_each(Matrix::free));
        }
    }
}

impl Similarities for CpuSimilarities<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        self.rows.some(places)
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        self.each(|run| {
            let rows = run.rows.values().par_chunks_exact(run.rows.pitch());
            Ok(rows.map(|z| product(z, z)).collect())
        })
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        let run = self.rows.having(class)?;
        total(&run.rows, run.places(class), self.stop)
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        let (function, stop) = (&self.function, self.stop);
        self.each(|run| match function.is_linear() {
            true => linear_row_sums(&run.rows, &run.ranges, stop),
            false => row_sums(&run.rows, &run.ranges, function, (stop, pass)),
        })
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let mut sums = vec![0; self.rows.ranges.places()];
        for run in self.rows.runs(Some(columns)) {
            let (places, Some(run)) = run? else {
                continue; // none of the columns are its
            };
            let own = columns.iter().filter(|column| places.contains(column));
            let own: Vec<usize> = own.map(|column| column - run.first).collect();
            let found = sum_columns(&run.rows, &run.ranges, &self.function, &own, self.stop)?;
            sums[places].copy_from_slice(&found);
        }
        Ok(sums)
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
        for (matrix, class) in self.matrices.iter_mut().zip(classes.clone()) {
            let rows = self.rows.ranges.class(class).len();
            matrix.make_room(rows).map_err(|()| Error::OutOfMemory {
                what: "similarities",
                needed: stored_bytes(rows),
                available: None,
            })?;
        }
        for (matrix, class) in self.matrices.iter_mut().zip(classes.clone()) {
            let run = self.rows.having(class)?;
            let places = run.places(class);
            let rows = &run.rows;
            store_similarities(rows, places, &self.function, matrix, (self.stop, pass))?;
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
