//! A few rows and what is left of them, in f64 on the host, each as exact as it has had to be.

use super::basis::Basis;
use super::residual::Residual;
use crate::control::Stop;
use crate::error::Error;
use crate::rank;
use rayon::prelude::*;

/// Values a thread works on at least: less is not worth waking one.
const AT_LEAST: usize = 1 << 15;
/// Candidates settled to begin with, when none is: one of them is often the largest.
const FIRST: usize = 8;

/// A row with some of a basis projected out, in pool unit.
pub(super) struct Candidate {
    /// Its index in the pool.
    pub(super) row: usize,
    pub(super) residual: Residual,
    /// What its squared residual does not exceed; where the row is settled, that itself.
    pub(super) bound: f64,
    /// Whether the row can still be picked: unpicked and, when last looked at, above the tolerance.
    pub(super) live: bool,
}

impl Candidate {
    /// A row that no direction has been projected out of yet. One of zeros has no direction, as labelled rows may
    /// have none.
    pub(super) fn new(row: usize, x: &[f32]) -> Self {
        let residual = Residual::new(x);
        Self {
            row,
            bound: residual.sq(),
            live: residual.is_live(0.0),
            residual,
        }
    }

    /// Whether all of the basis has been projected out.
    pub(super) fn is_settled(&self, basis: &Basis) -> bool {
        self.residual.known() == basis.len()
    }
}

/// With a ridge, what each row's residual was when it was last settled. A square is all that is needed to go
/// on from there: where many rows are alike, or nearly, they are settled again for every pick.
pub(super) struct Seen(Vec<(u32, f64)>);

impl Seen {
    /// No row of so many; without a ridge nothing will be seen, as rows would have to be kept.
    pub(super) fn none(rows: usize, basis: &Basis) -> Self {
        let rows = if basis.has_ridge() { rows } else { 0 };
        Self(vec![(0, f64::INFINITY); rows])
    }

    /// Notes what is known of some rows.
    pub(super) fn note(&mut self, candidates: &[Candidate]) {
        for one in candidates {
            if let Some(seen) = self.0.get_mut(one.row) {
                *seen = (one.residual.known() as u32, one.residual.sq());
            }
        }
    }

    /// Holds of a row what is known of one that is alike, and gives a bound of its square.
    pub(super) fn hand_on(&mut self, from: usize, to: usize) -> f64 {
        let seen = self.0[from];
        self.0[to] = seen;
        seen.1
    }

    /// Takes up rows of which nothing is known where they were last seen.
    fn recall_one(&self, one: &mut Candidate) {
        if let Some(&(known, sq)) = self.0.get(one.row).filter(|(known, _)| *known > 0) {
            one.residual.take_up(known as usize, sq);
            one.bound = sq;
        }
    }

    /// The same of all of these.
    pub(super) fn recall(&self, candidates: &mut [Candidate]) {
        candidates.iter_mut().for_each(|one| self.recall_one(one));
    }
}

/// Settles the live ones; ends those whose residual is within the tolerance.
pub(super) fn settle(
    candidates: &mut [Candidate],
    basis: &Basis,
    tol: f64,
    stop: &Stop,
) -> Result<(), Error> {
    settle_from(candidates, f64::NEG_INFINITY, (basis, tol), stop).map(drop)
}

/// The live candidate of largest residual, ties to the first, which is then settled, as are all that
/// might have been it.
pub(super) fn largest(
    candidates: &mut [Candidate],
    basis: &Basis,
    tol: f64,
    stop: &Stop,
) -> Result<Option<usize>, Error> {
    loop {
        let live = candidates.iter().zip(0..).filter(|(one, _)| one.live);
        let settled = live.clone().filter(|(one, _)| one.is_settled(basis));
        let best = rank::argmin(settled.map(|(one, at)| (-one.bound, at)));
        let least = if let Some((key, _)) = best {
            -key
        } else {
            let keys: Vec<f64> = live.map(|(one, _)| -one.bound).collect();
            let Some(last) = keys.len().checked_sub(1) else {
                return Ok(None);
            };
            -rank::nth_smallest(keys, last.min(FIRST - 1))
        };
        if !settle_from(candidates, least, (basis, tol), stop)? {
            return Ok(best.map(|(_, at)| at));
        }
    }
}

/// Settles the live ones whose bound is at least that; says whether there were any.
fn settle_from(
    candidates: &mut [Candidate],
    least: f64,
    (basis, tol): (&Basis, f64),
    stop: &Stop,
) -> Result<bool, Error> {
    let due = |one: &&mut Candidate| one.live && one.bound >= least && !one.is_settled(basis);
    let mut due: Vec<&mut Candidate> = candidates.iter_mut().filter(due).collect();
    let Some(behind) = due.iter().map(|one| one.residual.known()).min() else {
        return Ok(false);
    };
    let work = due[0].residual.values().len() * (basis.len() - behind);
    (stop.over(due.par_iter_mut()))
        .with_min_len(AT_LEAST.div_ceil(work))
        .try_for_each(|one| {
            let one = one?;
            one.residual.advance(basis);
            one.bound = one.residual.sq();
            one.live = one.residual.is_live(tol);
            Ok(())
        })?;
    Ok(true)
}
