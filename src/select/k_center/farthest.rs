//! The point farthest from all that are chosen.
//!
//! A point's distance to the nearest chosen one only falls as more are chosen, so an old one bounds it from
//! above. Among the points of largest bounds the distances are brought up to date, and the farthest of these
//! is the farthest of all while it is beyond every bound outside (or at one and comes first). Where that ends
//! too often, one pass over all points lowers the bounds.

use super::distances::Distances;
use crate::error::Error;
use crate::rank;
use crate::reduce;
use rayon::prelude::*;

/// Points whose distances are kept up to date.
const FEW: usize = 192;
/// One of so many points may be brought up to date between two passes.
const ROWS_OF_PASS: usize = 16;
/// Where parts make a pass by themselves, so often at most are points asked of them between two: each time all bounds here
/// are looked through, which a pass brings anew for not much more.
const ASKED_BETWEEN: usize = 8;
/// Multiplications below which a second thread is not worth waking.
const AT_LEAST: usize = 1 << 15;

/// Points and what is chosen of them.
pub(super) struct Farthest<'a> {
    pub(super) distances: Distances<'a>,
    is_chosen: Vec<bool>,
    /// The chosen points, in order.
    centres: Vec<f64>,
    count: usize,
    /// How many of them the last pass knew.
    passed: usize,
    /// Each point's squared distance to the nearest chosen one, at most.
    bounds: Vec<f64>,
    /// Points of the largest bounds, all up to date.
    few: Vec<Candidate>,
    /// The first of the others, by its bound.
    outside: Option<(f64, usize)>,
    /// Points brought up to date since the last pass.
    updated: usize,
}

struct Candidate {
    row: usize,
    x: Vec<f64>,
    distance_sq: f64,
}

impl<'a> Farthest<'a> {
    pub(super) fn new(distances: Distances<'a>) -> Self {
        let rows = distances.points.pool.rows();
        Self {
            distances,
            is_chosen: vec![false; rows],
            centres: Vec::new(),
            count: 0,
            passed: 0,
            bounds: vec![f64::MAX; rows],
            few: Vec::new(),
            outside: None,
            updated: 0,
        }
    }

    /// Chooses a point; gives its squared distance to the nearest chosen before it, if any was.
    pub(super) fn choose(&mut self, row: usize) -> Result<Option<f64>, Error> {
        let known = self.few.iter().position(|one| one.row == row);
        let x = match known {
            Some(at) => self.few.swap_remove(at).x,
            None => self.distances.points.some(&[row])?,
        };
        let distance_sq = (self.count > 0).then(|| self.distance_sq(&x));
        self.is_chosen[row] = true;
        let (distances, dim) = (&self.distances, self.distances.points.dim());
        let few = self.few.par_iter_mut().with_min_len(AT_LEAST / dim);
        few.for_each(|one| {
            let new = reduce::vectorised!(distances.distance_sq(&one.x, &x));
            one.distance_sq = one.distance_sq.min(new);
        });
        distances.settled.add(self.few.len() * dim);
        self.centres.extend(x);
        self.count += 1;
        Ok(distance_sq)
    }

    /// The farthest point that is not chosen, and its squared distance; none where all are chosen. Some must
    /// be.
    pub(super) fn next(&mut self) -> Result<Option<(usize, f64)>, Error> {
        if self.passed == 0 {
            self.pass()?;
        }
        loop {
            let inside = self.few.iter().map(|one| (-one.distance_sq, one.row));
            let best = rank::argmin(inside);
            match (best, self.outside) {
                (Some(best), outside)
                    if outside.is_none_or(|outside| rank::by_key(best, outside).is_lt()) =>
                {
                    return Ok(Some((best.1, -best.0)));
                }
                (None, None) if self.is_chosen.iter().all(|&is_chosen| is_chosen) => {
                    return Ok(None);
                }
                _ => {}
            }
            if self.is_pass_due() {
                self.pass()?;
            }
            self.collect()?;
        }
    }

    fn is_pass_due(&self) -> bool {
        let by_rows = self.bounds.len() / ROWS_OF_PASS;
        let most = match self.distances.is_in_parts() {
            true => by_rows.min(ASKED_BETWEEN * FEW - 1),
            false => by_rows,
        };
        self.updated > most && self.passed < self.count
    }

    /// The squared distance of a point to the nearest chosen one.
    fn distance_sq(&self, x: &[f64]) -> f64 {
        let centres = self.centres.chunks_exact(self.distances.points.dim());
        self.distances.settled.add(self.centres.len());
        reduce::vectorised!({
            let distances = centres.map(|centre| self.distances.distance_sq(x, centre));
            distances.fold(f64::MAX, f64::min)
        })
    }

    /// Lowers every bound by what has been chosen since the last pass.
    fn pass(&mut self) -> Result<(), Error> {
        self.keep_few();
        let new = &self.centres[self.passed * self.distances.points.dim()..];
        let found = self.distances.distances_to_some(new)?;
        for (bound, found) in self.bounds.iter_mut().zip(found) {
            *bound = bound.min(found);
        }
        (self.passed, self.updated) = (self.count, 0);
        Ok(())
    }

    /// Takes over what is known of the few.
    fn keep_few(&mut self) {
        for one in self.few.drain(..) {
            self.bounds[one.row] = one.distance_sq;
        }
    }

    /// Brings the points of the largest bounds up to date.
    fn collect(&mut self) -> Result<(), Error> {
        self.keep_few();
        let key = |(&bound, &is_chosen): (&f64, &bool)| match is_chosen {
            true => f64::INFINITY,
            false => -bound,
        };
        let keys: Vec<f64> = (self.bounds.par_iter().zip(&self.is_chosen))
            .map(key)
            .collect();
        let mut rows = rank::smallest(&keys, FEW + 1);
        self.outside = (rows.len() > FEW)
            .then(|| rows.remove(FEW))
            .map(|row| (keys[row], row));
        let (x, dim) = (
            self.distances.points.some(&rows)?,
            self.distances.points.dim(),
        );
        let one = |(&row, x): (&usize, &[f64])| Candidate {
            row,
            x: x.to_vec(),
            distance_sq: self.distance_sq(x).min(self.bounds[row]),
        };
        let few = rows.par_iter().zip(x.par_chunks_exact(dim)).map(one);
        self.few = few.collect();
        self.updated += rows.len();
        self.distances.points.pool.stop().check()
    }
}
