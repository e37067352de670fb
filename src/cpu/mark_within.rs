//! Mirror of `shaders/mark_within.wgsl`.

use super::neighbours::CpuNeighbours;
use crate::products::{TILE, products};
use crate::{Marks, Reach, sums};
use rayon::prelude::*;

/// For every row which of `marked` it is near to.
pub(super) fn mark_within(
    neighbours: &CpuNeighbours<'_>,
    marked: &[usize],
    reach: Reach,
) -> Vec<Marks> {
    let mut marks = vec![Marks::default(); neighbours.rows()];
    if marked.is_empty() {
        return marks;
    }
    let width = marked.len();
    let b: Vec<usize> = (0..width).collect();
    let scratch = || {
        let mut scratch = neighbours.scratch(width + TILE);
        neighbours.fill(marked.iter().copied(), 0, &mut scratch);
        (scratch, vec![0; TILE * width])
    };
    // Long runs of blocks to a thread, which makes the marked rows once for each.
    marks
        .par_chunks_mut(TILE)
        .enumerate()
        .with_min_len(16)
        .for_each_init(scratch, |(scratch, out), (block, marks)| {
            let first = block * TILE;
            neighbours.fill(first..first + marks.len(), width, scratch);
            let a: Vec<usize> = (width..width + marks.len()).collect();
            products(scratch, &a, &b, out);
            sums::vectorised(|| {
                for (marks, products) in marks.iter_mut().zip(out.chunks_exact(width)) {
                    *marks = mark(products, reach);
                }
            });
        });
    marks
}

#[inline(always)]
fn mark(products: &[i32], reach: Reach) -> Marks {
    let mut marks = Marks::default();
    for (bit, &product) in products.iter().enumerate() {
        marks.certain |= u32::from(product > reach.certain) << bit;
        marks.possible |= u32::from(product > reach.possible) << bit;
    }
    marks
}
