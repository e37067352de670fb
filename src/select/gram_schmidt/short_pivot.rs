//! Greedy picks of a short epoch: bounds of every residual by the rows' coordinates in the span that
//! holds them all, and rows that are alike counted as one.

use super::attempt::{Attempt, Stand};
use super::candidates::{self, Candidate};
use super::enclosure::Enclosure;
use super::run::Run;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::alike::first_alike;
use crate::select::gather::gather_scaled;
use crate::{rank, reduce};
use rayon::prelude::*;

/// Groups among which the host looks to begin with; then so many times as many, and so on.
const GROUPS: usize = 16;
const MORE: usize = 8;
/// Groups that it pays to look at.
const MOST: usize = 1 << 12;
/// Groups whose bounds a thread looks at in one go.
const AT_LEAST: usize = 1 << 12;
/// What a coordinate loses in f32, and more, over a row's length.
const ROUNDING: f64 = 1.0 / (1u32 << 23) as f64;

/// The rows that are left, in groups of those that are alike.
pub(super) struct ShortPivot {
    groups: Vec<Group>,
    /// Each row's group.
    group_of: Vec<u32>,
    /// Each group's coordinates in the device_bounds, `groups.len()` x `directions`.
    coordinates: Vec<f32>,
    directions: usize,
}

/// Rows that are alike. Ties go to the lower row, so one of them at a time can be picked, and then
/// nothing is left of the others.
struct Group {
    /// Descending: the last is next.
    rows: Vec<u32>,
    norm_sq: f64,
}

impl ShortPivot {
    /// Some rows, ascending, of a span that holds them.
    pub(super) fn new(
        pool: &dyn Pool,
        device_bounds: &Enclosure,
        rows: &[usize],
    ) -> Result<Self, Error> {
        let dim = pool.dim();
        let first = first_alike(rows.len(), dim, |at, take| {
            let rows: Vec<usize> = at.iter().map(|&at| rows[at]).collect();
            gather_scaled(pool, &rows).try_for_each(|piece| {
                take(&piece?.1);
                Ok(())
            })
        })?;
        let mut new = Self {
            groups: Vec::new(),
            group_of: vec![u32::MAX; pool.rows()],
            coordinates: Vec::new(),
            directions: device_bounds.len(),
        };
        let mut leaders = Vec::new();
        for (at, &first) in first.iter().enumerate() {
            let group = if first as usize == at {
                leaders.push(rows[at]);
                new.groups.push(Group {
                    rows: Vec::new(),
                    norm_sq: 0.0,
                });
                new.groups.len() as u32 - 1
            } else {
                new.group_of[rows[first as usize]]
            };
            new.group_of[rows[at]] = group;
            new.groups[group as usize].rows.push(rows[at] as u32);
        }
        new.groups
            .par_iter_mut()
            .for_each(|group| group.rows.reverse());
        new.measure(pool, device_bounds, &leaders)?;
        Ok(new)
    }

    /// Finds the lengths and the coordinates of the groups, given a row of each.
    fn measure(
        &mut self,
        pool: &dyn Pool,
        device_bounds: &Enclosure,
        leaders: &[usize],
    ) -> Result<(), Error> {
        let (dim, mut groups) = (pool.dim(), self.groups.iter_mut());
        for piece in gather_scaled(pool, leaders) {
            let (_, x) = piece?;
            let coordinates = x.par_chunks_exact(dim).flat_map_iter(|x| {
                let x: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
                let directions = device_bounds.directions().chunks_exact(dim);
                directions.map(move |q| reduce::dot(&x, q) as f32)
            });
            self.coordinates.par_extend(coordinates);
            for (x, group) in x.chunks_exact(dim).zip(&mut groups) {
                group.norm_sq = reduce::vectorised!(reduce::squares(x));
            }
        }
        Ok(())
    }

    /// Leaves a row out from now on: the next of its group.
    pub(super) fn remove(&mut self, row: usize) {
        self.groups[self.group_of[row] as usize].rows.pop();
    }

    /// Picks the row of the largest residual until none is left.
    pub(super) fn epoch(&self, run: &Run<'_>, attempt: &mut Attempt<'_>) -> Result<Stand, Error> {
        let bound = |group: &Group| {
            if group.rows.is_empty() {
                NONE
            } else {
                group.norm_sq
            }
        };
        let mut bounds: Vec<f64> = self.groups.iter().map(bound).collect();
        loop {
            let Some(best) = self.best(run, attempt, &bounds)? else {
                return Ok(Stand::Lost);
            };
            let stand = attempt.pick(best.row, &best.residual, 0.0);
            if stand != Stand::Open {
                return Ok(stand);
            }
            bounds[self.group_of[best.row] as usize] = NONE;
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
        let mut count = GROUPS;
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
            let (basis, tol, stop) = (&attempt.basis, attempt.tol, run.pool.stop());
            let Some(at) = candidates::largest(&mut candidates, basis, tol, stop)? else {
                return Ok(None);
            };
            let best = candidates.swap_remove(at);
            let key = (-best.bound, best.row);
            if outside.is_none_or(|outside| rank::by_key(key, outside).is_lt()) {
                return Ok(Some(best));
            }
            count *= MORE;
        }
        Ok(None)
    }

    /// The `count` largest bounds, negated, in order, with the next row of the group of each.
    fn largest(&self, bounds: &[f64], count: usize) -> Vec<(f64, usize)> {
        let next = self.groups.iter().zip(bounds);
        let keys = next.filter_map(|(group, bound)| Some((-bound, *group.rows.last()? as usize)));
        rank::first_by_key(keys.filter(|&(key, _)| key < f64::INFINITY), count)
    }

    /// Brings the bounds to the last direction picked.
    ///
    /// With C the coordinates of x in the span of directions Q, ⟨x, q⟩ is ⟨C, Qq⟩ but for what is off
    /// the span and the rounding of C.
    fn lower(&self, bounds: &mut [f64], attempt: &Attempt<'_>) {
        let pick = attempt.basis.since(attempt.basis.len() - 1).0;
        let directions = attempt.enclosed().chunks_exact(pick.len());
        let pick: Vec<f64> = directions.map(|q| reduce::dot(q, pick)).collect();
        let off = attempt.off() + ROUNDING;
        let coordinates = self.coordinates.par_chunks_exact(self.directions);
        (bounds.par_iter_mut().zip(&self.groups).zip(coordinates))
            .with_min_len(AT_LEAST)
            .for_each(|((bound, group), coordinates)| {
                let pairs = coordinates.iter().zip(&pick);
                let product: f64 = pairs.map(|(&c, p)| f64::from(c) * p).sum();
                let least = (product.abs() - off * group.norm_sq.sqrt()).max(0.0);
                *bound -= least * least;
            });
    }
}

/// The bound of a group that takes no part.
const NONE: f64 = f64::NEG_INFINITY;
