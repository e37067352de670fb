//! How measures grow pick by pick, in the order of the picks.

use super::energy::{in_span, no_length};
use super::evaluation::{Evaluation, refuse};
use super::rows::{add, by_blocks};
use crate::error::Error;
use crate::reduce;
use crate::select::gram_schmidt::span;
use crate::select::metric::Metric;
use rayon::prelude::*;

/// Values of picks that are in memory at a time.
const AT_ONCE: usize = 1 << 20;
/// Rows that meet picks before one looks whether to stop.
const BLOCK: usize = 64;

impl Evaluation<'_> {
    /// After each pick, the share of all rows' squared lengths that lies in the span of the picks up to it: the last is
    /// [`energy_kept`](Self::energy_kept), but for rounding.
    ///
    /// One pass, as of `energy_kept`.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] where all rows are zeros.
    pub fn energy_by_pick(&self) -> Result<Vec<f64>, Error> {
        let (pool, dim) = (self.pool, self.pool.dim());
        let (span, bringers) = span(&pool.given_rows(self.picks)?, dim, pool.stop())?;
        let count = bringers.len();
        // What each direction holds, and the squared lengths.
        let of_block = |_: usize, x: &[f64]| {
            let mut sums = vec![0.0; count + 1];
            for products in in_span(x, &span, dim).chunks_exact(count.max(1)) {
                let squares = sums.iter_mut().zip(products);
                squares.for_each(|(sum, product)| *sum += product * product);
            }
            sums[count] = reduce::vectorised!(reduce::dot(x, x));
            sums
        };
        let all: Vec<usize> = (0..pool.rows()).collect();
        let mut sums = vec![0.0; count + 1];
        let points = self.points(Metric::Euclidean);
        by_blocks(points, &all, of_block, |found| add(&mut sums, &found))?;
        let whole = sums.pop().filter(|&whole| whole > 0.0);
        let whole = whole.ok_or_else(no_length)?;
        let (mut kept, mut brought) = (0.0, bringers.iter().zip(sums).peekable());
        let after = |place: usize| {
            if let Some((_, sum)) = brought.next_if(|(bringer, _)| **bringer == place) {
                kept += sum;
            }
            (kept / whole).min(1.0)
        };
        Ok((0..self.picks.len()).map(after).collect())
    }

    /// For each of some numbers of picks, how far some rows then are from the nearest of the first so many: in the
    /// caller's unit, or between rows at length 1. A row of zeros stays one.
    ///
    /// 3 · rows · picks · dim flops, all in f64; 8 bytes for each value of those rows.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for numbers that do not ascend from 1 on to at most that of the picks, and for a row that
    /// the pool has not.
    pub fn distances_by_pick(
        &self,
        rows: &[usize],
        numbers: &[usize],
        metric: Metric,
    ) -> Result<Vec<Vec<f64>>, Error> {
        let (points, dim, count) = (self.points(metric), self.pool.dim(), self.is_pick.len());
        let mut before = 0;
        for &number in numbers {
            if number <= before || number > self.picks.len() {
                let expected = format!("ascending from 1 to {} picks", self.picks.len());
                return refuse("numbers", format!("{number} after {before}"), expected);
            }
            before = number;
        }
        if let Some(row) = rows.iter().find(|&&row| row >= count) {
            return refuse(
                "rows",
                format!("row {row}"),
                format!("indices below {count}"),
            );
        }
        let z = points.some(rows)?;
        let mut nearest = vec![f64::INFINITY; rows.len()];
        let (mut found, mut met) = (Vec::with_capacity(numbers.len()), 0);
        for &number in numbers {
            for picks in self.picks[met..number].chunks((AT_ONCE / dim).max(1)) {
                let picks = points.some(picks)?;
                let blocks = z.par_chunks(BLOCK * dim).zip(nearest.par_chunks_mut(BLOCK));
                self.pool.stop().over(blocks).try_for_each(|block| {
                    let (z, nearest) = block?;
                    meet(z, nearest, &picks, dim);
                    Ok::<(), Error>(())
                })?;
            }
            met = number;
            let distance = |square: &f64| points.in_unit(square.sqrt());
            found.push(nearest.iter().map(distance).collect());
        }
        Ok(found)
    }
}

/// Lowers the squared distances of rows to the nearest of some picks.
fn meet(z: &[f64], nearest: &mut [f64], picks: &[f64], dim: usize) {
    for (z, nearest) in z.chunks_exact(dim).zip(nearest) {
        *nearest = reduce::vectorised!({
            let picks = picks.chunks_exact(dim);
            picks.fold(*nearest, |nearest, pick| {
                nearest.min(reduce::distance_sq(z, pick))
            })
        });
    }
}
