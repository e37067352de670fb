//! Directions projected out of the largest residuals alone.

use crate::common::{fractions, on_every_device, oracle};
use crate::states::{fresh_states, totals_agree};
use crate::{features, pool_rows};
use coresift::kernels::{Rate, RowState};

/// Rows may be left behind, but not those of the largest bounds, and no bound may come under the true
/// residual. What follows finds every row as if none had been left behind.
#[test]
fn deflate_largest_has_the_largest() {
    let (rows, dim, count, largest) = (3000, 48, 41, 20);
    let mut x = fractions(9, rows * dim);
    // Lengths far apart: most rows need not be looked at.
    for (row, x) in x.chunks_mut(dim).enumerate() {
        x.iter_mut()
            .for_each(|v| *v *= 1.0 + (row % 97) as f32 / 10.0);
    }
    let directions = oracle::orthonormal(&fractions(10, count * dim), dim, count);
    let basis: Vec<Vec<f64>> = directions.chunks(dim).map(oracle::wide).collect();
    let rate = Rate::new(1.0);
    on_every_device(features(&x, dim), |device, pool| {
        let x = pool_rows(&x, dim, pool);
        let (mut residuals, mut all) = (pool.residuals().unwrap(), pool.residuals().unwrap());
        for residuals in [&mut residuals, &mut all] {
            let mut states = fresh_states(&x);
            for state in states.iter_mut().filter(|s| !s.is_masked()) {
                state.residual_sq = state.residual_sq.next_up(); // it is rounded
            }
            residuals.load(&states).unwrap();
        }
        let mut behind = 0;
        for part in [0..1, 1..6, 6..30, 30..40] {
            let number = part.len();
            let new = &directions[part.start * dim..part.end * dim];
            let totals = residuals
                .deflate_largest(new, number, largest, rate)
                .unwrap();
            all.deflate(new, &vec![0.0; number], rate).unwrap();
            let (states, up_to_date) = (residuals.read().unwrap(), all.read().unwrap());
            totals_agree(device, totals, &states, rate);
            let true_sq = squares_left(&x, &basis[..part.end]);
            behind += rows_behind(device, &states, &up_to_date, &true_sq, largest);
        }
        let has_cpu = device == "cpu" || device.ends_with("shards");
        assert_eq!(behind > 0, has_cpu, "{device}: {behind} rows behind");
        for residuals in [&mut residuals, &mut all] {
            residuals
                .deflate(&directions[40 * dim..], &[0.0], rate)
                .unwrap();
        }
        let pairs = residuals
            .read()
            .unwrap()
            .into_iter()
            .zip(all.read().unwrap());
        for (i, (state, want)) in pairs.enumerate() {
            let bound = state.bound_sq();
            assert!(
                is_fresh(&state, &want),
                "{device} row {i}: {bound}, {}",
                want.bound_sq()
            );
        }
    });
}

/// The squares of what the oracle leaves of every row.
fn squares_left(x: &[Vec<f64>], basis: &[Vec<f64>]) -> Vec<f64> {
    let square = |x: &Vec<f64>| {
        let residual = oracle::residual(x, basis);
        oracle::dot(&residual, &residual)
    };
    x.iter().map(square).collect()
}

/// How many rows have been left behind: none of the `largest` bounds, and each still bounded.
fn rows_behind(
    device: &str,
    states: &[RowState],
    up_to_date: &[RowState],
    true_sq: &[f64],
    largest: usize,
) -> usize {
    let mut bounds: Vec<f32> = states.iter().map(RowState::bound_sq).collect();
    bounds.sort_by(|a, b| b.total_cmp(a));
    let mut behind = 0;
    for (i, state) in states.iter().enumerate().filter(|(_, s)| !s.is_masked()) {
        let (bound, true_sq) = (f64::from(state.bound_sq()), true_sq[i]);
        assert!(
            bound >= true_sq,
            "{device} row {i}: {bound:e} under {true_sq:e}"
        );
        let is_fresh = is_fresh(state, &up_to_date[i]);
        assert!(
            is_fresh || state.bound_sq() < bounds[largest - 1],
            "{device} row {i}"
        );
        behind += usize::from(!is_fresh);
    }
    behind
}

/// Whether a row's bound is what it is where none is left behind. A guard is less by DOWN_DATE_ERROR
/// for every deflation that the row has been spared.
fn is_fresh(state: &RowState, up_to_date: &RowState) -> bool {
    let apart = f64::from(state.bound_sq()) - f64::from(up_to_date.bound_sq());
    apart.abs() <= 5e-4 * f64::from(state.norm_sq)
}
