//! Mirror of `shaders/count_within.wgsl`.

use super::neighbours::CpuNeighbours;
use crate::products::TILE;
use crate::sums;
use std::sync::atomic::{AtomicU32, Ordering};

/// For every row the number of rows at a product above `least`.
///
/// A tile above the diagonal counts for its rows and for its columns.
pub(super) fn count_within(neighbours: &CpuNeighbours<'_>, least: i32) -> Vec<u32> {
    let counts: Vec<AtomicU32> = (0..neighbours.rows()).map(|_| 0.into()).collect();
    let add = |first: usize, of_tile: &[u32]| {
        for (of_tile, count) in of_tile.iter().zip(&counts[first..]) {
            count.fetch_add(*of_tile, Ordering::Relaxed);
        }
    };
    neighbours.tiles(|products, rows, columns| {
        let width = columns.len();
        let (of_rows, of_columns) = sums::vectorised(|| count(products, width, least));
        add(rows.start, &of_rows[..rows.len()]);
        if rows.start < columns.start {
            add(columns.start, &of_columns[..width]);
        }
    });
    counts.into_iter().map(AtomicU32::into_inner).collect()
}

/// A tile's counts along its rows and along its columns.
#[inline(always)]
fn count(products: &[i32], width: usize, least: i32) -> ([u32; TILE], [u32; TILE]) {
    let (mut of_rows, mut of_columns) = ([0; TILE], [0; TILE]);
    for (of_row, products) in of_rows.iter_mut().zip(products.chunks_exact(width)) {
        for (of_column, &product) in of_columns.iter_mut().zip(products) {
            let near = u32::from(product > least);
            *of_row += near;
            *of_column += near;
        }
    }
    (of_rows, of_columns)
}
