//! The rows at length 1 in whole numbers, made anew for every block that is worked on: no copy of
//! the features is kept.

use super::CpuPool;
use super::count_within::count_within;
use super::mark_within::{count_marked, mark_within};
use super::nearest_other::nearest_other;
use crate::neighbours::{factor, to_integers};
use crate::products::{Columns, TILE, products};
use crate::{Error, IntegerRows, Marks, Neighbours, Reach, sums};
use rayon::prelude::*;
use std::ops::Range;

/// Most rows of a band, which are made once for all the columns that they meet.
const BAND: usize = 32 * TILE;

/// Enough rows for every core to have some tiles of them.
const AT_ONCE: usize = 1 << 11;

pub(super) struct CpuNeighbours<'a> {
    pool: &'a CpuPool<'a>,
    /// Every row's factor.
    factors: Vec<f64>,
}

impl<'a> CpuNeighbours<'a> {
    pub(super) fn new(pool: &'a CpuPool<'a>) -> Self {
        let rows = pool.features.values().par_chunks_exact(pool.features.dim());
        Self {
            factors: rows.map(|x| factor(x, pool.scale)).collect(),
            pool,
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.factors.len()
    }

    /// Room for so many whole-number rows.
    pub(super) fn scratch(&self, rows: usize) -> IntegerRows {
        IntegerRows::zeros(self.pool.features.dim(), vec![0, rows])
    }

    /// Makes some rows, from place `at` of the scratch on.
    pub(super) fn fill(
        &self,
        rows: impl Iterator<Item = usize>,
        at: usize,
        scratch: &mut IntegerRows,
    ) {
        let pitch = scratch.pitch();
        self.make(rows, &mut scratch.values_mut()[at * pitch..], pitch);
    }

    /// Makes some rows, `pitch` values from the first of one to that of the next.
    fn make(&self, rows: impl Iterator<Item = usize>, values: &mut [i16], pitch: usize) {
        let (features, dim) = (self.pool.features.values(), self.pool.features.dim());
        for (row, place) in rows.zip(values.chunks_exact_mut(pitch)) {
            let (x, factor) = (&features[row * dim..][..dim], self.factors[row]);
            sums::vectorised(|| to_integers(x, self.pool.scale, factor, &mut place[..dim]));
        }
    }

    /// Some rows as columns of products.
    pub(super) fn columns(&self, rows: &[usize]) -> Columns {
        let mut made = self.scratch(rows.len());
        let pitch = made.pitch();
        made.values_mut()
            .par_chunks_mut(TILE * pitch)
            .zip(rows.par_chunks(TILE))
            .for_each(|(values, rows)| self.make(rows.iter().copied(), values, pitch));
        let mut columns = Columns::default();
        columns.pack(&made, 0..rows.len());
        columns
    }

    /// Hands `visit` the products of every pair of rows once: tiles on and above the diagonal,
    /// row-major, with their rows and columns.
    pub(super) fn tiles(&self, visit: impl Fn(&[i32], Range<usize>, Range<usize>) + Sync) {
        let rows = self.rows();
        // Some bands a core, so that none waits long for the last.
        let cores = rayon::current_num_threads();
        let band = (rows / (4 * cores))
            .next_multiple_of(TILE)
            .clamp(TILE, BAND);
        let starts: Vec<usize> = (0..rows).step_by(band).collect();
        starts.into_par_iter().for_each_init(
            || {
                (
                    self.scratch(band + TILE),
                    Columns::default(),
                    vec![0; TILE * TILE],
                )
            },
            |(scratch, packed, out), start| {
                let end = rows.min(start + band);
                self.fill(start..end, 0, scratch);
                for first in (start..rows).step_by(TILE) {
                    let columns = first..rows.min(first + TILE);
                    // Columns of the band itself are there already.
                    let mut place = first - start;
                    if first >= end {
                        place = band;
                        self.fill(columns.clone(), place, scratch);
                    }
                    packed.pack(scratch, place..place + columns.len());
                    for top in (start..end.min(columns.end)).step_by(TILE) {
                        let of_rows = top..end.min(top + TILE);
                        let a: Vec<usize> = (top - start..of_rows.end - start).collect();
                        products(scratch, &a, packed, out);
                        visit(&out[..a.len() * columns.len()], of_rows, columns.clone());
                    }
                }
            },
        );
    }
}

impl Neighbours for CpuNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        Ok(count_within(self, least))
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        Ok(mark_within(self, marked, among, reach))
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<u32>, Error> {
        Ok(count_marked(self, marked, among, reach))
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        Ok(nearest_other(self, labels))
    }
}
