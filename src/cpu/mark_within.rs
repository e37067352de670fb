//! Mirror of `shaders/mark_within.wgsl`.

use super::neighbours::CpuNeighbours;
use crate::products::{TILE, products};
use crate::{Marks, Reach, sums};
use rayon::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

/// Marked rows that a thread has at a time: few beside the rows that meet them.
const MARKED_AT_ONCE: usize = 4 * TILE;

/// For each row of `among` which of `marked` it is near to.
pub(super) fn mark_within(
    neighbours: &CpuNeighbours<'_>,
    marked: &[usize],
    among: &[usize],
    reach: Reach,
) -> Vec<Marks> {
    let mut marks = vec![Marks::default(); among.len()];
    each_row(neighbours, marked, among, &mut marks, |marks, products| {
        *marks = mark(products, reach);
    });
    marks
}

/// For each row of `among` how many of `marked` it is near to for certain.
pub(super) fn count_marked(
    neighbours: &CpuNeighbours<'_>,
    marked: &[usize],
    among: &[usize],
    reach: Reach,
) -> Vec<u32> {
    if marked.len() > among.len() {
        return count_by_marked(neighbours, marked, among, reach);
    }
    let mut counts = vec![0; among.len()];
    for marked in marked.chunks(MARKED_AT_ONCE) {
        each_row(neighbours, marked, among, &mut counts, |count, products| {
            *count += near(products, reach.certain);
        });
    }
    counts
}

/// As [`count_marked`], where threads share the marked rows: the fewer rows, which each makes once,
/// are then those of `among`.
fn count_by_marked(
    neighbours: &CpuNeighbours<'_>,
    marked: &[usize],
    among: &[usize],
    reach: Reach,
) -> Vec<u32> {
    let counts: Vec<AtomicU32> = among.iter().map(|_| 0.into()).collect();
    let rows = among.len();
    let scratch = || {
        let mut scratch = neighbours.scratch(rows + TILE);
        neighbours.fill(among.iter().copied(), 0, &mut scratch);
        (scratch, vec![0; TILE * TILE])
    };
    marked
        .par_chunks(TILE)
        .for_each_init(scratch, |(scratch, out), marked| {
            let width = marked.len();
            neighbours.fill(marked.iter().copied(), rows, scratch);
            let b: Vec<usize> = (rows..rows + width).collect();
            for (tile, counts) in counts.chunks(TILE).enumerate() {
                let a: Vec<usize> = (tile * TILE..tile * TILE + counts.len()).collect();
                products(scratch, &a, &b, out);
                for (count, products) in counts.iter().zip(out.chunks_exact(width)) {
                    let near = sums::vectorised(|| near(products, reach.certain));
                    count.fetch_add(near, Ordering::Relaxed);
                }
            }
        });
    counts.into_iter().map(AtomicU32::into_inner).collect()
}

/// Hands each row's products with the marked ones to `answer`, for its entry of `out`.
fn each_row<T: Send>(
    neighbours: &CpuNeighbours<'_>,
    marked: &[usize],
    among: &[usize],
    out: &mut [T],
    answer: impl Fn(&mut T, &[i32]) + Sync,
) {
    if marked.is_empty() {
        return;
    }
    let width = marked.len();
    let b: Vec<usize> = (0..width).collect();
    let scratch = || {
        let mut scratch = neighbours.scratch(width + TILE);
        neighbours.fill(marked.iter().copied(), 0, &mut scratch);
        (scratch, vec![0; TILE * width])
    };
    out.par_chunks_mut(TILE)
        .zip(among.par_chunks(TILE))
        .for_each_init(scratch, |(scratch, products_of), (out, among)| {
            neighbours.fill(among.iter().copied(), width, scratch);
            let a: Vec<usize> = (width..width + among.len()).collect();
            products(scratch, &a, &b, products_of);
            sums::vectorised(|| {
                for (out, products) in out.iter_mut().zip(products_of.chunks_exact(width)) {
                    answer(out, products);
                }
            });
        });
}

#[inline(always)]
fn near(products: &[i32], least: i32) -> u32 {
    products.iter().map(|&p| u32::from(p > least)).sum()
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
