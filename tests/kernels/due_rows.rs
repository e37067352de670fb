//! The rows that may fire.

use crate::states::with_states;
use coresift::kernels::{Due, Rate};
use std::collections::BTreeSet;

#[test]
fn due_rows_are_those_that_may_fire() {
    for rows in [1, 255, 257, 70_000] {
        with_states(rows, |device, pool, states| {
            let mut residuals = pool.residuals().unwrap();
            residuals.load(&states).unwrap();
            for (power, tau) in [
                (1.0, 30.0),
                (2.0, 20.0),
                (0.5, 1e-30),
                (0.5, 2.0),
                (3.0, 77.0),
                (64.0, 3e38),
            ] {
                let rate = Rate::new(power);
                let due = residuals.due_rows(tau, rate, rows).unwrap();
                // Beside these, the slack may let in a row whose `left` is just over the limit, and
                // a rate below what every device tells from zero may count for more.
                let mut want = BTreeSet::new();
                let mut may = BTreeSet::new();
                for (row, s) in states.iter().enumerate().filter(|(_, s)| !s.is_masked()) {
                    let rate = f64::from(s.residual_sq).powf(power / 2.0);
                    if f64::from(s.left) < f64::from(tau) * rate {
                        want.insert(row);
                    }
                    let most = rate.max((-125f64).exp2()) * (1.0 + 1e-4 * (1.0 + power));
                    if f64::from(s.left) < f64::from(tau) * most {
                        may.insert(row);
                    }
                }
                let found: BTreeSet<usize> = due.rows.iter().copied().collect();
                assert_eq!(found.len(), due.rows.len(), "{device}: twice");
                assert_eq!(due.count, due.rows.len(), "{device}");
                assert!(
                    found.is_superset(&want),
                    "{device} {rows} power {power} tau {tau}"
                );
                assert!(
                    found.is_subset(&may),
                    "{device} {rows} power {power} tau {tau}"
                );
            }
        });
    }
}

#[test]
fn due_rows_past_the_limit_are_counted() {
    for rows in [1, 300, 70_000] {
        with_states(rows, |device, pool, states| {
            let unmasked = states.iter().filter(|s| !s.is_masked()).count();
            let mut residuals = pool.residuals().unwrap();
            residuals.load(&states).unwrap();
            for limit in [0, 1, 100, rows, usize::MAX] {
                let Due { count, rows: found } =
                    residuals.due_rows(f32::MAX, Rate::new(1.0), limit).unwrap();
                assert_eq!(count, unmasked, "{device} {rows} limit {limit}");
                assert_eq!(
                    found.len(),
                    unmasked.min(limit),
                    "{device} {rows} limit {limit}"
                );
                let distinct: BTreeSet<usize> = found.iter().copied().collect();
                assert_eq!(distinct.len(), found.len(), "{device}");
                assert!(
                    distinct.iter().all(|&row| !states[row].is_masked()),
                    "{device}"
                );
            }
        });
    }
}
