//! Greedy picks: the largest residual, which is QR with column pivoting.
//!
//! Every row has an upper bound of its squared residual: the device's, or the exact value of when
//! the host last looked, whichever is less. Among the rows of largest bounds the host looks closer,
//! and picks the best while it beats every bound outside (or equals it and comes first).

use super::candidates::{self, Candidate, Seen};
use super::device_bounds::DeviceBounds;
use super::replay::replay;
use super::run::Run;
use super::twins::Twins;
use crate::error::Error;
use crate::kernels::residuals::RowState;
use crate::rank;
use rayon::prelude::*;

/// Rows among which the host looks.
const FEW: usize = 192;
/// So many times as many where none of those could be picked.
const MORE: usize = 2;
/// With a ridge, where a pick leaves most of a tie standing.
const MORE_WITH_RIDGE: usize = 8;
/// Rows whose bounds a thread looks at in one go.
const ROWS: usize = 1 << 14;

/// Makes some picks `again`, then more until the budget is reached or no row is live.
pub(super) fn epoch(
    run: &mut Run<'_>,
    device_bounds: &mut DeviceBounds<'_>,
    again: &[usize],
) -> Result<(), Error> {
    replay(run, device_bounds, None, again)?;
    let mut bounds = vec![f64::INFINITY; run.pool.rows()];
    tighten(&mut bounds, &device_bounds.read()?);
    let mut seen = Seen::none(bounds.len(), &device_bounds.basis);
    let mut twins = Twins::default();
    let has_ridge = device_bounds.basis.has_ridge();
    let more = if has_ridge { MORE_WITH_RIDGE } else { MORE };
    let mut few = FEW;
    let mut candidates = Vec::new();
    while !run.done() && !device_bounds.basis.is_full() {
        // One more than will be settled: the first bound outside.
        run.settled.add(bounds.len());
        let mut best = largest(&bounds, few + 1);
        let outside = (best.len() > few).then(|| best.remove(few));
        if best.is_empty() {
            return Ok(());
        }
        best.sort_unstable(); // then a tie goes to the lower index
        candidates = device_bounds.candidates(&best, |row| bounds[row], candidates, &seen)?;
        let outside = outside.map(|row| (bounds[row], row));
        let picks = take_best(run, device_bounds, &mut candidates, (outside, &twins))?;
        seen.note(&candidates);
        let released = twins.release(run.selection.picks.last());
        if let Some((picked, next)) = released {
            bounds[next] = seen.hand_on(picked, next);
        }
        let is_dead = candidates.iter().any(|candidate| !candidate.live);
        if run.done() || device_bounds.basis.is_full() {
            return Ok(());
        }
        note(&candidates, &mut bounds);
        device_bounds.deflate_largest(FEW + 1)?;
        device_bounds.write_back(&candidates)?;
        if let Some((picked, next)) = released {
            device_bounds.unmask(next, picked, &candidates)?;
        }
        let refresh = device_bounds.is_stale(picks == 0)
            || picks == 0 && is_dead && device_bounds.has_grown();
        if refresh {
            device_bounds.refresh()?;
        }
        if refresh || picks > 0 {
            tighten(&mut bounds, &device_bounds.read()?);
        }
        if picks == 0 && few > FEW && has_ridge && !twins.are_known() {
            twins = find_twins(run, device_bounds, &mut bounds)?;
        }
        // Ties at the top are settled in ever larger lots, each row once.
        let wider = (more * few).min(device_bounds.rows_at_once());
        few = if picks > 0 { FEW } else { wider };
    }
    Ok(())
}

/// Takes over what is known of the candidates.
fn note(candidates: &[Candidate], bounds: &mut [f64]) {
    for candidate in candidates {
        bounds[candidate.row] = if candidate.live {
            candidate.bound
        } else {
            MASKED
        };
    }
}

/// The bound of a row that takes no part.
const MASKED: f64 = f64::NEG_INFINITY;

/// Takes in the device's bounds where they are less.
fn tighten(bounds: &mut [f64], states: &[RowState]) {
    let rows = bounds.par_iter_mut().zip(states).with_min_len(ROWS);
    rows.for_each(|(bound, state)| {
        let device = if state.is_masked() {
            MASKED
        } else {
            f64::from(state.bound_sq())
        };
        *bound = bound.min(device);
    });
}

/// The rows of the `count` largest bounds, in order.
fn largest(bounds: &[f64], count: usize) -> Vec<usize> {
    let keys: Vec<f64> = bounds.iter().map(|bound| -bound).collect();
    rank::smallest(&keys, count)
}

/// Looks for rows that are alike, and takes out of play those that wait.
fn find_twins(
    run: &Run<'_>,
    device_bounds: &mut DeviceBounds<'_>,
    bounds: &mut [f64],
) -> Result<Twins, Error> {
    let twins = Twins::find(run.pool, |row| bounds[row] > MASKED)?;
    let waiting = twins.waiting();
    waiting.iter().for_each(|&row| bounds[row] = MASKED);
    device_bounds.mask(&waiting)?;
    Ok(twins)
}

/// Picks the best candidate while it beats what is outside; gives the number of picks.
fn take_best(
    run: &mut Run<'_>,
    device_bounds: &mut DeviceBounds<'_>,
    candidates: &mut [Candidate],
    (outside, twins): (Option<(f64, usize)>, &Twins),
) -> Result<usize, Error> {
    let mut picks = 0;
    while !run.done() {
        let best = candidates::largest(
            candidates,
            &device_bounds.basis,
            device_bounds.tol,
            device_bounds.stop(),
        )?;
        let Some(at) = best else {
            break;
        };
        let picked = &mut candidates[at];
        let key = -picked.bound;
        let lost =
            |(bound, other): (f64, usize)| rank::by_key((key, picked.row), (-bound, other)).is_gt();
        if outside.is_some_and(lost) {
            break;
        }
        run.pick(picked.row, (-key).sqrt())?;
        picked.live = false;
        device_bounds.basis.push(picked.residual.picked(), 0.0);
        picks += 1;
        // What waited for it is no candidate, and may come next.
        if twins.next(picked.row).is_some() {
            break;
        }
    }
    Ok(picks)
}
