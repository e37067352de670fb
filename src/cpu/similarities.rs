//! The similarities of integer rows on the processor.

use super::greedy_rounds::greedy_rounds;
use super::quantise::quantise;
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
    rows: IntegerRows,
    ranges: ClassRanges,
    function: KernelFunction,
    stop: &'a Stop,
    /// The classes kept, and one matrix for each of them. Matrices past their number are there for
    /// their memory.
    kept: Range<usize>,
    matrices: Vec<Matrix>,
}

impl<'a> CpuSimilarities<'a> {
    pub(super) fn new(
        features: &Features<'_>,
        examples: Examples<'_>,
        function: &KernelFunction,
        stop: &'a Stop,
    ) -> Result<Self, Error> {
        let order = examples.classes.concat();
        let rows = quantise(features, &order, examples.views, examples.length, stop)?;
        Ok(Self::of(rows, examples.ranges(), function, stop))
    }

    pub(super) fn of(
        rows: IntegerRows,
        ranges: ClassRanges,
        function: &KernelFunction,
        stop: &'a Stop,
    ) -> Self {
        Self {
            rows,
            ranges,
            function: function.clone(),
            stop,
            kept: 0..0,
            matrices: Vec::new(),
        }
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
        Ok(self.rows.some(places))
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        let rows = self.rows.values().par_chunks_exact(self.rows.pitch());
        Ok(rows.map(|z| product(z, z)).collect())
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        total(&self.rows, self.ranges.class(class), self.stop)
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        if self.function.is_linear() {
            return linear_row_sums(&self.rows, &self.ranges, self.stop);
        }
        row_sums(&self.rows, &self.ranges, &self.function, (self.stop, pass))
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        sum_columns(&self.rows, &self.ranges, &self.function, columns, self.stop)
    }

    fn room(&self) -> u64 {
        ROOM
    }

    fn batch(&self) -> u64 {
        BATCH
    }

    fn store(&mut self, classes: Range<usize>, pass: &Pass<'_>) -> Result<(), Error> {
        self.kept = 0..0;
        self.matrices
            .resize_with(self.matrices.len().max(classes.len()), Matrix::default);
        for (matrix, class) in self.matrices.iter_mut().zip(classes.clone()) {
            let rows = self.ranges.class(class).len();
            matrix.make_room(rows).map_err(|()| Error::OutOfMemory {
                what: "similarities",
                needed: stored_bytes(rows),
                available: None,
            })?;
        }
        for (matrix, class) in self.matrices.iter_mut().zip(classes.clone()) {
            let class = self.ranges.class(class);
            store_similarities(&self.rows, class, &self.function, matrix, (self.stop, pass))?;
        }
        self.kept = classes;
        Ok(())
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let mut sums = vec![0; self.ranges.span(self.kept.clone()).len()];
        let mut rest = &mut sums[..];
        let mut of_classes = Vec::new();
        for (matrix, class) in self.matrices.iter().zip(self.kept.clone()) {
            let rows = self.ranges.class(class);
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
            let rows = self.ranges.class(class);
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
