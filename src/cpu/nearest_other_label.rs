//! Mirror of `shaders/nearest_other_label.wgsl`.

use super::tiles::exact_tiles;
use super::unit_integers::UnitIntegers;
use crate::error::Error;
use crate::products::TILE;
use crate::progress::Pass;
use crate::reduce;
use std::sync::atomic::{AtomicI32, Ordering};

/// For every row the largest product with a row of another label.
///
/// A tile above the diagonal tells of its rows and of its columns.
pub(super) fn nearest_other_label(
    units: &UnitIntegers<'_>,
    labels: &[u32],
    pass: &Pass<'_>,
) -> Result<Vec<i32>, Error> {
    let labels = units.arrangement().by_position(labels);
    let largest: Vec<AtomicI32> = labels.iter().map(|_| i32::MIN.into()).collect();
    exact_tiles(units, pass, |products, rows, columns| {
        let (a, b) = (
            &labels[rows.positions.clone()],
            &labels[columns.positions.clone()],
        );
        let (of_rows, of_columns) = reduce::vectorised!(largest_of_tile(products, a, b));
        let raise = |first: usize, found: &[i32]| {
            for (found, largest) in found.iter().zip(&largest[first..]) {
                largest.fetch_max(*found, Ordering::Relaxed);
            }
        };
        raise(rows.positions.start, &of_rows[..rows.len()]);
        raise(columns.positions.start, &of_columns[..columns.len()]);
    })?;
    let largest: Vec<i32> = largest.into_iter().map(AtomicI32::into_inner).collect();
    Ok(units.arrangement().by_row(&largest))
}

/// A tile's largest products of different labels along its rows and along its columns.
#[inline(always)]
pub(super) fn largest_of_tile(
    products: &[i32],
    a: &[u32],
    b: &[u32],
) -> ([i32; TILE], [i32; TILE]) {
    let (mut of_rows, mut of_columns) = ([i32::MIN; TILE], [i32::MIN; TILE]);
    let rows = products.chunks_exact(b.len()).zip(a).zip(&mut of_rows);
    for ((products, label), of_row) in rows {
        let columns = products.iter().zip(b).zip(&mut of_columns);
        for ((&product, other), of_column) in columns {
            let product = if other == label { i32::MIN } else { product };
            *of_row = (*of_row).max(product);
            *of_column = (*of_column).max(product);
        }
    }
    (of_rows, of_columns)
}
