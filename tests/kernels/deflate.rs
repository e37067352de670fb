//! Directions projected out of the residuals by their bounds.

use crate::common::{fractions, on_every_device, oracle, whole_numbers};
use crate::states::{fresh_states, totals_agree};
use crate::{features, pool_rows, shapes};
use coresift::kernels::rounding::{DOWN_DATE_ERROR, inner_error};
use coresift::kernels::{Rate, RowState};

/// Unit vectors with either sign: inner products with integers are exact.
fn unit_directions(count: usize, dim: usize) -> Vec<f32> {
    let mut directions = vec![0.0; count * dim];
    for m in 0..count {
        directions[m * dim + (m * 5 + 3) % dim] = if m % 2 == 0 { 1.0 } else { -1.0 };
    }
    directions
}

/// The contract's formula in `f64`: `left` is what it is before any rounding.
struct Deflated {
    residual_sq: f64,
    left: f64,
    guard: f64,
}

fn deflated(x: &[f64], state: RowState, directions: &[f32], dt: &[f32], power: f64) -> Deflated {
    let mut residual_sq = f64::from(state.residual_sq);
    let mut left = f64::from(state.left);
    let mut guard = f64::from(state.guard) + f64::from(DOWN_DATE_ERROR) * residual_sq;
    let delta = f64::from(inner_error(x.len())) * f64::from(state.norm_sq).sqrt();
    for (q, &dt) in directions.chunks(x.len()).zip(dt) {
        let c = oracle::dot(x, &oracle::wide(q));
        left -= f64::from(dt) * (residual_sq + guard).powf(power / 2.0);
        guard += delta * (2.0 * c.abs() + delta);
        residual_sq = (residual_sq - c * c).max(0.0);
    }
    let left = left.max(0.0);
    Deflated {
        residual_sq,
        left,
        guard,
    }
}

/// What `left` may lose to rounding beside `deflated`: the slack of the rate, the sum's
/// rounding, and the subtraction's.
fn left_may_lose(before: f32, hazard: f64, rate: Rate, count: usize) -> f64 {
    let relative = f64::from(rate.slack) - 1.0 + (count + 200) as f64 * 2f64.powi(-22);
    hazard * relative + f64::from(before) * 2f64.powi(-21)
}

fn check_deflate(seed: u32, rows: usize, dim: usize, count: usize, power: f64) {
    let x = whole_numbers(seed, rows * dim);
    let directions = unit_directions(count, dim);
    let dt: Vec<f32> = (0..count)
        .map(|m| (m % 4) as f32 / (8 * count) as f32)
        .collect();
    let rate = Rate::new(power);
    on_every_device(features(&x, dim), |device, pool| {
        let place = format!("{device} {rows} x {dim}, {count} directions, power {power}");
        let x = pool_rows(&x, dim, pool);
        let before = fresh_states(&x);
        let mut residuals = pool.residuals().unwrap();
        residuals.load(&before).unwrap();
        let totals = residuals.deflate(&directions, &dt, rate).unwrap();
        let after = residuals.read().unwrap();
        for (i, (before, after)) in before.iter().zip(&after).enumerate() {
            if before.is_masked() {
                assert_eq!(before, after, "{place} row {i}");
                continue;
            }
            let want = deflated(&x[i], *before, &directions, &dt, power);
            assert_eq!(
                after.residual_sq, want.residual_sq as f32,
                "{place} row {i}"
            );
            assert_eq!(after.norm_sq, before.norm_sq, "{place} row {i}");
            let (guard, left) = (f64::from(after.guard), f64::from(after.left));
            // One sum of non-negative terms, and a square root.
            let near = (guard - want.guard).abs() <= (count + 20) as f64 * 1e-7 * want.guard;
            assert!(near, "{place} row {i}: {guard:e}, {:e}", want.guard);
            let lost = left_may_lose(before.left, f64::from(before.left) - want.left, rate, count);
            assert!(
                left <= want.left && left >= want.left - lost,
                "{place} row {i}: {left}, {} - {lost:e}",
                want.left
            );
        }
        totals_agree(&place, totals, &after, rate);
    });
}

#[test]
fn deflate_exact() {
    for (seed, rows, dim) in shapes(20_000) {
        let count = [1, 2, 31, 32, 33, 64, 65][seed as usize % 7];
        check_deflate(
            seed,
            rows,
            dim,
            count,
            [1.0, 2.0, 0.5, 3.0][seed as usize % 4],
        );
    }
}

/// Panels are crossed and grids folded on the device of tiny bindings; the directions take
/// several of its bindings.
#[test]
fn deflate_of_many_rows_and_of_many_directions() {
    check_deflate(1, 70_001, 1, 2, 1.0);
    check_deflate(2, 140, 1000, 290, 1.0);
}

/// No rounding may bring the bound of a squared residual under the true one.
#[test]
fn deflate_bounds_the_residuals() {
    let (rows, dim, count) = (200, 96, 90);
    for unit in [1e-30f32, 1.0, 1e15] {
        let x: Vec<f32> = fractions(5, rows * dim).iter().map(|v| v * unit).collect();
        let directions = oracle::orthonormal(&fractions(6, count * dim), dim, count);
        let basis: Vec<Vec<f64>> = directions.chunks(dim).map(oracle::wide).collect();
        on_every_device(features(&x, dim), |device, pool| {
            let x = pool_rows(&x, dim, pool);
            let mut residuals = pool.residuals().unwrap();
            residuals.load(&fresh_states(&x)).unwrap();
            // In three calls: nothing may hang on where a block ends.
            for (part, dt) in [(0..40, 40), (40..41, 1), (41..90, 49)] {
                let directions = &directions[part.start * dim..part.end * dim];
                residuals
                    .deflate(directions, &vec![0.0; dt], Rate::new(1.0))
                    .unwrap();
            }
            let after = residuals.read().unwrap();
            for (i, state) in after.iter().enumerate().filter(|(_, s)| !s.is_masked()) {
                let residual = oracle::residual(&x[i], &basis);
                let true_sq = oracle::dot(&residual, &residual);
                let (bound, norm_sq) = (f64::from(state.bound_sq()), f64::from(state.norm_sq));
                assert!(
                    bound >= true_sq,
                    "{device} row {i}: {bound:e} under {true_sq:e}"
                );
                let most = true_sq + 2.0 * f64::from(state.guard) + 1e-6 * norm_sq;
                assert!(bound <= most, "{device} row {i}: {bound:e} over {most:e}");
            }
        });
    }
}

/// `left` never goes up, by however many calls; at last it is 0 and stays so.
#[test]
fn left_goes_down_to_nothing() {
    let (rows, dim) = (130, 3);
    let x = whole_numbers(8, rows * dim);
    on_every_device(features(&x, dim), |device, pool| {
        let mut residuals = pool.residuals().unwrap();
        residuals
            .load(&fresh_states(&pool_rows(&x, dim, pool)))
            .unwrap();
        let mut before = residuals.read().unwrap();
        for _ in 0..3 {
            residuals
                .deflate(&unit_directions(1, dim), &[9.0], Rate::new(0.5))
                .unwrap();
            let after = residuals.read().unwrap();
            let pairs = before.iter().zip(&after);
            assert!(
                pairs
                    .into_iter()
                    .all(|(b, a)| a.left <= b.left && a.left >= 0.0),
                "{device}"
            );
            before = after;
        }
        let alive = before.iter().filter(|s| s.residual_sq > 0.0);
        assert!(alive.into_iter().any(|s| s.left == 0.0), "{device}");
    });
}
