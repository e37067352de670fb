//! Norms over those of inputs, by the definition.

use crate::common::{on_every_device, oracle};
use crate::made_up;
use coresift::{Features, Lp, Norm, Selector};

/// By the smallest E/w in f64.
#[test]
fn input_norms_divide() {
    for (at, norm) in [Lp::L1, Lp::L2, Lp::LInf].into_iter().enumerate() {
        for (anti, greedy, power) in [
            (false, false, 1.0),
            (false, false, 3.5),
            (false, true, 1.0),
            (true, false, 2.0),
            (true, true, 1.0),
        ] {
            check_divided(
                at,
                Norm {
                    norm,
                    power,
                    anti,
                    greedy,
                    seed: 2,
                    ..Norm::default()
                },
            );
        }
    }
}

/// Checks a selector that has no input norms yet; its norm is `at` of those that the oracle gives.
fn check_divided(at: usize, plain: Norm) {
    let (rows, dim, budget) = (500, 7, 60);
    let x = made_up(rows, dim);
    let input: Vec<f32> = made_up(rows, 3).iter().map(|v| 1e-6 * v).collect();
    let inputs = Features::new(&input, rows, 3).unwrap();
    let selector = Norm {
        input_norms: Some(inputs.norms(plain.norm).unwrap()),
        ..plain.clone()
    };
    let norm = |x: &[f32]| {
        let [sum, squares, largest] = oracle::norms(x);
        [sum, squares.sqrt(), largest][at]
    };
    let ratio = |(x, input): (&[f32], &[f32])| norm(x) / norm(input);
    let ratios: Vec<f64> = (x.chunks(dim).zip(input.chunks(3))).map(ratio).collect();
    let largest = ratios.iter().copied().fold(0.0, f64::max);
    let base = |row: usize| {
        if plain.anti {
            largest - ratios[row]
        } else {
            ratios[row]
        }
    };
    let numbers = oracle::exponentials(plain.seed, 0, rows);
    let key = |row: usize| {
        let weight = base(row).powf(plain.power);
        if plain.greedy {
            -weight
        } else {
            numbers[row] / weight
        }
    };
    let mut want: Vec<usize> = (0..rows).collect();
    want.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        let at = format!("{plain:?} on {device}");
        let got = selector.select(pool, budget).unwrap();
        assert_eq!(got.picks, want[..budget], "{at}");
        for (&row, score) in got.picks.iter().zip(&got.scores) {
            assert!((score / base(row) - 1.0).abs() < 1e-7, "{at}: {score}");
        }
        assert_ne!(plain.select(pool, budget).unwrap().picks, got.picks, "{at}");
    });
}
