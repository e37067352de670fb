//! The rows at length 1 in whole numbers, made anew for every block that is worked on: no copy of
//! the features is kept.

use super::arrangement::{Arrangement, Links};
use super::count_within::count_within;
use super::mark_within::{count_marked, mark_within};
use super::nearest_other::nearest_other;
use super::visitors::{count_visitors, mark_visitors, nearest_visitors};
use super::{BLOCK, CpuPool};
use crate::control::Stop;
use crate::error::Error;
use crate::features::Scratch;
use crate::kernels::neighbours::{Marks, Neighbours, Reach};
use crate::products::{Columns, TILE, products};
use crate::quantise::{FIXED_BITS, IntegerRows, factor, is_f32_enough, to_integers};
use crate::sums;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::OnceLock;

/// Bytes of a band, whose rows are made once for all the columns that they meet: they are to stay in
/// a core's own cache.
const BAND_BYTES: usize = 1 << 18;
/// And as many rows as that in any case, so that columns are not made for a few of them.
const BAND_ALWAYS: usize = 4 * TILE;

/// Rows that are fetched together before they are worked on.
const FETCHED: usize = 8;

/// Enough rows for every core to have some tiles of them.
const AT_ONCE: usize = 1 << 10;

pub(super) struct CpuNeighbours<'a> {
    pool: &'a CpuPool<'a>,
    /// Every row's factor; infinite where f32 would not do, to be found anew.
    factors: Vec<f32>,
    /// Tiles are cut of it.
    arrangement: Arrangement,
    /// What the first count has told of.
    links: OnceLock<Links>,
}

impl<'a> CpuNeighbours<'a> {
    pub(super) fn new(pool: &'a CpuPool<'a>) -> Result<Self, Error> {
        let in_f32 = |factor: f64| {
            let is_enough = is_f32_enough(factor.max(f64::from(factor as f32)));
            if is_enough {
                factor as f32
            } else {
                f32::INFINITY
            }
        };
        let mut new = Self {
            pool,
            factors: vec![0.0; pool.features.rows()],
            arrangement: Arrangement::default(),
            links: OnceLock::new(),
        };
        let blocks = pool
            .stop
            .over(new.factors.par_chunks_mut(BLOCK).enumerate());
        blocks.try_for_each_init(Scratch::default, |scratch, block| {
            let (at, factors) = block?;
            let x = pool.features.nth_block(at, BLOCK, scratch)?;
            for (to, x) in factors.iter_mut().zip(x.chunks_exact(pool.features.dim())) {
                *to = in_f32(factor(x, pool.scale));
            }
            Ok(())
        })?;
        new.arrangement = Arrangement::by_likeness(pool, |row| new.unit(row))?;
        Ok(new)
    }

    /// What ends the work.
    pub(super) fn stop(&self) -> &Stop {
        &self.pool.stop
    }

    pub(super) fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    /// Keeps what a count has told, if it is the first.
    pub(super) fn keep(&self, links: Links) {
        self.links.get_or_init(|| links);
    }

    /// Which blocks have products above `least`, where that is known.
    pub(super) fn links(&self, least: i32) -> Option<&Links> {
        self.links.get().filter(|links| links.hold_above(least))
    }

    /// The block of a row.
    pub(super) fn block(&self, links: &Links, row: usize) -> usize {
        links.block_of(self.arrangement.position(row))
    }

    /// The blocks of some rows, each once.
    pub(super) fn blocks(&self, links: &Links, rows: &[usize]) -> Vec<usize> {
        let mut blocks: Vec<usize> = rows.iter().map(|&row| self.block(links, row)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        blocks
    }

    pub(super) fn len(&self) -> usize {
        self.factors.len()
    }

    /// Room for so many whole-number rows.
    pub(super) fn scratch(&self, rows: usize) -> IntegerRows {
        IntegerRows::zeros(self.pool.features.dim(), rows)
    }

    /// Makes some rows, from place `at` of the scratch on.
    pub(super) fn fill(
        &self,
        mut rows: impl Iterator<Item = usize>,
        at: usize,
        scratch: &mut IntegerRows,
    ) -> Result<(), Error> {
        let pitch = scratch.pitch();
        let mut places = scratch.values_mut()[at * pitch..].chunks_exact_mut(pitch);
        let (mut next, mut read) = ([0; FETCHED], Scratch::default());
        loop {
            let mut count = 0;
            for (to, row) in next.iter_mut().zip(&mut rows) {
                *to = row;
                count += 1;
            }
            if count == 0 {
                return Ok(());
            }
            let rows = &next[..count];
            let x = self.pool.features.spread(rows, &mut read)?;
            x.iter().for_each(sums::fetch);
            for ((x, &row), place) in x.iter().zip(rows).zip(&mut places) {
                let (factor, place) = (self.factor(row, x), &mut place[..x.len()]);
                sums::vectorised!(to_integers(x, self.pool.scale, factor, place));
            }
        }
    }

    /// The factor of a row, given its values.
    fn factor(&self, row: usize, x: &[f32]) -> f64 {
        let in_f32 = self.factors[row];
        if in_f32.is_finite() {
            f64::from(in_f32)
        } else {
            factor(x, self.pool.scale)
        }
    }

    /// A row at length 1.
    pub(super) fn unit(&self, row: usize) -> Result<Vec<f32>, Error> {
        let mut read = Scratch::default();
        let x = self.pool.features.block(row..row + 1, &mut read)?;
        let factor = self.factor(row, x) / f64::from(1 << FIXED_BITS) * f64::from(self.pool.scale);
        let of_unit = |&x: &f32| (f64::from(x) * factor) as f32;
        Ok(x.iter().map(of_unit).collect())
    }

    /// Some rows' products with a row at length 1, unit 2⁻³⁰, as f32 has them: see `off_in_f32`. Not
    /// a number where that does not hold.
    #[inline(always)]
    pub(super) fn products_in_f32(
        &self,
        rows: &[usize],
        unit: &[f32],
        products: &mut [f64],
    ) -> Result<(), Error> {
        let mut read = Scratch::default();
        for (rows, products) in rows.chunks(FETCHED).zip(products.chunks_mut(FETCHED)) {
            let x = self.pool.features.spread(rows, &mut read)?;
            x.iter().for_each(sums::fetch);
            for ((x, &row), product) in x.iter().zip(rows).zip(products) {
                let factor = self.factor(row, x);
                *product = if is_f32_enough(factor) {
                    let dot = sums::dot_scaled(x, self.pool.scale, unit);
                    f64::from(dot) * factor * f64::from(1 << FIXED_BITS)
                } else {
                    f64::NAN
                };
            }
        }
        Ok(())
    }

    /// Values of a row.
    pub(super) fn dim(&self) -> usize {
        self.pool.features.dim()
    }

    /// What `work` finds of each row, by position.
    pub(super) fn of_each<T: Send>(
        &self,
        work: impl Fn(&[i16]) -> T + Sync,
    ) -> Result<Vec<T>, Error> {
        let positions = (0..self.len()).into_par_iter();
        (self.stop().over(positions))
            .map_init(
                || self.scratch(1),
                |made, at| {
                    let at = at?;
                    self.fill(self.arrangement.rows(at..at + 1), 0, made)?;
                    Ok(work(made.row(0)))
                },
            )
            .collect()
    }

    /// Hands `visit` the products of every pair of rows once: tiles on and above the diagonal,
    /// row-major, with their rows and columns.
    pub(super) fn tiles(&self, visit: impl Fn(&[i32], &Part, &Part) + Sync) -> Result<(), Error> {
        self.each_tile(|| Exact::new(&visit))
    }

    /// Hands tiles on and above the diagonal to the `tiler` of a thread.
    pub(super) fn each_tile<T: Tiler>(
        &self,
        tiler: impl Fn() -> T + Sync + Send,
    ) -> Result<(), Error> {
        let rows = self.len();
        // Some bands a core, so that none waits long for the last.
        let cores = rayon::current_num_threads();
        let most = (BAND_BYTES / (2 * self.dim())).max(BAND_ALWAYS);
        let band = (rows / (4 * cores)).clamp(1, most).next_multiple_of(TILE);
        let starts: Vec<usize> = (0..rows).step_by(band).collect();
        (self.stop().over(starts.into_par_iter())).try_for_each_init(
            || (self.scratch(band + TILE), tiler()),
            |(made, tiler), start| {
                let start = start?;
                let end = rows.min(start + band);
                self.fill(self.arrangement.rows(start..end), 0, made)?;
                let part = |positions: Range<usize>, place: usize| Part {
                    places: place..place + positions.len(),
                    positions,
                };
                tiler.band(made, &part(start..end, 0));
                for first in (start..rows).step_by(TILE) {
                    self.stop().check()?;
                    let columns = first..rows.min(first + TILE);
                    // Columns of the band itself are there already.
                    let mut place = first - start;
                    if first >= end {
                        place = band;
                        let rows = self.arrangement.rows(columns.clone());
                        self.fill(rows, place, made)?;
                    }
                    let columns = part(columns, place);
                    tiler.columns(made, &columns);
                    for top in (start..end.min(columns.positions.end)).step_by(TILE) {
                        let of_tile = part(top..end.min(top + TILE), top - start);
                        tiler.tile(made, &of_tile, &columns);
                    }
                }
                Ok(())
            },
        )
    }
}

/// Rows that stand together in the arrangement, and their places among those that were made.
pub(super) struct Part {
    pub(super) positions: Range<usize>,
    pub(super) places: Range<usize>,
}

impl Part {
    pub(super) fn len(&self) -> usize {
        self.positions.len()
    }
}

/// What a thread does with tiles: it is told of a band of rows, then by turns of columns and of the
/// tiles where some of the rows meet them.
pub(super) trait Tiler {
    fn band(&mut self, _made: &IntegerRows, _rows: &Part) {}
    fn columns(&mut self, made: &IntegerRows, columns: &Part);
    fn tile(&mut self, made: &IntegerRows, rows: &Part, columns: &Part);
}

/// Hands exact products on.
pub(super) struct Exact<V> {
    packed: Columns,
    products: Vec<i32>,
    visit: V,
}

impl<V: FnMut(&[i32], &Part, &Part)> Exact<V> {
    pub(super) fn new(visit: V) -> Self {
        Self {
            packed: Columns::default(),
            products: vec![0; TILE * TILE],
            visit,
        }
    }
}

impl<V: FnMut(&[i32], &Part, &Part)> Tiler for Exact<V> {
    fn columns(&mut self, made: &IntegerRows, columns: &Part) {
        self.packed.pack(made, columns.places.clone());
    }

    fn tile(&mut self, made: &IntegerRows, rows: &Part, columns: &Part) {
        let a: Vec<usize> = rows.places.clone().collect();
        products(made, &a, &self.packed, &mut self.products);
        let found = &self.products[..rows.len() * columns.len()];
        (self.visit)(found, rows, columns);
    }
}

impl Neighbours for CpuNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        count_within(self, least)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        mark_within(self, marked, among, reach)
    }

    fn count_marked(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<u32>, Error> {
        count_marked(self, marked, among, reach)
    }

    fn candidates(&self, marked: &[usize], reach: Reach) -> Option<Vec<usize>> {
        let links = self.links(reach.possible)?;
        let linked = links.linked_with(&self.blocks(links, marked));
        let blocks = (0..linked.len()).filter(|&block| linked[block]);
        let rows = |block| self.arrangement.rows(links.positions(block));
        Some(blocks.flat_map(rows).collect())
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        nearest_other(self, labels)
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        let mut made = self.scratch(rows.len());
        self.fill(rows.iter().copied(), 0, &mut made)?;
        Ok(made)
    }

    fn count_visitors(&self, visitors: &IntegerRows, least: i32) -> Result<[Vec<u32>; 2], Error> {
        count_visitors(self, visitors, least)
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        mark_visitors(self, visitors, among, reach)
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
    ) -> Result<[Vec<i32>; 2], Error> {
        nearest_visitors(self, labels, visitors, labels_of_visitors)
    }
}
