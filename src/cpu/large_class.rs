//! The rows of a class of which memory holds some at a time.

use super::block_pairs::{Part, each_pair_of_blocks};
use super::halves::Packed;
use super::quantise::Source;
use super::row_sums::{add_row_sums, products_with, total};
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::function::KernelFunction;
use crate::products::TILE;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::ops::Range;

/// Rows of a class, made anew for every pass over them.
pub(super) struct LargeClass<'r> {
    source: &'r Source<'r>,
    /// Where they are among all.
    places: Range<usize>,
    /// How many memory holds.
    most: usize,
}

impl<'r> LargeClass<'r> {
    pub(super) fn new(source: &'r Source<'r>, places: Range<usize>, most: usize) -> Self {
        Self {
            source,
            places,
            most,
        }
    }

    /// Number of rows.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// All rows, half of those that memory holds at a time.
    pub(super) fn pieces(&self) -> impl Iterator<Item = Result<IntegerRows, Error>> {
        let piece = (self.most / 2).max(1);
        self.places.clone().step_by(piece).map(move |first| {
            let places = first..self.places.end.min(first + piece);
            self.source.rows(places)
        })
    }

    /// Those of some places among all rows that are the class's, packed, as many at a time as memory holds beside
    /// a piece.
    pub(super) fn columns(
        &self,
        places: &[usize],
        function: &KernelFunction,
    ) -> impl Iterator<Item = Result<Vec<Packed>, Error>> {
        let own = places.iter().copied();
        let own: Vec<usize> = own.filter(|place| self.places.contains(place)).collect();
        let at_once = (self.most / 4).next_multiple_of(TILE).max(TILE);
        (0..own.len()).step_by(at_once).map(move |first| {
            let own = &own[first..own.len().min(first + at_once)];
            let of_tile = |own: &[usize]| {
                let rows = self.source.some(own)?;
                let places: Vec<usize> = (0..own.len()).collect();
                Ok(Packed::of(&rows, &places, function))
            };
            own.chunks(TILE).map(of_tile).collect()
        })
    }

    /// Has every two rows `meet`, by places in the class.
    pub(super) fn each_pair(
        &self,
        meet: impl FnMut(&IntegerRows, [&Part; 2]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let first = self.places.start;
        each_pair_of_blocks(
            (self.len(), self.most),
            |rows| self.source.room_for(rows),
            |part, rows| {
                let places = first + part.positions.start..first + part.positions.end;
                self.source.make(places, rows, part.places.start)
            },
            meet,
        )
    }

    /// The sum of its rows.
    pub(super) fn total(&self, stop: &Stop) -> Result<Vec<i64>, Error> {
        let mut sum: Vec<i64> = Vec::new();
        for rows in self.pieces() {
            let rows = rows?;
            let of_piece = total(&rows, 0..rows.rows(), stop)?;
            sum.resize(of_piece.len(), 0);
            sum.iter_mut().zip(of_piece).for_each(|(sum, v)| *sum += v);
        }
        Ok(sum)
    }

    /// Σⱼ s_ij for each of its rows.
    pub(super) fn row_sums(
        &self,
        function: &KernelFunction,
        (stop, pass): (&Stop, &Pass<'_>),
    ) -> Result<Vec<i64>, Error> {
        if function.is_linear() {
            let total = self.total(stop)?;
            let of_piece = |rows: Result<IntegerRows, Error>| {
                let rows = rows?;
                products_with(&rows, 0..rows.rows(), &total, stop)
            };
            let sums: Result<Vec<_>, _> = self.pieces().map(of_piece).collect();
            return Ok(sums?.concat());
        }
        let mut sums = vec![0; self.len()];
        self.each_pair(|rows, parts| add_row_sums(rows, parts, function, &mut sums, (stop, pass)))?;
        Ok(sums)
    }
}
