//! Greedy picks: the largest residual, which is QR with column pivoting.
//!
//! Every row has an upper bound of its squared residual: the device's, or the exact value of when
//! the host last looked, whichever is less. The rows of largest bounds are settled, and the best
//! of them is picked while it beats every bound outside (or equals it and comes first).

use super::Run;
use super::candidates::{self, Candidate};
use super::span::Span;
use crate::{Error, RowState, order};

/// Rows settled at a time.
const FEW: usize = 256;

/// Picks until the budget is reached or no row is live.
pub(super) fn epoch(run: &mut Run<'_>, span: &mut Span<'_>) -> Result<(), Error> {
    let mut bounds = vec![f64::INFINITY; run.pool.rows()];
    tighten(&mut bounds, &span.read()?);
    let mut few = FEW;
    let mut candidates = Vec::new();
    while !run.done() && !span.basis.is_full() {
        // One more than will be settled: the first bound outside.
        let mut best = largest(&bounds, few + 1);
        let outside = (best.len() > few).then(|| best.remove(few));
        if best.is_empty() {
            return Ok(());
        }
        best.sort_unstable(); // then a tie goes to the lower index
        candidates = span.settle(&best, candidates)?;
        let outside = outside.map(|row| (bounds[row], row));
        let dead = candidates
            .iter()
            .filter(|candidate| !candidate.live)
            .count();
        let picks = take_best(run, span, &mut candidates, outside);
        if run.done() || span.basis.is_full() {
            return Ok(());
        }
        for candidate in &candidates {
            bounds[candidate.row] = if candidate.live {
                candidate.residual.sq()
            } else {
                MASKED
            };
        }
        span.deflate()?;
        span.write_back(&candidates)?;
        let refresh = span.is_stale(picks == 0) || picks == 0 && dead > 0 && span.has_grown();
        if refresh {
            span.refresh()?;
        }
        if refresh || picks > 0 {
            tighten(&mut bounds, &span.read()?);
        }
        // Ties at the top are settled in ever larger lots, each row once.
        few = if picks > 0 {
            FEW
        } else {
            (2 * few).min(span.rows_at_once())
        };
    }
    Ok(())
}

/// The bound of a row that takes no part.
const MASKED: f64 = f64::NEG_INFINITY;

/// Takes in the device's bounds where they are less.
fn tighten(bounds: &mut [f64], states: &[RowState]) {
    for (bound, state) in bounds.iter_mut().zip(states) {
        let device = if state.is_masked() {
            MASKED
        } else {
            f64::from(state.bound_sq())
        };
        *bound = bound.min(device);
    }
}

/// The rows of the `count` largest bounds, in order.
fn largest(bounds: &[f64], count: usize) -> Vec<usize> {
    let keys: Vec<f64> = bounds.iter().map(|bound| -bound).collect();
    order::smallest(&keys, count)
}

/// Picks the best candidate while it beats what is outside; gives the number of picks.
fn take_best(
    run: &mut Run<'_>,
    span: &mut Span<'_>,
    candidates: &mut [Candidate],
    outside: Option<(f64, usize)>,
) -> usize {
    let mut picks = 0;
    while !run.done() {
        let live = candidates
            .iter()
            .zip(0..)
            .filter(|(candidate, _)| candidate.live);
        let keys = live.map(|(candidate, i)| (-candidate.residual.sq(), i));
        let Some((key, i)) = order::argmin(keys) else {
            break;
        };
        let picked = &mut candidates[i];
        let lost = |(bound, other): (f64, usize)| {
            order::by_key((key, picked.row), (-bound, other)).is_gt()
        };
        if outside.is_some_and(lost) {
            break;
        }
        run.pick(picked.row, (-key).sqrt());
        picked.live = false;
        span.basis.push(picked.residual.values(), 0.0);
        candidates::settle(candidates, &span.basis, span.tol);
        picks += 1;
    }
    picks
}
