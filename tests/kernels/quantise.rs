//! Rows quantised, for similarities and for neighbours.

use crate::common::{fractions, on_every_device, oracle};
use crate::features;
use coresift::Error;
use coresift::kernels::{Examples, KernelFunction, Length, Pass};

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

/// Rows quantised by f64, as the contract says it, on the host and on devices without f64.
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
                let similarities = pool
                    .similarities(examples, &KernelFunction::Thresholded(0))
                    .unwrap();
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
            .similarities(examples, &KernelFunction::Linear)
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
        let similarities = pool
            .similarities(all, &KernelFunction::Thresholded(0))
            .unwrap();
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
            match pool.similarities(examples, &KernelFunction::Thresholded(0)) {
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

/// Rows quantised as f32 rounds them: every product is that of these very integers.
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
            let got = pool
                .neighbours()
                .unwrap()
                .nearest_other_label(&labels, &Pass::unheard())
                .unwrap();
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
