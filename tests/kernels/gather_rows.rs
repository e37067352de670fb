//! Rows fetched, in the pool's unit and in the caller's.

use crate::common::{fractions, on_every_device, whole_numbers};
use crate::states::some_states;
use crate::{features, shapes};

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
