//! Residuals made anew from the features.

use crate::common::{fractions, on_every_device, oracle, whole_numbers};
use crate::states::{fresh_states, totals_agree};
use crate::{features, pool_rows, shapes};
use coresift::kernels::rounding::{DOWN_DATE_ERROR, inner_error, slip};
use coresift::kernels::{Rate, RowState};

/// Refreshes states that know nothing, against the oracle.
fn check_refresh(seed: u32, rows: usize, dim: usize, count: usize, unit: f32, dead: f32) {
    let mut x: Vec<f32> = fractions(seed, rows * dim)
        .iter()
        .map(|v| v * unit)
        .collect();
    let basis = oracle::orthonormal(&fractions(seed + 100, count * dim), dim, count);
    // Some rows in the span, which a refresh finds dead.
    for row in (2..rows).step_by(9).filter(|_| count > 0) {
        let from = &basis[row % count * dim..][..dim];
        x[row * dim..][..dim]
            .iter_mut()
            .zip(from)
            .for_each(|(x, q)| *x = 0.5 * unit * q);
    }
    let rate = Rate::new(1.0);
    on_every_device(features(&x, dim), |device, pool| {
        let place = format!("{device} {rows} x {dim}, {count} vectors, unit {unit:e}");
        let x = pool_rows(&x, dim, pool);
        let wide: Vec<Vec<f64>> = basis.chunks(dim).map(oracle::wide).collect();
        let mut before = fresh_states(&x);
        before
            .iter_mut()
            .filter(|s| !s.is_masked())
            .for_each(|s| s.residual_sq = 77.0);
        let mut residuals = pool.residuals().unwrap();
        residuals.load(&before).unwrap();
        let totals = residuals.refresh(&basis, dead, rate).unwrap();
        let after = residuals.read().unwrap();
        for (i, (before, after)) in before.iter().zip(&after).enumerate() {
            // Twice, as f32 vectors are orthonormal to 1e-7 only.
            let once = oracle::residual(&x[i], &wide);
            let residual = oracle::residual(&once, &wide);
            let true_sq = oracle::dot(&residual, &residual);
            check_row(
                &format!("{place} row {i}"),
                before,
                after,
                true_sq,
                dead,
                dim,
            );
        }
        totals_agree(&place, totals, &after, rate);
    });
}

/// A row of which the oracle leaves a square of `true_sq`: masked as before, dead, or bounded.
fn check_row(
    place: &str,
    before: &RowState,
    after: &RowState,
    true_sq: f64,
    dead: f32,
    dim: usize,
) {
    if before.is_masked() {
        assert_eq!(before, after, "{place}");
        return;
    }
    let limit = f64::from(dead).powi(2) * f64::from(before.norm_sq);
    if after.is_masked() {
        assert!(
            dead >= 0.0 && true_sq <= 1.1 * limit,
            "{place}: {true_sq:e} dead"
        );
        return;
    }
    assert!(
        dead < 0.0 || true_sq >= 0.9 * limit,
        "{place}: {true_sq:e} lives"
    );
    let (residual_sq, norm_sq) = (f64::from(after.residual_sq), f64::from(before.norm_sq));
    // A rounding of eps |x| in the residual, some dozens of times.
    let near = 1e-5 * (true_sq * norm_sq).sqrt() + 1e-10 * norm_sq;
    assert!(
        (residual_sq - true_sq).abs() <= near,
        "{place}: {residual_sq:e}, {true_sq:e}"
    );
    assert!(f64::from(after.bound_sq()) >= true_sq, "{place}");
    let delta = inner_error(dim) * after.norm_sq.sqrt();
    let want = slip(after.residual_sq.sqrt(), delta) + DOWN_DATE_ERROR * after.residual_sq;
    let got = after.guard;
    assert!(
        (got / want - 1.0).abs() < 1e-5,
        "{place}: {got:e}, {want:e}"
    );
    assert_eq!(
        (after.left, after.norm_sq),
        (before.left, before.norm_sq),
        "{place}"
    );
}

#[test]
fn refresh_is_the_projection() {
    for (seed, rows, dim) in shapes(10_000) {
        let count = [0, 1, 2, 31, 33, 64][seed as usize % 6].min(dim);
        check_refresh(
            seed,
            rows,
            dim,
            count,
            1.0,
            [-1.0, 1e-3, 1e-5][seed as usize % 3],
        );
    }
    for unit in [1e-30, 1e-3, 1e15] {
        check_refresh(7, 140, 40, 33, unit, 1e-4);
    }
}

/// Panels are crossed and grids folded on the device of tiny bindings; the basis takes several
/// of its bindings.
#[test]
fn refresh_of_many_rows_and_of_many_vectors() {
    check_refresh(3, 70_001, 2, 1, 1.0, 1e-3);
    check_refresh(4, 140, 1000, 290, 1.0, 1e-3);
}

/// Against a basis of the whole space one projection in f32 leaves 1e-7 of a row, the second
/// 1e-7 of that.
#[test]
fn refresh_projects_twice() {
    let (rows, dim) = (130, 48);
    let x = fractions(31, rows * dim);
    let basis = oracle::orthonormal(&fractions(32, dim * dim), dim, dim);
    on_every_device(features(&x, dim), |device, pool| {
        let mut residuals = pool.residuals().unwrap();
        let states = fresh_states(&pool_rows(&x, dim, pool));
        residuals.load(&states).unwrap();
        residuals.refresh(&basis, -1.0, Rate::new(1.0)).unwrap();
        let after = residuals.read().unwrap();
        for (i, state) in after.iter().enumerate().filter(|(_, s)| !s.is_masked()) {
            let left = f64::from(state.residual_sq) / f64::from(state.norm_sq);
            assert!(left < 1e-20, "{device} row {i}: {left:e}");
        }
    });
}

/// With a basis of nothing the residual is the row.
#[test]
fn refresh_without_a_basis_is_exact() {
    let (rows, dim) = (257, 33);
    let x = whole_numbers(4, rows * dim);
    on_every_device(features(&x, dim), |device, pool| {
        let states = fresh_states(&pool_rows(&x, dim, pool));
        let mut residuals = pool.residuals().unwrap();
        let forgotten = |s: &RowState| match s.is_masked() {
            true => *s,
            false => RowState {
                residual_sq: 5.0,
                ..*s
            },
        };
        residuals
            .load(&states.iter().map(forgotten).collect::<Vec<_>>())
            .unwrap();
        residuals.refresh(&[], -1.0, Rate::new(1.0)).unwrap();
        for (got, want) in residuals.read().unwrap().iter().zip(&states) {
            assert_eq!(got.residual_sq, want.residual_sq, "{device}");
        }
    });
}
