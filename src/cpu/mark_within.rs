//! Mirror of `shaders/mark_within.wgsl`.

use super::neighbours::CpuNeighbours;
use crate::neighbours::off_in_f32;
use crate::products::{self, TILE, products};
use crate::{Marks, Reach, sums};
use rayon::prelude::*;
use std::iter;

/// Marked rows that are made whole at a time.
const MARKED_AT_ONCE: usize = 8 * TILE;

/// For each row of `among` which of `marked` it is near to.
pub(super) fn mark_within(
    neighbours: &CpuNeighbours<'_>,
    marked: &[usize],
    among: &[usize],
    reach: Reach,
) -> Vec<Marks> {
    if let &[marked] = marked {
        return mark_one(neighbours, marked, among, reach);
    }
    let mut marks = vec![Marks::default(); among.len()];
    each_row(neighbours, marked, among, &mut marks, |marks, products| {
        *marks = mark(products, reach);
    });
    marks
}

/// The same with a single row: most of the work would be to make the others. A product in f32
/// tells of nearly all of them on which side of both limits the exact one is.
fn mark_one(
    neighbours: &CpuNeighbours<'_>,
    marked: usize,
    among: &[usize],
    reach: Reach,
) -> Vec<Marks> {
    let mut whole = neighbours.scratch(1);
    neighbours.fill(iter::once(marked), 0, &mut whole);
    let (whole, unit) = (whole.row(0), &neighbours.unit(marked));
    let off = off_in_f32(neighbours.dim());
    let limits = [reach.certain, reach.possible].map(f64::from);
    let is_told = |product: f64| limits.iter().all(|limit| (product - limit).abs() > off);
    let mut marks = vec![Marks::default(); among.len()];
    marks
        .par_chunks_mut(TILE)
        .zip(among.par_chunks(TILE))
        .for_each_init(
            || (neighbours.scratch(1), [0.0; TILE]),
            |(made, products), (marks, among)| {
                sums::vectorised!(neighbours.products_in_f32(among, unit, products));
                for ((marks, &row), &product) in marks.iter_mut().zip(among).zip(&*products) {
                    *marks = if is_told(product) {
                        let [certain, possible] = limits.map(|limit| u32::from(product > limit));
                        Marks { certain, possible }
                    } else {
                        neighbours.fill(iter::once(row), 0, made);
                        mark(&[products::product(whole, made.row(0))], reach)
                    };
                }
            },
        );
    marks
}

/// For each row of `among` how many of `marked` it is near to for certain.
pub(super) fn count_marked(
    neighbours: &CpuNeighbours<'_>,
    marked: &[usize],
    among: &[usize],
    reach: Reach,
) -> Vec<u32> {
    let mut counts = vec![0; among.len()];
    for marked in marked.chunks(MARKED_AT_ONCE) {
        each_row(neighbours, marked, among, &mut counts, |count, products| {
            *count += near(products, reach.certain);
        });
    }
    counts
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
    let columns = neighbours.columns(marked);
    // Some blocks a core, so that none waits long for the last.
    let cores = rayon::current_num_threads();
    let block = (among.len() / (8 * cores))
        .next_multiple_of(4)
        .clamp(4, TILE);
    let scratch = || (neighbours.scratch(block), vec![0; block * width]);
    out.par_chunks_mut(block)
        .zip(among.par_chunks(block))
        .for_each_init(scratch, |(scratch, products_of), (out, among)| {
            neighbours.fill(among.iter().copied(), 0, scratch);
            let a: Vec<usize> = (0..among.len()).collect();
            products(scratch, &a, &columns, products_of);
            sums::vectorised!({
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CpuPool, Features, random};

    /// One mark by products in f32 as by whole numbers: at limits that products lie on, and rows
    /// of zeros and of subnormals.
    #[test]
    fn one_mark_is_exact() {
        let (rows, dim) = (400, 37);
        let numbers = random::exponentials(7, 0, rows * dim);
        let mut x: Vec<f32> = numbers.iter().map(|&x| x as f32 - 0.9).collect();
        x[5 * dim..6 * dim].fill(0.0);
        x[6 * dim..8 * dim].iter_mut().for_each(|x| *x *= 1e-41);
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let neighbours = CpuNeighbours::new(&pool);
        let all: Vec<usize> = (0..rows).collect();
        let mut made = neighbours.scratch(rows);
        neighbours.fill(0..rows, 0, &mut made);
        for marked in [0, 5, 6, rows - 1] {
            for other in all.iter().step_by(13) {
                let at = products::product(made.row(marked), made.row(*other));
                for certain in [at - 1, at, at + 1] {
                    let possible = certain - 400_000;
                    let reach = Reach { certain, possible };
                    let mut want = vec![Marks::default(); rows];
                    each_row(
                        &neighbours,
                        &[marked],
                        &all,
                        &mut want,
                        |marks, products| {
                            *marks = mark(products, reach);
                        },
                    );
                    assert!(mark_one(&neighbours, marked, &all, reach) == want);
                }
            }
        }
    }
}
