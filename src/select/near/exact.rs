//! Distances on the host, for pools that the kernels' integers cannot tell apart: products in
//! f32 of what the rows differ by from the middle of some that lie together, and what those leave open
//! in f64.

use super::answers::{Near, Reach};
use crate::error::Error;
use crate::kernels::rounding::UNIT_ROUNDOFF;
use crate::products::{FloatColumns, float_products};
use crate::progress::Pass;
use crate::reduce;
use crate::select::unit_rows::UnitRows;
use rayon::prelude::*;
use std::ops::Range;

/// Columns of products that are made at a time: while others meet them they stay in a core's cache.
const COLUMNS: usize = 512;
/// Rows that meet them at a time.
const ROWS: usize = 32;
/// Rows that it pays to ask for at a time.
const AT_ONCE: usize = 256;

/// Rows of a pool, one for all that are alike.
pub(crate) struct Exact<'a> {
    rows: &'a UnitRows<'a>,
    /// Their indices in the pool.
    leaders: Vec<usize>,
    /// How many rows each stands for.
    pub(crate) weights: Vec<u32>,
    /// Where each lies along a line through the pool, from one end to the other about 0: rows that
    /// follow each other there tend to lie together.
    places: Vec<f64>,
    most: f64,
}

/// What the distances to some rows are found by.
struct Measure {
    /// Their mean.
    centre: Vec<f64>,
    most: f64,
}

/// Some of the rows: at length 1, and less a centre.
struct Made {
    z: Vec<f64>,
    u: Vec<f32>,
    /// ‖u‖² and ‖u‖ of each, of what u is in f32.
    squares: Vec<f64>,
    lengths: Vec<f64>,
}

impl<'a> Exact<'a> {
    /// The rows `leaders` of a pool, which stand for as many as their `weights` say.
    pub(crate) fn new(
        rows: &'a UnitRows<'a>,
        leaders: Vec<usize>,
        weights: Vec<u32>,
        reach: Reach,
    ) -> Result<Self, Error> {
        let mut new = Self {
            places: vec![0.0; leaders.len()],
            rows,
            leaders,
            weights,
            most: reach.most,
        };
        new.place()?;
        Ok(new)
    }

    /// Finds the places, along the line from the row that is farthest from the first to the row
    /// farthest from that.
    fn place(&mut self) -> Result<(), Error> {
        let end = self.farthest(&self.rows.rows(&self.leaders[..1])?)?;
        let other = self.farthest(&end)?;
        let line: Vec<f64> = end.iter().zip(&other).map(|(a, b)| a - b).collect();
        let middle = 0.5 * (reduce::dot(&end, &line) + reduce::dot(&other, &line));
        let mut places = Vec::with_capacity(self.leaders.len());
        self.rows.gather(&self.leaders, |_, z| {
            let z = z.par_chunks_exact(line.len());
            let place = |z: &[f64]| reduce::vectorised!(reduce::dot(z, &line)) - middle;
            places.par_extend(z.map(place));
            Ok(())
        })?;
        self.places = places;
        Ok(())
    }

    /// The row farthest from a point, the first of several.
    fn farthest(&self, from: &[f64]) -> Result<Vec<f64>, Error> {
        let (mut most, mut farthest) = (-1.0, Vec::new());
        self.rows.gather(&self.leaders, |_, z| {
            let z: Vec<&[f64]> = z.chunks_exact(from.len()).collect();
            let distance = |z: &&[f64]| reduce::vectorised!(reduce::distance_sq(z, from));
            let distances: Vec<f64> = z.par_iter().map(distance).collect();
            for (z, distance) in z.into_iter().zip(distances) {
                if distance > most {
                    (most, farthest) = (distance, z.to_vec());
                }
            }
            Ok(())
        })?;
        Ok(farthest)
    }

    /// Which of some items comes first along the line, and which after it.
    fn along(&self, items: &[usize]) -> Vec<usize> {
        let place = |&at: &usize| self.places[items[at]];
        let mut order: Vec<usize> = (0..items.len()).collect();
        order.sort_by(|a, b| place(a).total_cmp(&place(b)));
        order
    }

    /// Cuts items along the line into blocks of at most [`COLUMNS`], none of them across its middle:
    /// where rows point two opposite ways, each block has one of them.
    fn blocks(&self, items: &[usize]) -> Vec<Range<usize>> {
        let middle = items.partition_point(|&item| self.places[item] < 0.0);
        let of_half = |half: Range<usize>| {
            let end = half.end;
            let starts = half.step_by(COLUMNS);
            starts.map(move |start| start..end.min(start + COLUMNS))
        };
        of_half(0..middle)
            .chain(of_half(middle..items.len()))
            .collect()
    }

    /// What `answer` makes of some of `among` at a time, by the place of the first, and of which of the
    /// columns, at most [`COLUMNS`], are near to each: 1 or 0, row by row. `take` has the answers
    /// in order.
    fn meet<T: Send>(
        &self,
        columns: &[usize],
        among: &[usize],
        answer: impl Fn(usize, &[u8]) -> T + Sync,
        mut take: impl FnMut(usize, T),
    ) -> Result<(), Error> {
        self.rows.count_settled(columns.len() * among.len());
        let (measure, columns) = self.made(columns)?;
        let packed = FloatColumns::of(&columns.u, self.rows.dim());
        let count = columns.lengths.len();
        let rows: Vec<usize> = among.iter().map(|&item| self.leaders[item]).collect();
        let mut done = 0;
        self.rows.gather(&rows, |piece, z| {
            let made = measure.make(z);
            let of_rows = |start: usize| {
                let some: Vec<usize> = (start..piece.len().min(start + ROWS)).collect();
                let mut products = vec![0.0; some.len() * count];
                float_products(&made.u, &some, &packed, &mut products);
                let mut near = vec![0; products.len()];
                let products = products.chunks_exact(count);
                let of_row = near.chunks_exact_mut(count).zip(products);
                for (&row, (near, products)) in some.iter().zip(of_row) {
                    measure.judge(&made, row, &columns, products, near);
                }
                (done + start, answer(done + start, &near))
            };
            let starts: Vec<usize> = (0..piece.len()).step_by(ROWS).collect();
            let answers: Vec<(usize, T)> = starts.into_par_iter().map(of_rows).collect();
            for (at, answer) in answers {
                take(at, answer);
            }
            done += piece.len();
            Ok(())
        })
    }

    /// Rows about their mean, and what their distances to others are found by.
    fn made(&self, items: &[usize]) -> Result<(Measure, Made), Error> {
        let rows: Vec<usize> = items.iter().map(|&item| self.leaders[item]).collect();
        let z = self.rows.rows(&rows)?;
        let mut centre = vec![0.0; self.rows.dim()];
        for z in z.chunks_exact(centre.len()) {
            centre.iter_mut().zip(z).for_each(|(sum, z)| *sum += z);
        }
        centre.iter_mut().for_each(|sum| *sum /= rows.len() as f64);
        let measure = Measure {
            centre,
            most: self.most,
        };
        let made = measure.make(&z);
        Ok((measure, made))
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
            .map(|u| reduce::vectorised!(reduce::squares(u)))
            .collect();
        Made {
            lengths: squares.iter().map(|square| square.sqrt()).collect(),
            squares,
            z: z.to_vec(),
            u,
        }
    }

    /// Which columns are near to a row, given its products with them.
    ///
    /// ‖a − b‖² = ‖a‖² + ‖b‖² − 2⟨a, b⟩ is off by what the product is, a sum of `dim` roundings at
    /// most, and by the roundings of a and b, to f64 and to f32.
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
        reduce::vectorised!({
            for (column, (near, &product)) in near.iter_mut().zip(products).enumerate() {
                let (distance_sq, off) = distance_sq(column, product);
                let is_open = (distance_sq - self.most).abs() <= off;
                *near = u8::from(distance_sq <= self.most) | u8::from(is_open) << 1;
            }
        });
        let own = &made.z[row * dim..][..dim];
        for (column, near) in near.iter_mut().enumerate().filter(|(_, near)| **near > 1) {
            let other = &columns.z[column * dim..][..dim];
            let distance_sq = reduce::vectorised!(reduce::distance_sq(own, other));
            *near = u8::from(distance_sq <= self.most);
        }
    }
}

/// What those of the `marked` weigh that are near to each of some rows.
fn weigh(weights: &[u32], marked: &[usize], near: &[u8]) -> Vec<u32> {
    let weights: Vec<u32> = marked.iter().map(|&item| weights[item]).collect();
    let of_row = |near: &[u8]| -> u32 {
        let pairs = weights.iter().zip(near);
        reduce::vectorised!(pairs.map(|(weight, &near)| weight * u32::from(near)).sum())
    };
    near.chunks_exact(marked.len()).map(of_row).collect()
}

/// What rows weigh that are near to each of the columns.
fn weigh_columns(weights: &[u32], rows: &[usize], near: &[u8]) -> Vec<u32> {
    let mut sums = vec![0; near.len() / rows.len()];
    for (&row, near) in rows.iter().zip(near.chunks_exact(sums.len())) {
        let weight = weights[row];
        let pairs = sums.iter_mut().zip(near);
        reduce::vectorised!(pairs.for_each(|(sum, &near)| *sum += weight * u32::from(near)));
    }
    sums
}

impl Near for Exact<'_> {
    /// Each pair once: some rows meet themselves and those after them.
    fn count(&self, pass: &Pass<'_>) -> Result<Vec<u32>, Error> {
        let all: Vec<usize> = (0..self.leaders.len()).collect();
        let (all, weights) = (self.along(&all), &self.weights);
        let mut along = vec![0; all.len()];
        for block in self.blocks(&all) {
            let (first, columns) = (block.start, &all[block]);
            let after = &all[first..];
            let answer = |at: usize, near: &[u8]| {
                let rows = &after[at..at + near.len() / columns.len()];
                let apart = columns.len().saturating_sub(at).min(rows.len());
                let near_apart = &near[apart * columns.len()..];
                let of_columns = (apart < rows.len())
                    .then(|| weigh_columns(weights, &rows[apart..], near_apart));
                (weigh(weights, columns, near), of_columns)
            };
            self.meet(columns, after, answer, |at, (of_rows, of_columns)| {
                add(&mut along[first + at..], &of_rows);
                add(&mut along[first..], &of_columns.unwrap_or_default());
            })?;
            pass.met((columns.len() * (2 * after.len() - columns.len())) as u64)?;
        }
        let mut counts = vec![0; all.len()];
        for (&item, count) in all.iter().zip(along) {
            counts[item] = count;
        }
        Ok(counts)
    }

    fn count_least(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error> {
        let (weights, mut counts) = (&self.weights, vec![0; among.len()]);
        let marked: Vec<usize> = self.along(marked).iter().map(|&at| marked[at]).collect();
        for block in self.blocks(&marked) {
            let columns = &marked[block];
            let answer = |_: usize, near: &[u8]| weigh(weights, columns, near);
            self.meet(columns, among, answer, |at, found| {
                add(&mut counts[at..], &found);
            })?;
        }
        Ok(counts)
    }

    fn count_most(&self, marked: &[usize], among: &[usize]) -> Result<Vec<u32>, Error> {
        self.count_least(marked, among)
    }

    fn marks(&self, marked: &[usize], among: &[usize]) -> Result<(Vec<u32>, usize), Error> {
        let mut marks = vec![0; among.len()];
        let order = self.along(marked);
        let along: Vec<usize> = order.iter().map(|&at| marked[at]).collect();
        for block in self.blocks(&along) {
            let (columns, order) = (&along[block.clone()], &order[block]);
            let bits_of = |near: &[u8]| -> u32 {
                let pairs = order.iter().zip(near);
                pairs.map(|(&bit, &near)| u32::from(near) << bit).sum()
            };
            let bits = |_: usize, near: &[u8]| -> Vec<u32> {
                near.chunks_exact(columns.len()).map(bits_of).collect()
            };
            self.meet(columns, among, bits, |at, found| {
                add(&mut marks[at..], &found);
            })?;
        }
        Ok((marks, 0))
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

/// More than what subnormals that count as zero may add to a squared distance.
const TINY: f64 = 1e-29;
