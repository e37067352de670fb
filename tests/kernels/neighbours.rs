//! Which rows lie near to which, and the nearest of another label.

use crate::common::{fractions, on_every_device, oracle};
use crate::pairs::Pairs;
use crate::{features, pool_rows};
use coresift::kernels::{MARKED, Pass, Thresholds};

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
            let thresholds = Thresholds { certain, possible };
            let count = [0, 1, 3, 31, MARKED][at];
            let marked: Vec<usize> = (0..rows).rev().step_by(1 + at % 2).take(count).collect();
            pairs.check_marks(&marked, thresholds);
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
                let thresholds = Thresholds {
                    certain,
                    possible: i32::MIN,
                };
                let near = |row: usize| {
                    let products = marked.iter().map(|&other| pairs.products[row][other]);
                    products.filter(|&p| p > i64::from(certain)).count() as u32
                };
                let want: Vec<u32> = among.iter().map(|&row| near(row)).collect();
                pairs.on_every_device(|place, neighbours| {
                    let got = neighbours
                        .count_marked(&marked, &among, thresholds)
                        .unwrap();
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
            let thresholds = Thresholds::of(delta, dim);
            let answers = std::cell::RefCell::new(Vec::new());
            on_every_device(features.clone(), |device, pool| {
                let z: Vec<Vec<f64>> = pool_rows(&x, dim, pool);
                let marked: Vec<usize> = (0..rows).step_by(3).take(MARKED).collect();
                let neighbours = pool.neighbours().unwrap();
                let all: Vec<usize> = (0..rows).collect();
                let marks = neighbours.mark_within(&marked, &all, thresholds).unwrap();
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
                let counts = neighbours
                    .count_within(thresholds.possible, &Pass::unheard())
                    .unwrap();
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
