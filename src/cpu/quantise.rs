//! Examples in integers; [`Examples`] says what they become.

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Scratch};
use crate::kernels::similarities::Examples;
use crate::quantise::{IntegerRows, Length, NEED, mean_of, round_mean};
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;

/// Examples that are fetched together,
const FETCHED: usize = 64;
/// and values of theirs, at most.
const VALUES: usize = 1 << 16;

/// What integer rows are made of.
pub(super) struct Source<'a> {
    features: &'a Features<'a>,
    /// By place.
    examples: Vec<usize>,
    views: usize,
    length: Length,
    stop: &'a Stop,
}

impl<'a> Source<'a> {
    pub(super) fn new(features: &'a Features<'a>, examples: Examples<'_>, stop: &'a Stop) -> Self {
        Self {
            features,
            examples: examples.classes.concat(),
            views: examples.views,
            length: examples.length,
            stop,
        }
    }

    /// Room for so many rows.
    pub(super) fn room_for(&self, rows: usize) -> IntegerRows {
        IntegerRows::zeros(self.features.dim(), rows)
    }

    /// All rows that stand together.
    pub(super) fn rows(&self, places: Range<usize>) -> Result<IntegerRows, Error> {
        let mut rows = self.room_for(places.len());
        self.make(places, &mut rows, 0)?;
        Ok(rows)
    }

    /// Some of the rows, in this order.
    pub(super) fn some(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let examples = places.iter().map(|&place| self.examples[place]);
        let mut rows = self.room_for(places.len());
        self.quantise(&examples.collect::<Vec<usize>>(), &mut rows, 0)?;
        Ok(rows)
    }

    /// Rows that stand together, from place `at` of `rows` on.
    pub(super) fn make(
        &self,
        places: Range<usize>,
        rows: &mut IntegerRows,
        at: usize,
    ) -> Result<(), Error> {
        self.quantise(&self.examples[places], rows, at)
    }

    /// The examples named, in this order.
    fn quantise(&self, examples: &[usize], rows: &mut IntegerRows, at: usize) -> Result<(), Error> {
        let (dim, views, length) = (self.features.dim(), self.views, self.length);
        // Of a row far shorter than the longest the direction is left in the caller's unit alone.
        let unit = match length {
            Length::Own => 1.0,
            Length::Given(_) => self.features.scale(),
        };
        let (pitch, at_once) = (rows.pitch(), (VALUES / (views * dim)).clamp(1, FETCHED));
        let rows = rows.values_mut()[at * pitch..].par_chunks_mut(at_once * pitch);
        let some = rows.zip(examples.par_chunks(at_once));
        let zero_rows = (self.stop.over(some)).map_init(
            || (vec![0.0; dim], Scratch::default()),
            |(mean, scratch), some| {
                let (rows, examples) = some?;
                let views_of = |&example: &usize| example * views..(example + 1) * views;
                let viewed: Vec<usize> = examples.iter().flat_map(views_of).collect();
                let x: Vec<&[f32]> = self.features.spread(&viewed, scratch)?.iter().collect();
                let mut zero_row = None;
                let rows = rows.chunks_exact_mut(pitch).zip(x.chunks_exact(views));
                for ((row, x), &example) in rows.zip(examples) {
                    let x = x.iter().copied();
                    let zero_view = reduce::vectorised!(mean_of(x, unit, length, mean));
                    reduce::vectorised!(round_mean(mean, &mut row[..dim]));
                    let zero_view = zero_view.map(|view| example * views + view);
                    zero_row = zero_row.into_iter().chain(zero_view).min();
                }
                Ok(zero_row)
            },
        );
        // The lowest of all; an error of the features comes first.
        match zero_rows.try_reduce(|| None, |a, b| Ok(a.into_iter().chain(b).min()))? {
            Some(row) => Err(Error::ZeroRow { row, need: NEED }),
            None => Ok(()),
        }
    }

    /// Refuses the lowest row that is to be divided by a length of 0, before any is.
    pub(super) fn refuse_zeros(&self) -> Result<(), Error> {
        if self.length != Length::Own {
            return Ok(());
        }
        let norms_sq = self.features.norms_sq();
        let rows = self.examples.iter().flat_map(|&example| {
            let first = example * self.views;
            first..first + self.views
        });
        match rows.filter(|&row| norms_sq[row] == 0.0).min() {
            Some(row) => Err(Error::ZeroRow { row, need: NEED }),
            None => Ok(()),
        }
    }
}
