//! Mirror of `shaders/count_within.wgsl`.

use super::neighbours::CpuNeighbours;
use crate::products::TILE;
use crate::{Counts, Reach, sums};
use std::sync::atomic::{AtomicU32, Ordering};

/// For every row how many rows are near.
///
/// A tile above the diagonal counts for its rows and for its columns.
pub(super) fn count_within(neighbours: &CpuNeighbours<'_>, reach: Reach) -> Vec<Counts> {
    let zeros = || -> Vec<AtomicU32> { (0..neighbours.rows()).map(|_| 0.into()).collect() };
    let (certain, possible) = (zeros(), zeros());
    neighbours.tiles(|products, rows, columns| {
        let [a, b] = sums::vectorised(|| count(products, columns.len(), reach));
        let add = |first: usize, counts: &[[u32; TILE]; 2], count: usize| {
            for (counts, totals) in counts.iter().zip([&certain, &possible]) {
                for (count, total) in counts[..count].iter().zip(&totals[first..]) {
                    total.fetch_add(*count, Ordering::Relaxed);
                }
            }
        };
        add(rows.start, &a, rows.len());
        if rows.start < columns.start {
            add(columns.start, &b, columns.len());
        }
    });
    let both = certain.into_iter().zip(possible);
    both.map(|(certain, possible)| Counts {
        certain: certain.into_inner(),
        possible: possible.into_inner(),
    })
    .collect()
}

/// A tile's counts along its rows and along its columns: for certain, and at most.
#[inline(always)]
fn count(products: &[i32], width: usize, reach: Reach) -> [[[u32; TILE]; 2]; 2] {
    let [mut of_rows, mut of_columns] = [[[0; TILE]; 2]; 2];
    for (row, products) in products.chunks_exact(width).enumerate() {
        let mut of_row = [0; 2];
        let [certain, possible] = &mut of_columns;
        let columns = certain.iter_mut().zip(possible);
        for (&product, (of_certain, of_possible)) in products.iter().zip(columns) {
            let certain = u32::from(product > reach.certain);
            let possible = u32::from(product > reach.possible);
            of_row[0] += certain;
            of_row[1] += possible;
            *of_certain += certain;
            *of_possible += possible;
        }
        [of_rows[0][row], of_rows[1][row]] = of_row;
    }
    [of_rows, of_columns]
}
