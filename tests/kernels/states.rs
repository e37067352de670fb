//! States of Gram-Schmidt's rows: what the tests of its kernels share, and how states travel.

use crate::common::{on_every_device, oracle};
use crate::features;
use coresift::Pool;
use coresift::kernels::{Rate, RowState, Totals};

/// States that are neither all alike nor in order; every fifth is masked.
pub(super) fn some_states(rows: usize) -> Vec<RowState> {
    (0..rows)
        .map(|i| {
            let state = RowState {
                residual_sq: ((i * 7 % 8) as f32).exp2() / 16.0,
                left: 0.25 + (i * 13 % 64) as f32,
                guard: 0.0,
                norm_sq: 1.0,
            };
            if i % 5 == 3 { RowState::MASKED } else { state }
        })
        .collect()
}

/// A pool only for its states: one column of ones.
pub(super) fn with_states(rows: usize, check: impl Fn(&str, &dyn Pool, Vec<RowState>)) {
    let x = vec![1.0; rows];
    on_every_device(features(&x, 1), |device, pool| {
        check(device, pool, some_states(rows));
    });
}

/// States of rows that have not been projected; every seventh is masked.
pub(super) fn fresh_states(x: &[Vec<f64>]) -> Vec<RowState> {
    x.iter()
        .enumerate()
        .map(|(i, x)| {
            let norm_sq = oracle::dot(x, x) as f32;
            if i % 7 == 5 {
                return RowState {
                    norm_sq,
                    ..RowState::MASKED
                };
            }
            RowState {
                residual_sq: norm_sq,
                left: 3.0 + (i % 9) as f32,
                guard: 0.0,
                norm_sq,
            }
        })
        .collect()
}

pub(super) fn totals_agree(device: &str, totals: Totals, states: &[RowState], rate: Rate) {
    let unmasked = || states.iter().filter(|s| !s.is_masked());
    let want_rate: f64 = unmasked().map(|s| f64::from(rate.of(s.bound_sq()))).sum();
    let want_sq: f64 = unmasked().map(|s| f64::from(s.residual_sq)).sum();
    let near = |got: f64, want: f64| (got - want).abs() <= 1e-4 * want + 1e-30;
    assert!(
        near(totals.rate, want_rate),
        "{device}: {totals:?}, {want_rate:e}"
    );
    assert!(
        near(totals.residual_sq, want_sq),
        "{device}: {totals:?}, {want_sq:e}"
    );
}

#[test]
fn states_are_masked_until_loaded_and_written_one_by_one() {
    for rows in [1, 300, 70_000] {
        with_states(rows, |device, pool, mut states| {
            let mut residuals = pool.residuals().unwrap();
            assert!(
                residuals.read().unwrap().iter().all(RowState::is_masked),
                "{device}"
            );
            residuals.load(&states).unwrap();
            assert!(residuals.read().unwrap() == states, "{device}");

            let changed: Vec<usize> = (0..rows).rev().step_by(rows / 3 + 1).collect();
            let to: Vec<RowState> = (0..changed.len())
                .map(|k| RowState {
                    left: k as f32,
                    ..RowState::MASKED
                })
                .collect();
            residuals.write(&changed, &to).unwrap();
            residuals.write(&[], &[]).unwrap();
            changed
                .iter()
                .zip(&to)
                .for_each(|(&row, &state)| states[row] = state);
            assert!(residuals.read().unwrap() == states, "{device} {rows}");
        });
    }
}
