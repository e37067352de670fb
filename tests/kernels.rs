//! Every kernel on every device against the oracle: exact where whole numbers allow it, within
//! a derived bound where they do not.

mod common;

use common::{fractions, on_every_device, oracle, whole_numbers};
use coresift::kernels::rounding::{
    DOWN_DATE_ERROR, closest_error, inner_error, norm_bounds, score_error, slip,
};
use coresift::kernels::{
    Bunch, ClassRanges, Due, Examples, Field, IntegerRows, Length, MARKED, MASK, Marks, Nearest,
    Neighbours, Rate, Reach, RowState, Similarities, stored_pitch,
};
use coresift::{Error, Features, Lp, Pool};
use std::collections::BTreeSet;
use std::ops::Range;

/// Around the lane count, the tile, a workgroup's threads and rows; one; far from any multiple.
const DIMS: [usize; 12] = [1, 2, 15, 16, 17, 31, 63, 64, 65, 127, 128, 1000];
const ROWS: [usize; 8] = [1, 2, 7, 63, 65, 127, 129, 1000];
const NORMS: [Lp; 3] = [Lp::L1, Lp::L2, Lp::LInf];

/// Every shape whose matrix is small enough for a software adapter, with a seed.
fn shapes(most: usize) -> impl Iterator<Item = (u32, usize, usize)> {
    let all = DIMS.iter().flat_map(|&dim| ROWS.map(|rows| (rows, dim)));
    (1..)
        .zip(all.filter(move |(rows, dim)| rows * dim <= most))
        .map(|(s, (r, d))| (s, r, d))
}

fn features(x: &[f32], dim: usize) -> Features<'_> {
    Features::new(x, x.len() / dim, dim).expect("features")
}

/// The rows in the pool's unit, in `f64`.
fn pool_rows(x: &[f32], dim: usize, pool: &dyn Pool) -> Vec<Vec<f64>> {
    let scale = f64::from(pool.scale());
    x.chunks(dim)
        .map(|row| row.iter().map(|&v| f64::from(v) * scale).collect())
        .collect()
}

#[test]
fn row_norms_exact() {
    for (seed, rows, dim) in shapes(130_000) {
        let x = whole_numbers(seed, rows * dim);
        on_every_device(features(&x, dim), |device, pool| {
            let scale = f64::from(pool.scale());
            for (p, norm) in NORMS.into_iter().enumerate() {
                let unit = if norm == Lp::L2 { scale * scale } else { scale };
                let want: Vec<f32> = x
                    .chunks(dim)
                    .map(|row| (oracle::norms(row)[p] * unit) as f32)
                    .collect();
                let got = pool.row_norms(norm).unwrap();
                assert_eq!(got, want, "{device} {norm:?} {rows} x {dim} seed {seed}");
            }
        });
    }
}

/// A pool of one column has the most rows: grids fold, panels are crossed.
#[test]
fn row_norms_of_many_rows() {
    let x = whole_numbers(3, 600_001);
    on_every_device(features(&x, 1), |device, pool| {
        let scale = pool.scale();
        let want: Vec<f32> = x.iter().map(|v| v.abs() * scale).collect();
        assert!(pool.row_norms(Lp::LInf).unwrap() == want, "{device}");
    });
}

/// Σ over any order of non-negative terms: `norm_bounds` says how far it may be off. From 1e-30
/// to 1e15: the scale keeps squares in range.
#[test]
fn row_norms_rounding() {
    let (rows, dim) = (33, 1000);
    for unit in [1e-30, 1e-3, 1.0, 1e15] {
        let x: Vec<f32> = fractions(9, rows * dim).iter().map(|v| v * unit).collect();
        on_every_device(features(&x, dim), |device, pool| {
            let scale = f64::from(pool.scale());
            for (p, norm) in NORMS.into_iter().enumerate() {
                for (row, got) in x.chunks(dim).zip(pool.row_norms(norm).unwrap()) {
                    let want = oracle::norms(row)[p];
                    let want = scale * if norm == Lp::L2 { want.sqrt() } else { want };
                    let (low, high) = norm_bounds(norm, got, dim);
                    let ulp = 1e-15 * want;
                    assert!(
                        low - ulp <= want && want <= high + ulp,
                        "{device} {norm:?} unit {unit:e}: {got:e} gives [{low:e}, {high:e}], {want:e}"
                    );
                }
            }
        });
    }
}

/// The smallest numbers beside the largest: nothing but zero has length zero.
#[test]
fn row_norms_of_subnormals() {
    let tiny = f32::from_bits(1);
    let x = [
        1.0, 0.0, 0.0, //
        tiny, 0.0, -tiny, //
        0.0, -0.0, 0.0, //
        1e-30, 1e-30, 1e-38,
    ];
    on_every_device(features(&x, 3), |device, pool| {
        for norm in NORMS {
            let got = pool.row_norms(norm).unwrap();
            assert_eq!(got[0], 1.0, "{device} {norm:?}");
            assert!(
                got[1] > 0.0 && got[1] <= 2.4e-38,
                "{device} {norm:?} {:e}",
                got[1]
            );
            assert_eq!(got[2], 0.0, "{device} {norm:?}");
            assert!(got[3] > 0.0, "{device} {norm:?}");
        }
        assert_eq!(
            pool.row_norms(Lp::LInf).unwrap()[1],
            f32::MIN_POSITIVE,
            "{device}"
        );
    });
    // All subnormal: the scale brings them to where numbers are.
    let x: Vec<f32> = (1..=6).map(|bits| f32::from_bits(bits * 1000)).collect();
    on_every_device(features(&x, 2), |device, pool| {
        let scale = f64::from(pool.scale());
        for (row, got) in x.chunks(2).zip(pool.row_norms(Lp::L2).unwrap()) {
            let want = oracle::norms(row)[1].sqrt() * scale;
            let (low, high) = norm_bounds(Lp::L2, got, 2);
            assert!(
                low <= want && want <= high,
                "{device}: {got:e} for {want:e}"
            );
        }
    });
}

#[test]
fn gathered_rows_are_the_same_to_the_bit() {
    for (seed, rows, dim) in shapes(70_000) {
        let mut x = fractions(seed, rows * dim);
        x[0] = f32::from_bits(7);
        x[rows * dim - 1] = -0.0;
        // Backwards, with one row again and again, across every panel.
        let mut wanted: Vec<usize> = (0..rows).rev().step_by(3).collect();
        wanted.extend([rows / 2, 0, rows - 1, rows / 2]);
        on_every_device(features(&x, dim), |device, pool| {
            let scale = pool.scale();
            let want: Vec<u32> = wanted
                .iter()
                .flat_map(|&row| &x[row * dim..][..dim])
                .map(|v| (v * scale).to_bits())
                .collect();
            let got = pool.gather_rows(&wanted).unwrap();
            let got: Vec<u32> = got.iter().map(|v| v.to_bits()).collect();
            assert!(got == want, "{device} {rows} x {dim} seed {seed}");
            assert!(pool.gather_rows(&[]).unwrap().is_empty(), "{device}");
        });
    }
}

/// Also rows that are nothing beside the longest in pool unit, and pools of nothing but subnormals.
#[test]
fn given_rows_are_the_callers_to_the_bit() {
    let (rows, dim) = (40, 5);
    let numbers = whole_numbers(13, rows * dim);
    for units in [[60, -149], [0, 0], [-149, -149], [-20, -140]] {
        let unit = |at: usize| f64::from(units[at / dim % 2]).exp2();
        let x = (0..rows * dim).map(|at| (f64::from(numbers[at]) * unit(at)) as f32);
        let x: Vec<f32> = x.collect();
        let wanted: Vec<usize> = (0..rows).rev().chain([3, 4]).collect();
        let want = wanted.iter().flat_map(|&row| &x[row * dim..][..dim]);
        let want: Vec<u32> = want.map(|v| v.to_bits()).collect();
        on_every_device(features(&x, dim), |device, pool| {
            let got = pool.given_rows(&wanted).unwrap();
            let got: Vec<u32> = got.iter().map(|v| v.to_bits()).collect();
            assert!(got == want, "{device}, units {units:?}");
        });
    }
}

/// More values than one dispatch copies on a device of tiny bindings.
#[test]
fn gather_of_a_whole_pool() {
    let (rows, dim) = (6_000, 128);
    let x = whole_numbers(11, rows * dim);
    on_every_device(features(&x, dim), |device, pool| {
        let scale = pool.scale();
        let all: Vec<usize> = (0..rows).collect();
        let want: Vec<f32> = x.iter().map(|v| v * scale).collect();
        assert!(pool.gather_rows(&all).unwrap() == want, "{device}");
    });
}

/// What is sent and fetched in more than one piece arrives whole.
#[test]
fn large_pools_travel_in_pieces() {
    let (rows, dim) = (2_200_000, 4);
    let x = fractions(12, rows * dim);
    let wanted: Vec<usize> = (0..rows).step_by(50_000).chain([rows - 1]).collect();
    let states = some_states(rows);
    on_every_device(features(&x, dim), |device, pool| {
        let scale = pool.scale();
        let row = |&row: &usize| x[row * dim..][..dim].iter().map(|v| v * scale);
        let want: Vec<f32> = wanted.iter().flat_map(row).collect();
        assert!(pool.gather_rows(&wanted).unwrap() == want, "{device}");
        let mut residuals = pool.residuals().unwrap();
        residuals.load(&states).unwrap();
        assert!(residuals.read().unwrap() == states, "{device}");
    });
}

/// States that are neither all alike nor in order; every fifth is masked.
fn some_states(rows: usize) -> Vec<RowState> {
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
fn with_states(rows: usize, check: impl Fn(&str, &dyn Pool, Vec<RowState>)) {
    let x = vec![1.0; rows];
    on_every_device(features(&x, 1), |device, pool| {
        check(device, pool, some_states(rows));
    });
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

/// States of rows that have not been projected; every seventh is masked.
fn fresh_states(x: &[Vec<f64>]) -> Vec<RowState> {
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

/// Unit vectors with either sign: inner products with whole numbers are exact.
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

fn totals_agree(device: &str, totals: coresift::kernels::Totals, states: &[RowState], rate: Rate) {
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
            let mut bounds: Vec<f32> = states.iter().map(RowState::bound_sq).collect();
            bounds.sort_by(|a, b| b.total_cmp(a));
            for (i, state) in states.iter().enumerate().filter(|(_, s)| !s.is_masked()) {
                let residual = oracle::residual(&x[i], &basis[..part.end]);
                let (bound, true_sq) = (
                    f64::from(state.bound_sq()),
                    oracle::dot(&residual, &residual),
                );
                assert!(
                    bound >= true_sq,
                    "{device} row {i}: {bound:e} under {true_sq:e}"
                );
                // A guard is less by DOWN_DATE_ERROR for every deflation that the row has been spared.
                let fresh = f64::from(up_to_date[i].bound_sq());
                let is_fresh = (bound - fresh).abs() <= 5e-4 * f64::from(state.norm_sq);
                assert!(
                    is_fresh || state.bound_sq() < bounds[largest - 1],
                    "{device} row {i}"
                );
                behind += usize::from(!is_fresh);
            }
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
            let (bound, want) = (state.bound_sq(), want.bound_sq());
            let is_fresh = (bound - want).abs() <= 5e-4 * state.norm_sq;
            assert!(is_fresh, "{device} row {i}: {bound}, {want}");
        }
    });
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
            if before.is_masked() {
                assert_eq!(before, after, "{place} row {i}");
                continue;
            }
            // Twice, as f32 vectors are orthonormal to 1e-7 only.
            let once = oracle::residual(&x[i], &wide);
            let residual = oracle::residual(&once, &wide);
            let true_sq = oracle::dot(&residual, &residual);
            let limit = f64::from(dead).powi(2) * f64::from(before.norm_sq);
            if after.is_masked() {
                assert!(
                    dead >= 0.0 && true_sq <= 1.1 * limit,
                    "{place} row {i}: {true_sq:e} dead"
                );
                continue;
            }
            assert!(
                dead < 0.0 || true_sq >= 0.9 * limit,
                "{place} row {i}: {true_sq:e} lives"
            );
            let (residual_sq, norm_sq) = (f64::from(after.residual_sq), f64::from(before.norm_sq));
            // A rounding of eps |x| in the residual, some dozens of times.
            let near = 1e-5 * (true_sq * norm_sq).sqrt() + 1e-10 * norm_sq;
            assert!(
                (residual_sq - true_sq).abs() <= near,
                "{place} row {i}: {residual_sq:e}, {true_sq:e}"
            );
            assert!(f64::from(after.bound_sq()) >= true_sq, "{place} row {i}");
            let delta = inner_error(dim) * after.norm_sq.sqrt();
            let want = slip(after.residual_sq.sqrt(), delta) + DOWN_DATE_ERROR * after.residual_sq;
            let got = after.guard;
            assert!(
                (got / want - 1.0).abs() < 1e-5,
                "{place} row {i}: {got:e}, {want:e}"
            );
            assert_eq!(
                (after.left, after.norm_sq),
                (before.left, before.norm_sq),
                "{place}"
            );
        }
        totals_agree(&place, totals, &after, rate);
    });
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

/// Whole-number rows in classes, and all that the oracle says of them.
struct Integers {
    rows: IntegerRows,
    ranges: ClassRanges,
    threshold: Option<i32>,
    similarities: Vec<Vec<i64>>,
    place: String,
}

impl Integers {
    /// Rows of random directions that keep near their class's own, and near the greatest length.
    fn random(seed: u32, dim: usize, classes: &[usize], threshold: Option<i32>) -> Self {
        let ranges = ClassRanges::new(classes.iter().copied());
        let count = ranges.places();
        let mut rows = IntegerRows::zeros(dim, count);
        let x = fractions(seed, (count + classes.len()) * dim);
        let (own, centres) = x.split_at(count * dim);
        let most = 32_767.0 / (dim as f32).sqrt();
        let pitch = rows.pitch();
        for class in 0..classes.len() {
            let centre = &centres[class * dim..][..dim];
            for row in ranges.class(class) {
                let values = rows.values_mut()[row * pitch..][..dim].iter_mut();
                for ((value, own), centre) in values.zip(&own[row * dim..]).zip(centre) {
                    *value = (most * (0.4 * own + 0.6 * centre)) as i16;
                }
            }
        }
        Self::new(rows, ranges, threshold)
    }

    fn new(rows: IntegerRows, ranges: ClassRanges, threshold: Option<i32>) -> Self {
        let wide = |row: usize| rows.row(row).iter().map(|&v| i64::from(v)).collect();
        let wide: Vec<Vec<i64>> = (0..rows.rows()).map(wide).collect();
        let ends = (0..ranges.classes()).map(|class| ranges.class(class).end);
        let (ends, wide_threshold): (Vec<usize>, _) = (ends.collect(), threshold.map(i64::from));
        let place = format!(
            "ends {ends:?} pitch {} threshold {threshold:?}",
            rows.pitch()
        );
        Self {
            similarities: oracle::similarities(&wide, &ends, wide_threshold),
            rows,
            ranges,
            threshold,
            place,
        }
    }

    /// On every device, and on one whose bindings hold 64 rows of 16 values, or a panel of
    /// 32 x 32 similarities, of which there are five.
    fn on_every_device(&self, check: impl Fn(&str, &mut dyn Similarities)) {
        // Features that come to these very whole numbers: exact in f32.
        let mut x: Vec<f32> = self
            .rows
            .values()
            .iter()
            .map(|&v| f32::from(v) / 32_768.0)
            .collect();
        x.resize(x.len().max(self.rows.pitch()), 0.0); // a pool has at least one row
        let features = Features::new(&x, x.len() / self.rows.pitch(), self.rows.pitch()).unwrap();
        let order: Vec<usize> = (0..self.rows.rows()).collect();
        let classes = (0..self.ranges.classes()).map(|class| &order[self.ranges.class(class)]);
        let classes: Vec<&[usize]> = classes.collect();
        let check = |place: &str, pool: &dyn Pool| {
            let examples = Examples {
                classes: &classes,
                views: 1,
                length: Length::Given(f64::from(pool.scale())),
            };
            let mut similarities = pool.similarities(examples, self.threshold).unwrap();
            check(&format!("{place} {}", self.place), &mut *similarities);
        };
        on_every_device(features.clone(), check);
        #[cfg(feature = "gpu")]
        if self.rows.rows() <= 256 && self.rows.pitch() <= 64 {
            check("cut", &common::devices::cut().pool(features).unwrap());
        }
    }

    fn sums(&self, rows: Range<usize>, columns: &[usize]) -> Vec<i64> {
        rows.map(|i| columns.iter().map(|&j| self.similarities[i][j]).sum())
            .collect()
    }

    /// Nothing, one row, the last, every third backwards, all.
    fn lists(&self, rows: Range<usize>) -> Vec<Vec<usize>> {
        let mut lists = vec![Vec::new()];
        if !rows.is_empty() {
            lists.push(vec![rows.start + rows.len() / 2]);
            lists.push(vec![rows.end - 1]);
            lists.push(rows.clone().rev().step_by(3).collect());
            lists.push(rows.collect());
        }
        lists
    }

    fn rows_of(&self, classes: &Range<usize>) -> Range<usize> {
        self.ranges.span(classes.clone())
    }

    fn matrix(&self, class: usize) -> Vec<u16> {
        let rows = self.ranges.class(class);
        let mut matrix = vec![0; rows.len() * stored_pitch(rows.len())];
        for i in rows.clone() {
            let line = &mut matrix[(i - rows.start) * stored_pitch(rows.len())..][..rows.len()];
            line.iter_mut()
                .zip(&self.similarities[i][rows.clone()])
                .for_each(|(to, &s)| *to = u16::try_from(s).expect("16 bits"));
        }
        matrix
    }

    /// The rows themselves, and what they add up to.
    fn check_rows(&self, place: &str, similarities: &dyn Similarities) {
        for places in self.lists(0..self.rows.rows()) {
            let got = similarities.rows(&places).unwrap();
            assert!(got == self.rows.some(&places), "{place} {places:?}");
        }
        let wide = |row: usize| self.rows.row(row).iter().map(|&v| i64::from(v));
        let square = |row: usize| wide(row).map(|v| v * v).sum::<i64>() as i32;
        let squares: Vec<i32> = (0..self.rows.rows()).map(square).collect();
        assert_eq!(similarities.squares().unwrap(), squares, "{place}");
        for class in (0..self.ranges.classes()).filter(|_| self.threshold.is_none()) {
            let mut want = vec![0; self.rows.pitch()];
            for row in self.ranges.class(class) {
                want.iter_mut()
                    .zip(wide(row))
                    .for_each(|(sum, v)| *sum += v);
            }
            assert_eq!(similarities.total(class).unwrap(), want, "{place}");
        }
    }

    fn check_sums(&self) {
        let all = 0..self.rows.rows();
        let every: Vec<usize> = all.clone().collect();
        self.on_every_device(|place, similarities| {
            let want = self.sums(all.clone(), &every);
            assert_eq!(similarities.row_sums().unwrap(), want, "{place}");
            self.check_rows(place, similarities);
            for columns in self.lists(all.clone()) {
                let got = similarities.sum_columns(&columns).unwrap();
                assert_eq!(got, self.sums(all.clone(), &columns), "{place} {columns:?}");
            }
        });
    }

    /// What is kept of these classes, its sums, and rounds with it.
    fn check_kept(&self, classes: &Range<usize>) {
        let rows = self.rows_of(classes);
        self.on_every_device(|place, similarities| {
            let bytes = |class| coresift::kernels::stored_bytes(self.ranges.class(class).len());
            let needed: u64 = classes.clone().map(bytes).sum();
            if needed > similarities.room() {
                assert!(similarities.store(classes.clone()).is_err(), "{place}");
                return;
            }
            similarities.store(classes.clone()).unwrap();
            for class in classes.clone() {
                let got = similarities.stored(class).unwrap();
                assert!(got == self.matrix(class), "{place} class {class}");
            }
            for columns in self.lists(rows.clone()) {
                let got = similarities.sum_stored(&columns).unwrap();
                assert_eq!(
                    got,
                    self.sums(rows.clone(), &columns),
                    "{place} {columns:?}"
                );
            }
            for step in [-2, 2, (1 << 33) + 0x8000_ffff] {
                self.check_rounds(place, similarities, classes, step);
            }
        });
    }

    fn check_rounds(
        &self,
        place: &str,
        similarities: &mut dyn Similarities,
        classes: &Range<usize>,
        step: i64,
    ) {
        let rows = self.rows_of(classes);
        // Of either sign and past 32 bits; many ties; every fifth row masked.
        let gain = |row: usize| match row % 5 {
            4 => MASK + row as i64,
            r => (r as i64 - 1) * (1 << 33) + (row % 3) as i64,
        };
        let mut want_gains: Vec<i64> = (0..self.rows.rows()).map(gain).collect();
        let mut gains = want_gains[rows.clone()].to_vec();
        let counts: Vec<usize> = classes
            .clone()
            .map(|class| self.ranges.class(class).filter(|row| row % 5 != 4).count())
            .enumerate()
            .map(|(k, free)| if k % 3 == 2 { free / 2 } else { free })
            .collect();
        let want: Vec<Vec<(usize, i64)>> = (classes.clone().zip(&counts))
            .map(|(class, &count)| {
                let rows = self.ranges.class(class);
                oracle::greedy_rounds(&self.similarities, rows, &mut want_gains, count, step)
            })
            .collect();
        let got = similarities
            .greedy_rounds(&mut gains, &counts, step)
            .unwrap();
        let got: Vec<Vec<(usize, i64)>> = got
            .iter()
            .map(|of_class| {
                of_class
                    .iter()
                    .map(|round| (round.row, round.gain))
                    .collect()
            })
            .collect();
        assert!(got == want, "{place} step {step}: {got:?}, {want:?}");
        assert!(gains == want_gains[rows], "{place} step {step}");
    }
}

/// In the unit of products: none but negative products cut, half of the greatest product.
const THRESHOLDS: [Option<i32>; 3] = [Some(0), Some(1 << 29), None];

/// Around the group, the tile and its workgroup, two tiles, and the panels of the smallest
/// bindings, with classes of nothing and of one row among them.
const CLASSES: [&[usize]; 9] = [
    &[1],
    &[0, 2, 0, 0, 3],
    &[63],
    &[64, 1],
    &[65, 0],
    &[5, 127],
    &[128, 4],
    &[30, 30, 30, 31, 1, 30, 29],
    &[129, 0, 1, 300, 2],
];

/// Classes beside dims: around the step and far from it.
fn integers(each: impl Fn(Integers)) {
    let dims = [1, 15, 16, 17, 63, 64, 65, 33, 100];
    for (at, classes) in CLASSES.into_iter().enumerate() {
        for (k, threshold) in THRESHOLDS.into_iter().enumerate() {
            for dim in [dims[at], dims[(at + 2 * k + 2) % dims.len()]] {
                each(Integers::random(
                    (10 * at + k) as u32,
                    dim,
                    classes,
                    threshold,
                ));
            }
        }
    }
}

#[test]
fn sums_of_similarities_are_exact() {
    integers(|integers| integers.check_sums());
}

#[test]
fn similarities_kept_are_exact() {
    integers(|integers| {
        if integers.threshold.is_some() {
            let classes = integers.ranges.classes();
            integers.check_kept(&(0..classes));
            integers.check_kept(&(classes / 2..classes));
            integers.check_kept(&(0..1));
            integers.check_kept(&(0..0));
        }
    });
}

/// A row is more than 4 KiB: three panels on a device of tiny bindings, and a class in all of them.
#[test]
fn similarities_cross_panels() {
    let integers = Integers::random(5, 2040, &[3, 230, 1, 20], Some(1 << 27));
    integers.check_sums();
    integers.check_kept(&(1..4));
}

/// So many rows that the large tile is taken, and that sums do not fit 24 bits.
#[test]
fn similarities_of_a_large_class() {
    let integers = Integers::random(6, 2, &[7, 1421], Some(0));
    integers.check_sums();
    integers.check_kept(&(1..2));
}

/// The greatest products of either sign; the last pair is past 2^30 by rounding.
#[test]
fn similarities_at_the_ends_of_their_range() {
    let values: [[i16; 2]; 8] = [
        [32_767, 0],
        [-32_767, 0],
        [0, 32_767],
        [0, -32_767],
        [32_767, 256],
        [-32_767, -256],
        [1, -1],
        [23_170, -23_170],
    ];
    for threshold in [Some(0), Some(1), Some((1 << 30) - 1), Some(1 << 30), None] {
        let mut rows = IntegerRows::zeros(18, 160);
        let pitch = rows.pitch();
        for (row, values) in values.iter().cycle().take(160).enumerate() {
            let at = row * pitch + 2 * (row / 80);
            rows.values_mut()[at..at + 2].copy_from_slice(values);
        }
        let integers = Integers::new(rows, ClassRanges::new([80, 80]), threshold);
        integers.check_sums();
        if threshold.is_some() {
            integers.check_kept(&(0..2));
        }
    }
}

/// What is above the threshold and what is at it; halves are rounded up.
#[test]
fn similarities_round_and_are_cut() {
    let mut rows = IntegerRows::zeros(2, 6);
    let pitch = rows.pitch();
    // Products with the first row: 2^13 - 1, 2^13, 2^13 + 1, 3 * 2^13, -2^13.
    for (row, value) in [1, 8191, 8192, 8193, 24_576, -8192].into_iter().enumerate() {
        rows.values_mut()[row * pitch] = value;
    }
    for threshold in [0, 1, 8191, 8192, 8193] {
        let integers = Integers::new(rows.clone(), ClassRanges::new([6]), Some(threshold));
        integers.check_sums();
        integers.check_kept(&(0..1));
    }
}

#[test]
fn similarities_of_no_rows() {
    for classes in [0, 2] {
        let ranges = ClassRanges::new(vec![0; classes]);
        let integers = Integers::new(IntegerRows::zeros(3, 0), ranges, Some(0));
        integers.check_sums();
        integers.check_kept(&(0..classes));
    }
}

/// Rounds that take several dispatches, in classes of very different numbers.
#[test]
fn greedy_rounds_by_the_thousand() {
    // Every row is its own only neighbour but for a few: gains in the order of rows, then ties.
    let integers = Integers {
        similarities: Vec::new(),
        threshold: Some(0),
        place: String::new(),
        rows: IntegerRows::zeros(1, 7_300),
        ranges: ClassRanges::new([7_200, 1, 99]),
    };
    integers.on_every_device(|place, similarities| {
        let needed = coresift::kernels::stored_bytes(7_200);
        if needed > similarities.room() {
            return;
        }
        similarities.store(0..3).unwrap();
        let mut gains: Vec<i64> = (0..7_300).map(|row: i64| row * 7 % 7_200 / 2).collect();
        let mut order: Vec<usize> = (0..7_200).collect();
        order.sort_by_key(|&row| (std::cmp::Reverse(gains[row]), row));
        let got = similarities
            .greedy_rounds(&mut gains, &[7_200, 1, 0], -2)
            .unwrap();
        let picks: Vec<usize> = got[0].iter().map(|round| round.row).collect();
        assert!(picks == order, "{place}");
        assert_eq!((got[1].len(), got[2].len()), (1, 0), "{place}");
        assert!(
            gains[..7_201]
                .iter()
                .all(|&gain| coresift::kernels::is_masked(gain)),
            "{place}"
        );
    });
}

/// Rows of many lengths, some with values far below the rest and some with subnormals.
fn rows_of_many_lengths(seed: u32, rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(seed, rows * dim);
    for (row, x) in x.chunks_exact_mut(dim).enumerate() {
        let scale = [1.0, 3e-4, 7e5, 1e-9, 2e-30][row % 5];
        for (at, v) in x.iter_mut().enumerate() {
            *v *= if at % 7 == 3 { scale * 1e-9 } else { scale };
        }
        x[row % dim] = scale; // no row is all zeros
    }
    x
}

/// Rows made whole by f64, as the contract says it, on the host and on devices without f64.
#[test]
fn rows_are_made_whole_to_the_bit() {
    for (seed, (rows, dim)) in (0..).zip([(70, 1), (65, 2), (300, 17), (130, 64), (40, 1000)]) {
        let x = rows_of_many_lengths(seed, rows, dim);
        let length = |x: &[f32]| oracle::norms(x)[1].sqrt();
        let longest = x.chunks(dim).map(length).fold(0.0, f64::max);
        let order: Vec<usize> = (0..rows).rev().collect();
        on_every_device(features(&x, dim), |device, pool| {
            for (name, given) in [("own", None), ("given", Some(longest))] {
                let examples = Examples {
                    classes: &[&order[..20], &order[20..]],
                    views: 1,
                    length: given.map_or(Length::Own, |length| {
                        Length::Given(length * f64::from(pool.scale()))
                    }),
                };
                let similarities = pool.similarities(examples, Some(0)).unwrap();
                let places: Vec<usize> = (0..rows).collect();
                let got = similarities.rows(&places).unwrap();
                let squares = similarities.squares().unwrap();
                for (place, &row) in order.iter().enumerate() {
                    let x = &x[row * dim..][..dim];
                    let over = given.unwrap_or_else(|| length(x));
                    let whole = |&v: &f32| {
                        let exact = (f64::from(v) / over * 32_768.0).round_ties_even();
                        exact.clamp(-32_767.0, 32_767.0) as i16
                    };
                    let want: Vec<i16> = x.iter().map(whole).collect();
                    let at = format!("{device} {name} {rows} x {dim} row {row}");
                    assert_eq!(got.row(place)[..dim], want, "{at}");
                    assert!(got.row(place)[dim..].iter().all(|&v| v == 0), "{at}");
                    let square: i32 = want.iter().map(|&v| i32::from(v).pow(2)).sum();
                    assert_eq!(squares[place], square, "{at}");
                }
            }
        });
    }
}

/// Values that lie at a half, and next to one, where a device cannot tell which way they go.
#[test]
fn halves_go_to_the_even_whole_number() {
    let dim = 64;
    let mut x: Vec<f32> = (0..40 * dim)
        .map(|at| (at as f32 - 1279.5) / 65_536.0)
        .collect();
    for (at, v) in x.iter_mut().enumerate().filter(|(at, _)| at % 3 > 0) {
        *v = if at % 3 == 1 {
            v.next_up()
        } else {
            v.next_down()
        };
    }
    let order: Vec<usize> = (0..40).collect();
    on_every_device(features(&x, dim), |device, pool| {
        let examples = Examples {
            classes: &[&order],
            views: 1,
            length: Length::Given(f64::from(pool.scale())),
        };
        let got = pool
            .similarities(examples, None)
            .unwrap()
            .rows(&order)
            .unwrap();
        let whole = |&v: &f32| (v * 32_768.0).round_ties_even() as i16; // exact but for the rounding
        let want: Vec<i16> = x.iter().map(whole).collect();
        assert_eq!(got.values(), want, "{device}");
    });
}

/// Examples of several views are their means.
#[test]
fn views_are_averaged() {
    let (examples, views, dim) = (30, 3, 20);
    let x = fractions(4, examples * views * dim);
    let order: Vec<usize> = (0..examples).rev().collect();
    on_every_device(features(&x, dim), |device, pool| {
        let all = Examples {
            classes: &[&order],
            views,
            length: Length::Own,
        };
        let similarities = pool.similarities(all, Some(0)).unwrap();
        let got = similarities
            .rows(&(0..examples).collect::<Vec<_>>())
            .unwrap();
        for (place, &example) in order.iter().enumerate() {
            let x = &x[example * views * dim..][..views * dim];
            for at in 0..dim {
                let of_view = |x: &[f32]| f64::from(x[at]) / oracle::norms(x)[1].sqrt();
                let mean = x.chunks(dim).map(of_view).sum::<f64>() / views as f64;
                let want = (mean * 32_768.0).round_ties_even() as i16;
                assert_eq!(got.row(place)[at], want, "{device} {example} {at}");
            }
        }
    });
}

/// The lowest of several rows of zeros, wherever it stands among those asked for.
#[test]
fn a_row_without_a_direction_is_named() {
    let mut x = fractions(5, 50 * 6);
    x[12 * 6..13 * 6].fill(0.0);
    x[40 * 6..41 * 6].fill(0.0);
    on_every_device(features(&x, 6), |device, pool| {
        let zero_row = |classes: &[&[usize]], length| {
            let examples = Examples {
                classes,
                views: 1,
                length,
            };
            match pool.similarities(examples, Some(0)) {
                Err(Error::ZeroRow { row, .. }) => Some(row),
                Err(other) => panic!("{device}: {other}"),
                Ok(_) => None,
            }
        };
        assert_eq!(
            zero_row(&[&[3, 40], &[12, 1]], Length::Own),
            Some(12),
            "{device}"
        );
        assert_eq!(zero_row(&[&[3, 40]], Length::Own), Some(40), "{device}");
        assert_eq!(zero_row(&[&[3, 4]], Length::Own), None, "{device}");
        let given = Length::Given(8.0 * f64::from(pool.scale()));
        assert_eq!(zero_row(&[&[3, 40, 12]], given), None, "{device}");
    });
}

/// Rows made whole as f32 rounds them: every product is that of these very whole numbers.
#[test]
fn neighbours_are_made_whole_as_f32_rounds() {
    for (seed, (rows, dim)) in (20..).zip([(50, 1), (66, 3), (150, 30), (129, 257)]) {
        let x = rows_of_many_lengths(seed, rows, dim);
        on_every_device(features(&x, dim), |device, pool| {
            let scale = pool.scale();
            let whole = |x: &[f32]| -> Vec<i64> {
                let length = oracle::norms(x)[1].sqrt() * f64::from(scale);
                let factor = 32_768.0 / length;
                let of_f32 = |v: f32| {
                    let value = ((v * scale) * factor as f32).clamp(-32_767.0, 32_767.0);
                    value.round_ties_even() as i64
                };
                let of_f64 = |v: f32| {
                    let value = (f64::from(v) * f64::from(scale) * factor).round_ties_even();
                    value.clamp(-32_767.0, 32_767.0) as i64
                };
                let narrow = factor <= 1e20;
                x.iter()
                    .map(|&v| if narrow { of_f32(v) } else { of_f64(v) })
                    .collect()
            };
            let z: Vec<Vec<i64>> = x.chunks(dim).map(whole).collect();
            let labels: Vec<u32> = (0..rows as u32).collect();
            let got = pool.neighbours().unwrap().nearest_other(&labels).unwrap();
            for (row, got) in got.into_iter().enumerate() {
                let others = (0..rows).filter(|&other| other != row);
                let product = |other: usize| z[row].iter().zip(&z[other]).map(|(a, b)| a * b).sum();
                let want: Option<i64> = others.map(product).max();
                assert_eq!(
                    Some(i64::from(got)),
                    want,
                    "{device} {rows} x {dim} row {row}"
                );
            }
        });
    }
}

/// Rows of 1, 4, 16 … values of one magnitude and either sign, the rest zeros, so that they come to
/// length 2^15 without rounding; every seventh is a copy of the first, every eleventh is zeros.
fn rows_of_even_length(seed: u32, rows: usize, dim: usize) -> (Vec<f32>, Vec<Vec<i64>>) {
    let numbers = whole_numbers(seed, 2 * rows * dim + rows);
    let mut number = numbers.iter().map(|&v| v.abs() as usize).cycle();
    let (mut x, mut whole) = (vec![0.0; rows * dim], Vec::new());
    for (row, x) in x.chunks_exact_mut(dim).enumerate() {
        let mut integers = vec![0; dim];
        let most = dim.ilog2() / 2;
        let used = 4usize.pow(number.next().unwrap() as u32 % (most + 1));
        let scale = (number.next().unwrap() as f32 - 6.0).exp2();
        let first = number.next().unwrap() % dim;
        for k in (0..used).filter(|_| row % 11 != 10) {
            let sign = if number.next().unwrap() % 3 == 0 {
                -1
            } else {
                1
            };
            let at = (first + k) % dim;
            x[at] = sign as f32 * scale;
            let value = sign * (32_768.0 / (used as f64).sqrt()) as i64;
            integers[at] = value.clamp(-32_767, 32_767);
        }
        whole.push(integers);
    }
    for row in (7..rows).step_by(7).filter(|row| row % 11 != 10) {
        x.copy_within(..dim, row * dim);
        whole[row] = whole[0].clone();
    }
    (x, whole)
}

/// Whole-number products of all pairs, and what the kernels are to say of them.
struct Pairs {
    x: Vec<f32>,
    dim: usize,
    products: Vec<Vec<i64>>,
}

impl Pairs {
    fn new(seed: u32, rows: usize, dim: usize) -> Self {
        let (x, whole) = rows_of_even_length(seed, rows, dim);
        let dot = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<i64>();
        let of_row = |a: &Vec<i64>| whole.iter().map(|b| dot(a, b)).collect();
        let products = whole.iter().map(of_row).collect();
        Self { x, dim, products }
    }

    /// On every device, and on one whose bindings hold 32 rows.
    fn on_every_device(&self, check: impl Fn(&str, &dyn Neighbours)) {
        let place = format!("{} x {}", self.products.len(), self.dim);
        let features = features(&self.x, self.dim);
        let check = |device: &str, pool: &dyn Pool| {
            check(&format!("{device} {place}"), &*pool.neighbours().unwrap());
        };
        on_every_device(features.clone(), check);
        #[cfg(feature = "gpu")]
        if self.products.len() <= 200 {
            check("cut", &common::devices::cut().pool(features).unwrap());
        }
    }

    fn check_counts(&self, least: i32) {
        let near = |products: &Vec<i64>| {
            let near = products.iter().filter(|&&p| p > i64::from(least));
            near.count() as u32
        };
        let want: Vec<u32> = self.products.iter().map(near).collect();
        self.on_every_device(|place, neighbours| {
            let got = neighbours.count_within(least).unwrap();
            assert!(got == want, "{place} {least}: {got:?}, {want:?}");
        });
    }

    fn check_marks(&self, marked: &[usize], reach: Reach) {
        let bits = |products: &Vec<i64>, least: i32| {
            let near = |&(_, &row): &(usize, &usize)| products[row] > i64::from(least);
            let marked = marked.iter().enumerate().filter(near);
            marked.fold(0, |bits, (bit, _)| bits | 1 << bit)
        };
        let of_row = |&row: &usize| Marks {
            certain: bits(&self.products[row], reach.certain),
            possible: bits(&self.products[row], reach.possible),
        };
        let rows = self.products.len();
        let all: Vec<usize> = (0..rows).collect();
        let some: Vec<usize> = (0..rows).rev().step_by(3).collect();
        self.on_every_device(|place, neighbours| {
            for among in [&all[..], &some, &[]] {
                let want: Vec<Marks> = among.iter().map(of_row).collect();
                let got = neighbours.mark_within(marked, among, reach).unwrap();
                assert!(got == want, "{place} {reach:?} {marked:?} {}", among.len());
            }
        });
    }

    fn check_nearest_other(&self, labels: &[u32]) {
        let largest = |(products, label): (&Vec<i64>, &u32)| {
            let others = products
                .iter()
                .zip(labels)
                .filter(|(_, other)| *other != label);
            others.map(|(&p, _)| p as i32).max().unwrap_or(i32::MIN)
        };
        let want: Vec<i32> = self.products.iter().zip(labels).map(largest).collect();
        self.on_every_device(|place, neighbours| {
            let got = neighbours.nearest_other(labels).unwrap();
            assert!(got == want, "{place}: {got:?}, {want:?}");
        });
    }
}

const REACHES: [(i32, i32); 5] = [
    (1 << 28, 0),
    (1 << 29, (1 << 29) - 1),
    (0, -(1 << 28)),
    ((1 << 30) + 9, (1 << 30) - (1 << 16)),
    (-(1 << 29), i32::MIN),
];

/// Around the tiles and their workgroups, and the bands of the CPU.
const POOLS: [(usize, usize); 10] = [
    (1, 1),
    (2, 16),
    (31, 5),
    (63, 64),
    (64, 33),
    (65, 17),
    (128, 15),
    (129, 100),
    (200, 4),
    (1100, 20),
];

fn all_pairs(each: impl Fn(Pairs)) {
    for (seed, (rows, dim)) in POOLS.into_iter().enumerate() {
        each(Pairs::new(seed as u32 + 40, rows, dim));
    }
}

#[test]
fn counts_within_are_exact() {
    all_pairs(|pairs| {
        for least in [1 << 29, 0, -1, -(1 << 28), (1 << 30) - (1 << 16), i32::MIN] {
            pairs.check_counts(least);
        }
    });
}

#[test]
fn marks_within_are_exact() {
    all_pairs(|pairs| {
        let rows = pairs.products.len();
        for (at, (certain, possible)) in REACHES.into_iter().enumerate() {
            let reach = Reach { certain, possible };
            let count = [0, 1, 3, 31, MARKED][at];
            let marked: Vec<usize> = (0..rows).rev().step_by(1 + at % 2).take(count).collect();
            pairs.check_marks(&marked, reach);
        }
    });
}

/// More marked rows than a word has bits; more of either than of the other.
#[test]
fn marked_counts_are_exact() {
    all_pairs(|pairs| {
        let rows = pairs.products.len();
        let every = |step: usize| (0..rows).rev().step_by(step).collect::<Vec<usize>>();
        for (marked, among) in [
            (every(1), every(3)),
            (every(5), every(1)),
            (every(1), vec![]),
        ] {
            for certain in [1 << 29, 0, -(1 << 28)] {
                let reach = Reach {
                    certain,
                    possible: i32::MIN,
                };
                let near = |row: usize| {
                    let products = marked.iter().map(|&other| pairs.products[row][other]);
                    products.filter(|&p| p > i64::from(certain)).count() as u32
                };
                let want: Vec<u32> = among.iter().map(|&row| near(row)).collect();
                pairs.on_every_device(|place, neighbours| {
                    let got = neighbours.count_marked(&marked, &among, reach).unwrap();
                    assert!(got == want, "{place} {certain} {}", marked.len());
                });
            }
        }
    });
}

#[test]
fn nearest_others_are_exact() {
    all_pairs(|pairs| {
        let rows = pairs.products.len() as u32;
        let labels: Vec<u32> = (0..rows).map(|row| row * 7 % 5).collect();
        pairs.check_nearest_other(&labels);
        pairs.check_nearest_other(&vec![3; rows as usize]);
        pairs.check_nearest_other(&(0..rows).map(|row| row / 64).collect::<Vec<_>>());
    });
}

/// What is certain is so in f64, and what is so is possible; and every device says the same.
#[test]
fn reaches_hold_the_distance() {
    for (seed, rows, dim) in [(1, 90, 3), (2, 150, 37), (3, 70, 300)] {
        let mut x = fractions(seed, rows * dim);
        for (row, x) in x.chunks_exact_mut(dim).enumerate() {
            let scale = (-1.5 * row as f32).max(-100.0).exp2();
            x.iter_mut().for_each(|v| *v *= scale);
        }
        let features = features(&x, dim);
        for delta in [0.02, 0.3, 1.0, 1.4, 2.0] {
            let reach = Reach::of(delta, dim);
            let answers = std::cell::RefCell::new(Vec::new());
            on_every_device(features.clone(), |device, pool| {
                let z: Vec<Vec<f64>> = pool_rows(&x, dim, pool);
                let marked: Vec<usize> = (0..rows).step_by(3).take(MARKED).collect();
                let neighbours = pool.neighbours().unwrap();
                let all: Vec<usize> = (0..rows).collect();
                let marks = neighbours.mark_within(&marked, &all, reach).unwrap();
                for (row, marks) in marks.iter().enumerate() {
                    for (bit, &other) in marked.iter().enumerate() {
                        let Some(distance) = distance_of_directions(&z[row], &z[other]) else {
                            continue;
                        };
                        let (certain, possible) =
                            (marks.certain >> bit & 1, marks.possible >> bit & 1);
                        let place = format!("{device} {row} {other}: {distance}, {delta}");
                        assert!(certain == 0 || distance < delta, "{place}");
                        assert!(possible == 1 || distance >= delta, "{place}");
                        // Half a unit of 2^-15 a value, and one for the row, on either side.
                        let band = 7e-5 * (0.26 * dim as f64 + 1.1).sqrt();
                        let known = (distance * distance - delta * delta).abs() > 2.0 * band;
                        assert!(!known || certain == possible, "{place}");
                    }
                }
                let counts = neighbours.count_within(reach.possible).unwrap();
                answers
                    .borrow_mut()
                    .push((device.to_owned(), marks, counts));
            });
            let answers = answers.into_inner();
            for (device, marks, counts) in &answers {
                assert!(
                    *marks == answers[0].1 && *counts == answers[0].2,
                    "{device} {delta}"
                );
            }
        }
    }
}

/// The distance of two rows at length 1; none where one is all zeros.
fn distance_of_directions(a: &[f64], b: &[f64]) -> Option<f64> {
    let length = |v: &[f64]| oracle::dot(v, v).sqrt();
    let (la, lb) = (length(a), length(b));
    let apart = |(a, b): (&f64, &f64)| (a / la - b / lb).powi(2);
    (la > 0.0 && lb > 0.0).then(|| a.iter().zip(b).map(apart).sum::<f64>().sqrt())
}

/// Scores that f32 holds exactly: the same answer everywhere, ties to the lower index.
fn check_nearest_exact(seed: u32, rows: usize, dim: usize, count: usize) {
    let x = whole_numbers(seed, rows * dim);
    let vectors = whole_numbers(seed + 1000, count * dim);
    let offsets = whole_numbers(seed + 2000, count);
    let lengths = whole_numbers(seed + 3000, rows);
    on_every_device(features(&x, dim), |device, pool| {
        let scale = f64::from(pool.scale());
        // Offsets of the products' own unit.
        let offsets: Vec<f32> = offsets.iter().map(|v| v * pool.scale()).collect();
        let got = pool.nearest(&vectors, &offsets, &lengths).unwrap();
        for (i, (got, x)) in got.iter().zip(x.chunks(dim)).enumerate() {
            let score = |(q, offset): (&[f32], &f32)| {
                let product = oracle::dot(&oracle::wide(x), &oracle::wide(q));
                (f64::from(*offset) * f64::from(lengths[i]) - scale * product) as f32
            };
            let scores: Vec<f32> = vectors.chunks(dim).zip(&offsets).map(score).collect();
            let best = scores.iter().copied().fold(f32::MAX, f32::min);
            let index = scores.iter().position(|&s| s == best).unwrap_or(0);
            let others = scores.iter().enumerate().filter(|(k, _)| *k != index);
            let want = Nearest {
                index: index as u32,
                best,
                second: others.map(|(_, &s)| s).fold(f32::MAX, f32::min),
            };
            assert_eq!(
                *got, want,
                "{device} {rows} x {dim}, {count} vectors, row {i}"
            );
        }
    });
}

#[test]
fn nearest_exact() {
    for (seed, rows, dim) in shapes(20_000) {
        let count = [1, 2, 31, 32, 33, 64, 65][seed as usize % 7];
        check_nearest_exact(seed, rows, dim, count);
    }
}

/// Panels are crossed and grids folded on the device of tiny bindings; the vectors take several of
/// its bindings.
#[test]
fn nearest_of_many_rows_and_of_many_vectors() {
    check_nearest_exact(1, 70_001, 1, 3);
    check_nearest_exact(2, 140, 1000, 290);
}

/// No score is further off than `score_error` says, in whatever unit the caller's numbers are.
#[test]
fn nearest_rounding() {
    let (rows, dim, count) = (130, 100, 70);
    for unit in [1e-30f32, 1.0, 1e15] {
        let x: Vec<f32> = fractions(41, rows * dim).iter().map(|v| v * unit).collect();
        let vectors = fractions(42, count * dim);
        let offsets = fractions(43, count);
        let lengths = fractions(44, rows);
        on_every_device(features(&x, dim), |device, pool| {
            let got = pool.nearest(&vectors, &offsets, &lengths).unwrap();
            for (i, (got, x)) in got.iter().zip(pool_rows(&x, dim, pool)).enumerate() {
                let score = |k: usize| {
                    let q = oracle::wide(&vectors[k * dim..][..dim]);
                    let offset = f64::from(offsets[k]) * f64::from(lengths[i]);
                    let length = |v: &[f64]| oracle::dot(v, v).sqrt();
                    let error = score_error(dim, length(&x), length(&q), offset.abs());
                    (offset - oracle::dot(&x, &q), error)
                };
                let smallest = |skip: Option<usize>| {
                    let scores = (0..count).filter(|&k| Some(k) != skip).map(score);
                    let near = |(low, high): (f64, f64), (score, error): (f64, f64)| {
                        (low.min(score - error), high.min(score + error))
                    };
                    scores.fold((f64::MAX, f64::MAX), near)
                };
                let within = |value: f32, (low, high): (f64, f64)| {
                    low <= f64::from(value) && f64::from(value) <= high
                };
                let index = got.index as usize;
                let place = format!("{device} unit {unit:e} row {i}: {got:?}");
                assert!(within(got.best, smallest(None)), "{place}");
                assert!(within(got.second, smallest(Some(index))), "{place}");
                let (own, error) = score(index);
                assert!((f64::from(got.best) - own).abs() <= error, "{place}");
            }
        });
    }
}

/// Numbers that f32 holds exactly; fields of shuffled rows and vectors, and one without rows.
fn check_leads_exact(seed: u32, rows: usize, dim: usize, count: usize) {
    let x = whole_numbers(seed, rows * dim);
    let vectors = whole_numbers(seed + 1000, count * dim);
    let offsets = whole_numbers(seed + 2000, count);
    let lengths = (0..rows).map(|row| [1.0, 4.0, 0.5][row % 3]);
    let lengths: Vec<f32> = lengths.collect();
    let (of_rows, of_vectors) = (shuffled(seed, rows), shuffled(seed + 1, count));
    let few = rows / 3;
    let field = |rows, vectors: &[usize]| Field {
        rows,
        vectors: vectors.iter().map(|&vector| vector as u32).collect(),
    };
    let fields = [
        field(&of_rows[..few], &of_vectors),
        field(&of_rows[few..], &of_vectors[count / 2..]),
        field(&of_rows[..0], &of_vectors[..1]),
    ];
    on_every_device(features(&x, dim), |device, pool| {
        let scale = f64::from(pool.scale());
        let offsets: Vec<f64> = offsets.iter().map(|&v| scale * f64::from(v)).collect();
        let wide = oracle::wide(&vectors);
        let Some(found) = pool.leads(&fields, &wide, &offsets, &lengths).unwrap() else {
            assert_ne!(device, "cpu");
            return;
        };
        assert_eq!(found.len(), fields.len());
        for (found, field) in found.iter().zip(&fields) {
            let place = format!("{device} {rows} x {dim}, {} vectors", field.vectors.len());
            let mut want = vec![f64::from(f32::MAX); field.vectors.len()];
            let mut own = f64::from(f32::MIN);
            assert_eq!(found.nearest.len(), field.rows.len(), "{place}");
            for (nearest, &row) in found.nearest.iter().zip(field.rows) {
                let (length, x) = (
                    f64::from(lengths[row]),
                    oracle::wide(&x[row * dim..][..dim]),
                );
                let score = |&vector: &u32| {
                    let vector = vector as usize;
                    let q = oracle::wide(&vectors[vector * dim..][..dim]);
                    offsets[vector] * length - scale * oracle::dot(&x, &q)
                };
                let scores: Vec<f64> = field.vectors.iter().map(score).collect();
                let lead = |score: f64| (score - scores[0]) as f32;
                let mut sorted = scores.clone();
                sorted.sort_by(f64::total_cmp);
                let second = sorted.get(1).map_or(f32::MAX, |&score| lead(score));
                let named = lead(score(&nearest.index));
                let got = (named, nearest.best, nearest.second);
                let best = lead(sorted[0]);
                assert_eq!(got, (best, best, second), "{place}, row {row}");
                own = own.max(scores[0] / length);
                for (want, score) in want.iter_mut().zip(&scores) {
                    *want = want.min((score - scores[0]) / length);
                }
            }
            let want: Vec<f32> = want.iter().map(|&lead| lead as f32).collect();
            assert_eq!((&found.least, found.own), (&want, own as f32), "{place}");
        }
    });
}

#[test]
fn leads_exact() {
    for (seed, rows, dim) in shapes(20_000) {
        let count = [1, 2, 8, 9, 16, 17, 33, 64, 65][seed as usize % 9];
        check_leads_exact(seed, rows, dim, count);
    }
    check_leads_exact(1, 3_001, 5, 40);
}

/// No score or lead is further off than said.
#[test]
fn leads_rounding() {
    let (rows, dim) = (130, 100);
    let all: Vec<usize> = (0..rows).collect();
    for (unit, count) in [(1e-30f32, 70), (1.0, 5), (1.0, 70), (1e15, 5)] {
        let x: Vec<f32> = fractions(45, rows * dim).iter().map(|v| v * unit).collect();
        // Whatever they have in common does not count.
        let vectors = fractions(46, count * dim).into_iter();
        let vectors: Vec<f64> = vectors.map(|v| 1e4 + f64::from(v)).collect();
        let offsets = fractions(47, count).into_iter();
        let offsets: Vec<f64> = offsets.map(|v| 1e6 + f64::from(v)).collect();
        let lengths: Vec<f32> = fractions(48, rows).iter().map(|v| v.abs() + 0.1).collect();
        let fields = [Field {
            rows: &all,
            vectors: (0..count as u32).collect(),
        }];
        on_every_device(features(&x, dim), |device, pool| {
            let Some(found) = pool.leads(&fields, &vectors, &offsets, &lengths).unwrap() else {
                return;
            };
            let bounds = |k: usize| {
                let mut least = (f64::MAX, f64::MAX);
                for (x, &over) in pool_rows(&x, dim, pool).iter().zip(&lengths) {
                    let q = vectors[k * dim..][..dim].iter().zip(&vectors[..dim]);
                    let q: Vec<f64> = q.map(|(v, own)| v - own).collect();
                    let offset = (offsets[k] - offsets[0]) * f64::from(over);
                    let length = |v: &[f64]| oracle::dot(v, v).sqrt();
                    let error = score_error(dim, length(x), length(&q), offset.abs());
                    let lead = (offset - oracle::dot(x, &q)) / f64::from(over);
                    let error = error / f64::from(over) + 2e-7 * lead.abs();
                    least = (least.0.min(lead - error), least.1.min(lead + error));
                }
                least
            };
            for (k, &least) in found[0].least.iter().enumerate() {
                let (low, high) = bounds(k);
                let within = low <= f64::from(least) && f64::from(least) <= high;
                assert!(
                    within,
                    "{device} unit {unit:e} vector {k}: {least} in {low}, {high}"
                );
            }
        });
    }
}

/// The rows in an order of no pattern.
fn shuffled(seed: u32, rows: usize) -> Vec<usize> {
    let keys = fractions(seed, rows);
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]).then(a.cmp(&b)));
    order
}

/// Every device, and one of 2 KiB bindings where a block of 32 rows fits them.
fn on_every_device_and_cut(x: &[f32], dim: usize, check: impl Fn(&str, &dyn Pool)) {
    #[cfg(feature = "gpu")]
    if dim <= 16 && x.len() / dim <= 300 {
        let pool = common::devices::cut().pool(features(x, dim)).unwrap();
        check("cut", &pool);
    }
    on_every_device(features(x, dim), check);
}

/// Some rows and what is told of them, in their order.
struct Told {
    lengths: Vec<f64>,
    centre: Vec<f64>,
    halves: Vec<f32>,
}

impl Told {
    fn bunch<'a>(&'a self, rows: &'a [usize]) -> Bunch<'a> {
        Bunch {
            rows,
            lengths: &self.lengths,
            centre: &self.centre,
            halves: &self.halves,
        }
    }

    /// The rows over their lengths and less the centre.
    fn about(&self, rows: &[Vec<f64>], bunch: &[usize]) -> Vec<Vec<f64>> {
        let about = |(&row, length): (&usize, &f64)| {
            let values = rows[row].iter().zip(&self.centre);
            values.map(|(v, centre)| v / length - centre).collect()
        };
        bunch.iter().zip(&self.lengths).map(about).collect()
    }

    /// The products of the row at a place with the others, less halves, and where those are; the
    /// largest first.
    fn sorted(&self, about: &[Vec<f64>], own: usize) -> Vec<(f64, usize)> {
        let others = (0..about.len()).filter(|&other| other != own);
        let answer = |other: usize| {
            let product = oracle::dot(&about[own], &about[other]);
            (product - f64::from(self.halves[other]), other)
        };
        let mut answers: Vec<(f64, usize)> = others.map(answer).collect();
        answers.sort_by(|a, b| b.0.total_cmp(&a.0));
        answers
    }
}

/// Answers that f32 holds exactly: the same everywhere.
fn check_closest_exact(x: &[f32], dim: usize, clusters: &[&[usize]], k: usize) {
    on_every_device_and_cut(x, dim, |device, pool| {
        let rows: Vec<Vec<f64>> = x.chunks(dim).map(oracle::wide).collect();
        let told = |cluster: &&[usize]| Told {
            lengths: cluster.iter().map(|row| [1.0, 0.5, 2.0][row % 3]).collect(),
            centre: (0..dim).map(|at| (at % 5) as f64).collect(),
            halves: cluster.iter().map(|row| (row % 7) as f32).collect(),
        };
        let told: Vec<Told> = clusters.iter().map(told).collect();
        let bunches = told
            .iter()
            .zip(clusters)
            .map(|(told, rows)| told.bunch(rows));
        let bunches: Vec<Bunch<'_>> = bunches.collect();
        let got = pool.closest(&bunches, k).unwrap();
        assert_eq!(got.len(), clusters.len());
        for ((got, cluster), told) in got.iter().zip(clusters).zip(&told) {
            assert_eq!(got.len(), cluster.len() * k);
            let about = told.about(&rows, cluster);
            for (own, got) in got.chunks(k).enumerate() {
                let want = told.sorted(&about, own);
                let want: Vec<f32> = want[..k].iter().map(|&(v, _)| v as f32).collect();
                let shape = format!("{} of {} x {dim}", cluster.len(), rows.len());
                assert_eq!(
                    got, want,
                    "{device}: {shape}, {k} closest, row {}",
                    cluster[own]
                );
            }
        }
    });
}

/// One cluster of all rows; then some of k + 1 rows, and one of the rest.
#[test]
fn closest_exact() {
    for (seed, rows, dim) in shapes(20_000).filter(|&(_, rows, _)| rows > 1) {
        let x = whole_numbers(seed, rows * dim);
        let k = [1, 2, 5, 20, 64][seed as usize % 5].min(rows - 1);
        let order = shuffled(seed, rows);
        check_closest_exact(&x, dim, &[&order], k);
        let few = k.min(3);
        let (small, rest) = order.split_at(rows / 3 / (few + 1) * (few + 1));
        let mut clusters: Vec<&[usize]> = small.chunks(few + 1).collect();
        clusters.push(rest);
        check_closest_exact(&x, dim, &clusters, few);
        check_closest_exact(&x, dim, &clusters[clusters.len() - 1..], few);
    }
    check_closest_exact(&whole_numbers(1, 6), 3, &[], 1);
}

/// Lists that every product enters at the front, more often than one dispatch may take, and lists
/// of equal products: rows in ascending and in descending order, and the same rows over and over.
#[test]
fn closest_in_order_and_in_duplicate() {
    let rows = 1000;
    let ascending: Vec<f32> = (0..rows).map(|row| row as f32).collect();
    let repeated: Vec<f32> = (0..rows).map(|row| (row % 3) as f32 - 1.0).collect();
    let order: Vec<usize> = (0..rows).collect();
    let backwards: Vec<usize> = (0..rows).rev().collect();
    for x in [&ascending, &repeated] {
        for cluster in [&order, &backwards] {
            check_closest_exact(x, 1, &[cluster], 64);
        }
    }
}

/// Rows in many panels, of long lists and of long rows, and vectors by many dispatches.
#[test]
fn closest_of_many_and_of_long_rows() {
    let x = whole_numbers(1, 3_001);
    check_closest_exact(&x, 1, &[&shuffled(1, 3_001)], 64);
    let x = whole_numbers(2, 290 * 1000);
    check_closest_exact(&x, 1000, &[&shuffled(2, 290)], 64);
}

/// No answer is further off than `closest_error` says, in whatever unit the caller's numbers are and
/// whatever the rows' lengths; and about their middle, rows that are nearly alike are told apart.
#[test]
fn closest_rounding() {
    let (rows, dim, k) = (150, 100, 20);
    for (unit, spread) in [(1e-30f32, 1.0), (1.0, 1.0), (1e15, 1.0), (1.0, 1e-4)] {
        let near_alike = fractions(51, rows * dim).into_iter();
        let mut x: Vec<f32> = near_alike
            .map(|v| (1.0 - spread + spread * v) * unit)
            .collect();
        for (row, x) in x.chunks_mut(dim).enumerate() {
            let shorter = (-0.1 * row as f32).exp2();
            x.iter_mut().for_each(|v| *v *= shorter);
        }
        let order = shuffled(51, rows);
        let clusters = [&order[..90], &order[90..]];
        on_every_device(features(&x, dim), |device, pool| {
            let z: Vec<Vec<f64>> = x.chunks(dim).map(oracle::wide).collect();
            let length = |v: &[f64]| oracle::dot(v, v).sqrt();
            let told = clusters.map(|cluster| {
                let lengths: Vec<f64> = cluster.iter().map(|&row| length(&z[row])).collect();
                let first = z[cluster[0]].iter().map(|v| v / lengths[0]);
                let mut told = Told {
                    centre: first.collect(),
                    halves: Vec::new(),
                    lengths,
                };
                let about = told.about(&z, cluster);
                let halves = about.iter().map(|w| 0.5 * oracle::dot(w, w) as f32);
                told.halves = halves.collect();
                told
            });
            let bunches = [told[0].bunch(clusters[0]), told[1].bunch(clusters[1])];
            let got = pool.closest(&bunches, k).unwrap();
            for ((got, cluster), told) in got.iter().zip(clusters).zip(&told) {
                let about = told.about(&z, cluster);
                for (own, got) in got.chunks(k).enumerate() {
                    let want = told.sorted(&about, own);
                    for (place, (&got, (want, other))) in got.iter().zip(want).enumerate() {
                        let (a, b) = (length(&about[own]), length(&about[other]));
                        // Which of two stands at a place may turn on what either is off by.
                        let error = closest_error(dim, a, 1.5 * b, f64::from(told.halves[other]));
                        let off = (f64::from(got) - want).abs();
                        let at = format!("{device} unit {unit:e} row {own} place {place}");
                        assert!(
                            off <= error,
                            "{at}: {got:e} for {want:e}, {error:e} {a:e} {b:e}"
                        );
                        let coarse = f64::from(2.0 * spread * spread) * 1e-4;
                        assert!(error < coarse, "{at}: {error:e} of {coarse:e}");
                    }
                }
            }
        });
    }
}
