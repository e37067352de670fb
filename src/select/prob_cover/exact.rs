//! Distances on the host, for pools that the kernels' whole numbers cannot tell apart: products in
//! f32 of what the rows differ by from their mean, and what those leave open in f64.

use super::near::Near;
use crate::pool::UNIT_ROUNDOFF;
use crate::products::{FloatColumns, float_products};
use crate::select::unit_rows::UnitRows;
use crate::{Error, sums};
use rayon::prelude::*;

/// Columns of products that are made at a time: while others meet them they stay in a core's cache.
const COLUMNS: usize = 512;
/// Rows that meet them at a time.
const ROWS: usize = 32;
/// Rows that it pays to ask for at a time.
const AT_ONCE: usize = 256;

/// Rows of a pool, one for all that are alike.
pub(super) struct Exact<'a> {
    rows: &'a UnitRows<'a>,
    /// Their indices in the pool.
    leaders: Vec<usize>,
    /// How many rows each stands for.
    pub(super) weights: Vec<u32>,
    measure: Measure,
}

/// What distances are found by.
struct Measure {
    /// The mean of the rows.
    centre: Vec<f64>,
    delta_sq: f64,
}

/// Some of the rows: at length 1, and less the centre.
struct Made {
    z: Vec<f64>,
    u: Vec<f32>,
    /// ‖u‖² and ‖u‖ of each, of what u is in f32.
    squares: Vec<f64>,
    lengths: Vec<f64>,
}

impl<'a> Exact<'a> {
    /// The rows `leaders` of a pool, which stand for as many as their `weights` say.
    pub(super) fn new(
        rows: &'a UnitRows<'a>,
        leaders: Vec<usize>,
        weights: Vec<u32>,
        delta: f64,
    ) -> Result<Self, Error> {
        let mut centre = vec![0.0; rows.dim()];
        rows.gather(&leaders, |_, z| {
            for z in z.chunks_exact(centre.len()) {
                centre.iter_mut().zip(z).for_each(|(sum, z)| *sum += z);
            }
        })?;
        centre
            .iter_mut()
            .for_each(|sum| *sum /= leaders.len() as f64);
        Ok(Self {
            rows,
            leaders,
            weights,
            measure: Measure {
                centre,
                delta_sq: delta * delta,
            },
        })
    }

    fn made(&self, items: &[usize]) -> Result<Made, Error> {
        let rows: Vec<usize> = items.iter().map(|&item| self.leaders[item]).collect();
        Ok(self.measure.make(&self.rows.rows(&rows)?))
    }

    /// What `answer` makes of some of `among` at a time, by the place of the first, and of which of the
    /// `marked`, from a place on, lie within δ of each: 1 or 0, row by row. `take` has the answers in
    /// order, those of [`COLUMNS`] of the marked after another.
    fn meet<T: Send>(
        &self,
        marked: &[usize],
        among: &[usize],
        answer: impl Fn(usize, usize, &[u8]) -> T + Sync,
        mut take: impl FnMut(usize, T),
    ) -> Result<(), Error> {
        self.rows.count_settled(marked.len() * among.len());
        let measure = &self.measure;
        let rows: Vec<usize> = among.iter().map(|&item| self.leaders[item]).collect();
        for (block, marked) in marked.chunks(COLUMNS).enumerate() {
            let columns = self.made(marked)?;
            let packed = FloatColumns::of(&columns.u, self.rows.dim());
            let mut done = 0;
            self.rows.gather(&rows, |piece, z| {
                let made = measure.make(z);
                let of_rows = |start: usize| {
                    let some: Vec<usize> = (start..piece.len().min(start + ROWS)).collect();
                    let mut products = vec![0.0; some.len() * marked.len()];
                    float_products(&made.u, &some, &packed, &mut products);
                    let mut near = vec![0; products.len()];
                    let products = products.chunks_exact(marked.len());
                    let of_row = near.chunks_exact_mut(marked.len()).zip(products);
                    for (&row, (near, products)) in some.iter().zip(of_row) {
                        measure.judge(&made, row, &columns, products, near);
                    }
                    (done + start, answer(done + start, block * COLUMNS, &near))
                };
                let starts: Vec<usize> = (0..piece.len()).step_by(ROWS).collect();
                let answers: Vec<(usize, T)> = starts.into_par_iter().map(of_rows).collect();
                answers
                    .into_iter()
                    .for_each(|(at, answer)| take(at, answer));
                done += piece.len();
            })?;
        }
        Ok(())
    }
}

impl Measure {
    fn make(&self, z: &[f64]) -> Made {
        let dim = self.centre.len();
        let less = |z: &[f64]| -> Vec<f32> {
            let pairs = z.iter().zip(&self.centre);
            pairs.map(|(z, c)| (z - c) as f32).collect()
        };
        let u: Vec<f32> = z.par_chunks_exact(dim).flat_map_iter(less).collect();
        let squares = u.par_chunks_exact(dim);
        let squares: Vec<f64> = squares
            .map(|u| sums::vectorised!(sums::squares(u)))
            .collect();
        Made {
            lengths: squares.iter().map(|square| square.sqrt()).collect(),
            squares,
            z: z.to_vec(),
            u,
        }
    }

    /// Which columns lie within δ of a row, given its products with them.
    ///
    /// ‖a − b‖² = ‖a‖² + ‖b‖² − 2⟨a, b⟩ is off by what the product is, a sum of `dim` roundings at
    /// most, and by the rounding of a and b to f32.
    fn judge(&self, made: &Made, row: usize, columns: &Made, products: &[f32], near: &mut [u8]) {
        let dim = self.centre.len();
        let (square, length) = (made.squares[row], made.lengths[row]);
        let of_product = 2.0 * (dim as f64 + 16.0) * UNIT_ROUNDOFF;
        let distance_sq = |column: usize, product: f32| {
            let other = columns.lengths[column];
            let both = length + other;
            let off = of_product * length * other + 4.0 * UNIT_ROUNDOFF * both * both;
            let distance_sq = square + columns.squares[column] - 2.0 * f64::from(product);
            (distance_sq, off + TINY)
        };
        sums::vectorised!({
            for (column, (near, &product)) in near.iter_mut().zip(products).enumerate() {
                let (distance_sq, off) = distance_sq(column, product);
                let is_open = (distance_sq - self.delta_sq).abs() <= off;
                *near = u8::from(distance_sq < self.delta_sq) | u8::from(is_open) << 1;
            }
        });
        let own = &made.z[row * dim..][..dim];
        for (column, near) in near.iter_mut().enumerate().filter(|(_, near)| **near > 1) {
            let other = &columns.z[column * dim..][..dim];
            let distance_sq = sums::vectorised!(sums::distance_sq(own, other));
            *near = u8::from(distance_sq < self.delta_sq);
        }
    }
}

/// What those of the `marked` weigh that are near to each of some rows.
fn weigh(weights: &[u32], marked: &[usize], near: &[u8]) -> Vec<u32> {
    let weights: Vec<u32> = marked.iter().map(|&item| weights[item]).collect();
    let of_row = |near: &[u8]| -> u32 {
        let pairs = weights.iter().zip(near);
        sums::vectorised!(pairs.map(|(weight, &near)| weight * u32::from(near)).sum())
    };
    near.chunks_exact(marked.len()).map(of_row).collect()
}

/// What rows weigh that are near to each of the columns.
fn weigh_columns(weights: &[u32], rows: &[usize], near: &[u8]) -> Vec<u32> {
    let mut sums = vec![0; near.len() / rows.len()];
    for (&row, near) in rows.iter().zip(near.chunks_exact(sums.len())) {
        let weight = weights[row];
        let pairs = sums.iter_mut().zip(near);
        sums::vectorised!(pairs.for_each(|(sum, &near)| *sum += weight * u32::from(near)));
    }
    sums
}

impl Near for Exact<'_> {
    /// Each pair once: some rows meet themselves and those after them.
    fn count(&self) -> Result<Vec<u32>, Error> {
        let all: Vec<usize> = (0..self.leaders.len()).collect();
        let weights = &self.weights;
        let mut counts = vec![0; all.len()];
        for (block, marked) in all.chunks(COLUMNS).enumerate() {
            let after = &all[block * COLUMNS..];
            let answer = |at: usize, _: usize, near: &[u8]| {
                let rows = &after[at..at + near.len() / marked.len()];
                let apart = marked.len().saturating_sub(at).min(rows.len());
                let near_apart = &near[apart * marked.len()..];
                let of_columns = (apart < rows.len())
                    .then(|| weigh_columns(weights, &rows[apart..], near_apart));
                (weigh(weights, marked, near), of_columns)
            };
            self.meet(marked, after, answer, |at, (of_rows, of_columns)| {
                add(&mut counts[block * COLUMNS + at..], &of_rows);
                add(
                    &mut counts[block * COLUMNS..],
                    &of_columns.unwrap_or_default(),
                );
            })?;
        }
        Ok(counts)
    }

    fn count_least(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error> {
        let (weights, mut counts) = (&self.weights, vec![0; among.len()]);
        let answer = |_: usize, first: usize, near: &[u8]| {
            let marked = &marked[first..marked.len().min(first + COLUMNS)];
            weigh(weights, marked, near)
        };
        self.meet(marked, among, answer, |at, found| {
            add(&mut counts[at..], &found);
        })?;
        Ok(counts)
    }

    fn count_most(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error> {
        self.count_least(marked, among)
    }

    fn within(&self, marked: &[usize], among: &[usize]) -> Result<(Vec<Vec<u32>>, usize), Error> {
        let mut lists = vec![Vec::new(); marked.len()];
        let keep = |_: usize, _: usize, near: &[u8]| near.to_vec();
        self.meet(marked, among, keep, |at, near| {
            for (&item, near) in among[at..].iter().zip(near.chunks_exact(marked.len())) {
                let found = lists.iter_mut().zip(near).filter(|(_, near)| **near != 0);
                found.for_each(|(list, _)| list.push(item as u32));
            }
        })?;
        lists.par_iter_mut().for_each(|list| list.sort_unstable());
        Ok((lists, 0))
    }

    fn retain_close(&self, _: usize, _: &mut Vec<usize>) -> Result<(), Error> {
        Ok(())
    }

    fn candidates(&self, _: &[usize]) -> Option<Vec<usize>> {
        None
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }
}

fn add(sums: &mut [u32], values: &[u32]) {
    sums.iter_mut()
        .zip(values)
        .for_each(|(sum, value)| *sum += value);
}

/// More than what a squared distance in f64 is off by.
const TINY: f64 = 1e-13;
