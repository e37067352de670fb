//! Rows against rows of another pool, which come as integers: mirrors of the same three shaders as
//! `count_within.rs`, `mark_within.rs` and `nearest_other_label.rs`.

use super::count_within::count;
use super::mark_within::mark;
use super::nearest_other_label::largest_of_tile;
use super::unit_integers::UnitIntegers;
use crate::error::Error;
use crate::kernels::neighbours::{NearMasks, Thresholds};
use crate::products::{Columns, TILE, products};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use crate::reduce;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// For every row the visitors at a product above `least`, and for every visitor the rows.
pub(super) fn count_visitors(
    units: &UnitIntegers<'_>,
    visitors: &IntegerRows,
    least: i32,
    pass: &Pass<'_>,
) -> Result<[Vec<u32>; 2], Error> {
    let all: Vec<usize> = (0..units.len()).collect();
    let counts = [zeros(all.len()), zeros(visitors.rows())];
    meet(units, &all, visitors, pass, |rows, columns, products| {
        let (of_rows, of_columns) = reduce::vectorised!(count(products, columns.len(), least));
        let add = |counts: &[AtomicU32], found: &[u32]| {
            for (count, &found) in counts.iter().zip(found) {
                count.fetch_add(found, Ordering::Relaxed);
            }
        };
        add(&counts[0][rows], &of_rows);
        add(&counts[1][columns], &of_columns);
    })?;
    Ok(counts.map(|counts| counts.into_iter().map(AtomicU32::into_inner).collect()))
}

fn zeros(len: usize) -> Vec<AtomicU32> {
    (0..len).map(|_| 0.into()).collect()
}

/// For each row of `among` which of the visitors it is near to.
pub(super) fn mark_visitors(
    units: &UnitIntegers<'_>,
    visitors: &IntegerRows,
    among: &[usize],
    thresholds: Thresholds,
) -> Result<Vec<NearMasks>, Error> {
    let bits: Vec<usize> = (0..visitors.rows()).collect();
    let found: Vec<[AtomicU32; 2]> = among.iter().map(|_| [0.into(), 0.into()]).collect();
    let pass = Pass::unheard();
    meet(units, among, visitors, &pass, |rows, columns, products| {
        for (found, products) in found[rows].iter().zip(products.chunks(columns.len())) {
            let marks = mark(products, &bits[columns.clone()], thresholds);
            found[0].fetch_or(marks.certain, Ordering::Relaxed);
            found[1].fetch_or(marks.possible, Ordering::Relaxed);
        }
    })?;
    let marks = |[certain, possible]: [AtomicU32; 2]| NearMasks {
        certain: certain.into_inner(),
        possible: possible.into_inner(),
    };
    Ok(found.into_iter().map(marks).collect())
}

/// For every row the largest product with a visitor of another label, and for every visitor that with
/// a row.
pub(super) fn nearest_visitors(
    units: &UnitIntegers<'_>,
    (labels, visitors, labels_of_visitors): (&[u32], &IntegerRows, &[u32]),
    pass: &Pass<'_>,
) -> Result<[Vec<i32>; 2], Error> {
    let all: Vec<usize> = (0..units.len()).collect();
    let least = |len: usize| -> Vec<AtomicI32> { (0..len).map(|_| i32::MIN.into()).collect() };
    let largest = [least(all.len()), least(visitors.rows())];
    meet(units, &all, visitors, pass, |rows, columns, products| {
        let (a, b) = (&labels[rows.clone()], &labels_of_visitors[columns.clone()]);
        let (of_rows, of_columns) = reduce::vectorised!(largest_of_tile(products, a, b));
        let raise = |largest: &[AtomicI32], found: &[i32]| {
            for (largest, &found) in largest.iter().zip(found) {
                largest.fetch_max(found, Ordering::Relaxed);
            }
        };
        raise(&largest[0][rows], &of_rows);
        raise(&largest[1][columns], &of_columns);
    })?;
    Ok(largest.map(|largest| largest.into_iter().map(AtomicI32::into_inner).collect()))
}

/// Hands `visit` the products of all `rows` with all visitors, a tile at a time, row-major, with the places
/// of both.
fn meet(
    units: &UnitIntegers<'_>,
    rows: &[usize],
    visitors: &IntegerRows,
    pass: &Pass<'_>,
    visit: impl Fn(Range<usize>, Range<usize>, &[i32]) + Sync,
) -> Result<(), Error> {
    let tile = |first: usize, len: usize| first..len.min(first + TILE);
    let starts: Vec<usize> = (0..visitors.rows()).step_by(TILE).collect();
    let packed: Vec<Columns> = (starts.par_iter())
        .map(|&first| {
            let mut columns = Columns::default();
            columns.pack(visitors, tile(first, visitors.rows()));
            columns
        })
        .collect();
    let stop = units.stop();
    (stop.over(rows.par_chunks(TILE).enumerate())).try_for_each_init(
        || (units.scratch(TILE), vec![0; TILE * TILE]),
        |(made, found), tile_of_rows| {
            let (at, some) = tile_of_rows?;
            units.fill(some.iter().copied(), 0, made)?;
            let a: Vec<usize> = (0..some.len()).collect();
            for (&first, columns) in starts.iter().zip(&packed) {
                stop.check()?;
                products(made, &a, columns, found);
                let columns = tile(first, visitors.rows());
                let products = &found[..some.len() * columns.len()];
                visit(tile(at * TILE, rows.len()), columns, products);
            }
            pass.met(2 * (some.len() * visitors.rows()) as u64)
        },
    )
}
