//! Every pair of rows once, tile by tile.

use super::unit_integers::UnitIntegers;
use crate::error::Error;
use crate::products::{Columns, TILE, products};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use rayon::prelude::*;
use std::ops::Range;

/// Bytes of a band, whose rows are made once for all the columns that they meet: they are to stay in
/// a core's own cache.
const BAND_BYTES: usize = 1 << 18;
/// And as many rows as that in any case, so that columns are not made for a few of them.
const BAND_ALWAYS: usize = 4 * TILE;

/// Hands `visit` the products of every pair of rows once: tiles on and above the diagonal,
/// row-major, with their rows and columns.
pub(super) fn exact_tiles(
    units: &UnitIntegers<'_>,
    pass: &Pass<'_>,
    visit: impl Fn(&[i32], &Part, &Part) + Sync,
) -> Result<(), Error> {
    each_tile(units, pass, || Exact::new(&visit))
}

/// Hands tiles on and above the diagonal to the `tiler` of a thread.
pub(super) fn each_tile<T: Tiler>(
    units: &UnitIntegers<'_>,
    pass: &Pass<'_>,
    tiler: impl Fn() -> T + Sync + Send,
) -> Result<(), Error> {
    let rows = units.len();
    // Some bands a core, so that none waits long for the last.
    let cores = rayon::current_num_threads();
    let most = (BAND_BYTES / (2 * units.dim())).max(BAND_ALWAYS);
    let band = (rows / (4 * cores)).clamp(1, most).next_multiple_of(TILE);
    let starts: Vec<usize> = (0..rows).step_by(band).collect();
    (units.stop().over(starts.into_par_iter())).try_for_each_init(
        || (units.scratch(band + TILE), tiler()),
        |(made, tiler), start| {
            let start = start?;
            let end = rows.min(start + band);
            units.fill(units.arrangement().rows(start..end), 0, made)?;
            let part = |positions: Range<usize>, place: usize| Part {
                places: place..place + positions.len(),
                positions,
            };
            tiler.band(made, &part(start..end, 0));
            for first in (start..rows).step_by(TILE) {
                units.stop().check()?;
                let columns = first..rows.min(first + TILE);
                // Columns of the band itself are there already.
                let mut place = first - start;
                if first >= end {
                    place = band;
                    let rows = units.arrangement().rows(columns.clone());
                    units.fill(rows, place, made)?;
                }
                let columns = part(columns, place);
                tiler.columns(made, &columns);
                let mut met = 0;
                for top in (start..end.min(columns.positions.end)).step_by(TILE) {
                    let of_tile = part(top..end.min(top + TILE), top - start);
                    tiler.tile(made, &of_tile, &columns);
                    met += pairs(of_tile.len(), columns.len(), top < first);
                }
                pass.met(met)?;
            }
            Ok(())
        },
    )
}

/// Pairs of a tile, in either order where it is off the diagonal.
pub(super) fn pairs(rows: usize, columns: usize, is_off_diagonal: bool) -> u64 {
    (rows * columns) as u64 * if is_off_diagonal { 2 } else { 1 }
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
