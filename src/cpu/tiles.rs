//! Every pair of rows once, tile by tile.

use super::block_pairs::{Part, each_pair_of_blocks, part};
use super::unit_integers::UnitIntegers;
use crate::error::Error;
use crate::products::{Columns, TILE, products};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use rayon::prelude::*;

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
///
/// Rows in memory are made by the thread that works on them. Where they have to be read they are made by blocks
/// that memory holds, once for all threads.
pub(super) fn each_tile<T: Tiler>(
    units: &UnitIntegers<'_>,
    pass: &Pass<'_>,
    tiler: impl Fn() -> T + Sync + Send,
) -> Result<(), Error> {
    let all = part(0..units.len(), 0);
    if let Some(held) = units.held() {
        return meet(units, held, [&all; 2], pass, &tiler);
    }
    let Some(most) = units.read_together() else {
        return each_tile_anew(units, pass, &tiler);
    };
    let rows_of = |part: &Part| units.arrangement().rows(part.positions.clone());
    each_pair_of_blocks(
        (units.len(), most),
        |rows| units.scratch(rows),
        |part, made| units.read(rows_of(part), part.places.start, made),
        |made, parts| meet(units, made, parts, pass, &tiler),
    )
}

/// The tiles on and above the diagonal of rows that have been made with columns that have.
fn meet<T: Tiler>(
    units: &UnitIntegers<'_>,
    made: &IntegerRows,
    [rows, columns]: [&Part; 2],
    pass: &Pass<'_>,
    tiler: &(impl Fn() -> T + Sync + Send),
) -> Result<(), Error> {
    let bands: Vec<Part> = rows.cut(band_of(rows.len(), units.dim())).collect();
    let bands = units.stop().over(bands.par_iter()).with_max_len(1); // they take ever less
    bands.try_for_each_init(tiler, |tiler, band| {
        let band = band?;
        tiler.band(made, band);
        let is_above = |some: &Part| some.positions.start >= band.positions.start;
        for columns in columns.cut(TILE).filter(is_above) {
            units.stop().check()?;
            pass.met(meet_columns(tiler, made, band, &columns))?;
        }
        Ok(())
    })
}

/// As [`each_tile`], of rows in memory.
fn each_tile_anew<T: Tiler>(
    units: &UnitIntegers<'_>,
    pass: &Pass<'_>,
    tiler: &(impl Fn() -> T + Sync + Send),
) -> Result<(), Error> {
    let rows = units.len();
    let width = band_of(rows, units.dim());
    let bands: Vec<Part> = part(0..rows, 0).cut(width).collect();
    let rows_of = |part: &Part| units.arrangement().rows(part.positions.clone());
    let bands = units.stop().over(bands.into_par_iter()).with_max_len(1);
    bands.try_for_each_init(
        || (units.scratch(width + TILE), tiler()),
        |(made, tiler), band| {
            let Part { positions, .. } = band?;
            let band = part(positions.clone(), 0);
            units.fill(rows_of(&band), 0, made)?;
            tiler.band(made, &band);
            for mut columns in part(positions.start..rows, 0).cut(TILE) {
                units.stop().check()?;
                // Columns of the band itself are there already.
                if columns.positions.start >= positions.end {
                    columns = part(columns.positions, width);
                    units.fill(rows_of(&columns), width, made)?;
                }
                pass.met(meet_columns(tiler, made, &band, &columns))?;
            }
            Ok(())
        },
    )
}

/// The rows of a band, of so many of `dim` values: some bands a core, so that none waits long for the last.
pub(super) fn band_of(rows: usize, dim: usize) -> usize {
    let cores = rayon::current_num_threads();
    let most = (BAND_BYTES / (2 * dim)).max(BAND_ALWAYS);
    (rows / (4 * cores)).clamp(1, most).next_multiple_of(TILE)
}

/// The tiles of a band with some columns, at most those of one tile; how many pairs have met.
fn meet_columns(tiler: &mut impl Tiler, made: &IntegerRows, band: &Part, columns: &Part) -> u64 {
    tiler.columns(made, columns);
    let mut met = 0;
    let is_above = |rows: &Part| rows.positions.start < columns.positions.end;
    for rows in band.cut(TILE).take_while(is_above) {
        tiler.tile(made, &rows, columns);
        let is_off_diagonal = rows.positions.start < columns.positions.start;
        met += pairs(rows.len(), columns.len(), is_off_diagonal);
    }
    met
}

/// Pairs of a tile, in either order where it is off the diagonal.
pub(super) fn pairs(rows: usize, columns: usize, is_off_diagonal: bool) -> u64 {
    (rows * columns) as u64 * if is_off_diagonal { 2 } else { 1 }
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
