//! Greedy picks of a short epoch: bounds of every residual by the rows' coordinates in the span that
//! holds them all, and rows that are alike counted as one.

use super::Run;
use super::candidates::{self, Candidate};
use super::enclosure::Enclosure;
use super::short::{Attempt, Stand};
use crate::select::alike::first_alike;
use crate::select::gather::gather_scaled;
use crate::{Error, Pool, order, sums};
use rayon::prelude::*;

/// Heaps among which the host looks to begin with; then so many times as many, and so on.
const HEAPS: usize = 16;
const MORE: usize = 8;
/// Heaps that it pays to look at.
const MOST: usize = 1 << 12;
/// Heaps whose bounds a thread looks at in one go.
const AT_LEAST: usize = 1 << 12;
/// What a coordinate loses in f32, and more, over a row's length.
const ROUNDING: f64 = 1.0 / (1u32 << 23) as f64;

/// The rows that are left, in heaps of those that are alike.
pub(super) struct ShortPivot {
    heaps: Vec<Heap>,
    /// Each row's heap.
    heap_of: Vec<u32>,
    /// Each heap's coordinates in the span, `heaps.len()` x `directions`.
    coordinates: Vec<f32>,
    directions: usize,
}

/// Rows that are alike. Ties go to the lower row, so one of them at a time can be picked, and then
/// nothing is left of the others.
struct Heap {
    /// Descending: the last is next.
    rows: Vec<u32>,
    norm_sq: f64,
}

impl ShortPivot {
    /// Some rows, ascending, of a span that holds them.
    pub(super) fn new(pool: &dyn Pool, span: &Enclosure, rows: &[usize]) -> Result<Self, Error> {
        let dim = pool.dim();
        let first = first_alike(rows.len(), dim, |at, take| {
            let rows: Vec<usize> = at.iter().map(|&at| rows[at]).collect();
            gather_scaled(pool, &rows).try_for_each(|piece| {
                take(&piece?.1);
                Ok(())
            })
        })?;
        let mut new = Self {
            heaps: Vec::new(),
            heap_of: vec![u32::MAX; pool.rows()],
            coordinates: Vec::new(),
            directions: span.len(),
        };
        let mut leaders = Vec::new();
        for (at, &first) in first.iter().enumerate() {
            let heap = if first as usize == at {
                leaders.push(rows[at]);
                new.heaps.push(Heap {
                    rows: Vec::new(),
                    norm_sq: 0.0,
                });
                new.heaps.len() as u32 - 1
            } else {
                new.heap_of[rows[first as usize]]
            };
            new.heap_of[rows[at]] = heap;
            new.heaps[heap as usize].rows.push(rows[at] as u32);
        }
        new.heaps
            .par_iter_mut()
            .for_each(|heap| heap.rows.reverse());
        new.measure(pool, span, &leaders)?;
        Ok(new)
    }

    /// Finds the lengths and the coordinates of the heaps, given a row of each.
    fn measure(
        &mut self,
        pool: &dyn Pool,
        span: &Enclosure,
        leaders: &[usize],
    ) -> Result<(), Error> {
        let (dim, mut heaps) = (pool.dim(), self.heaps.iter_mut());
        for piece in gather_scaled(pool, leaders) {
            let (_, x) = piece?;
            let coordinates = x.par_chunks_exact(dim).flat_map_iter(|x| {
                let x: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
                let directions = span.directions().chunks_exact(dim);
                directions.map(move |q| sums::dot(&x, q) as f32)
            });
            self.coordinates.par_extend(coordinates);
            for (x, heap) in x.chunks_exact(dim).zip(&mut heaps) {
                heap.norm_sq = sums::vectorised!(sums::squares(x));
            }
        }
        Ok(())
    }

    /// Leaves a row out from now on: the next of its heap.
    pub(super) fn remove(&mut self, row: usize) {
        self.heaps[self.heap_of[row] as usize].rows.pop();
    }

    /// Picks the row of the largest residual until none is left.
    pub(super) fn epoch(&self, run: &Run<'_>, attempt: &mut Attempt<'_>) -> Result<Stand, Error> {
        let bound = |heap: &Heap| {
            if heap.rows.is_empty() {
                NONE
            } else {
                heap.norm_sq
            }
        };
        let mut bounds: Vec<f64> = self.heaps.iter().map(bound).collect();
        loop {
            let Some(best) = self.best(run, attempt, &bounds)? else {
                return Ok(Stand::Lost);
            };
            let stand = attempt.pick(best.row, &best.residual, 0.0);
            if stand != Stand::Open {
                return Ok(stand);
            }
            bounds[self.heap_of[best.row] as usize] = NONE;
            run.settled.add(self.coordinates.len());
            self.lower(&mut bounds, attempt);
        }
    }

    /// The row of the largest residual; none where that takes too long, or none is live.
    fn best(
        &self,
        run: &Run<'_>,
        attempt: &Attempt<'_>,
        bounds: &[f64],
    ) -> Result<Option<Candidate>, Error> {
        let mut count = HEAPS;
        while count <= MOST {
            run.settled.add(bounds.len());
            let mut first = self.largest(bounds, count + 1);
            let outside = (first.len() > count).then(|| first.remove(count));
            first.sort_unstable_by_key(|&(_, row)| row); // then a tie goes to the lower row
            let rows: Vec<usize> = first.iter().map(|&(_, row)| row).collect();
            let x = run.pool.gather_rows(&rows)?;
            let pairs = rows.iter().zip(x.chunks_exact(run.pool.dim()));
            let mut candidates: Vec<Candidate> =
                pairs.map(|(&row, x)| Candidate::new(row, x)).collect();
            let Some(at) = candidates::largest(&mut candidates, &attempt.basis, attempt.tol) else {
                return Ok(None);
            };
            let best = candidates.swap_remove(at);
            let key = (-best.bound, best.row);
            if outside.is_none_or(|outside| order::by_key(key, outside).is_lt()) {
                return Ok(Some(best));
            }
            count *= MORE;
        }
        Ok(None)
    }

    /// The `count` largest bounds, negated, in order, with the next row of the heap of each.
    fn largest(&self, bounds: &[f64], count: usize) -> Vec<(f64, usize)> {
        let next = self.heaps.iter().zip(bounds);
        let keys = next.filter_map(|(heap, bound)| Some((-bound, *heap.rows.last()? as usize)));
        order::first_by_key(keys.filter(|&(key, _)| key < f64::INFINITY), count)
    }

    /// Brings the bounds to the last direction picked.
    ///
    /// With C the coordinates of x in the span of directions Q, ⟨x, q⟩ is ⟨C, Qq⟩ but for what is off
    /// the span and the rounding of C.
    fn lower(&self, bounds: &mut [f64], attempt: &Attempt<'_>) {
        let pick = attempt.basis.since(attempt.basis.len() - 1).0;
        let directions = attempt.enclosed().chunks_exact(pick.len());
        let pick: Vec<f64> = directions.map(|q| sums::dot(q, pick)).collect();
        let off = attempt.off() + ROUNDING;
        let coordinates = self.coordinates.par_chunks_exact(self.directions);
        (bounds.par_iter_mut().zip(&self.heaps).zip(coordinates))
            .with_min_len(AT_LEAST)
            .for_each(|((bound, heap), coordinates)| {
                let pairs = coordinates.iter().zip(&pick);
                let product: f64 = pairs.map(|(&c, p)| f64::from(c) * p).sum();
                let least = (product.abs() - off * heap.norm_sq.sqrt()).max(0.0);
                *bound -= least * least;
            });
    }
}

/// The bound of a heap that takes no part.
const NONE: f64 = f64::NEG_INFINITY;
