//! What a second stage draws, by every row's own random numbers.

use crate::common::{fractions, npy, on_every_device, oracle};
use crate::{SECOND, ascending, drawn, gathered, gram_schmidt, norm, uniform};
use coresift::{CpuPool, Features, GramSchmidt, Norm, Sas, Selector, Then, Uniform};

/// Added to the streams of a third stage.
const THIRD: u64 = SECOND + (1 << 32);

#[test]
fn a_random_second_stage_draws_by_its_own_numbers() {
    let (rows, dim, budget) = (400, 5, 30);
    let x = fractions(1, rows * dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for (seed, oversample) in [(0, 2), (1, 3), (2, 1)] {
            let then = Then {
                oversample,
                ..Then::new(norm(seed), uniform(seed))
            };
            let first = norm(seed).select(pool, oversample * budget).unwrap();
            let want = drawn(&first.picks, rows, seed, SECOND, budget);
            let got = then.select(pool, budget).unwrap();
            assert_eq!(got.picks, want, "seed {seed} on {device}");
            assert_eq!(got.passes, 2, "{device}");
            let ordered = [&got.picks, &first.picks].map(|picks| ascending(picks));
            assert_eq!(ordered[0] == ordered[1], oversample == 1, "{device}");
        }
    });
}

#[test]
fn every_stage_has_streams_of_its_own() {
    let (rows, seed) = (200, 5);
    let x = vec![1.0; rows];
    let pool = CpuPool::new(Features::new(&x, rows, 1).unwrap());
    let all: Vec<usize> = (0..rows).collect();
    let draw = |from: &[usize], stage, count| drawn(from, rows, seed, stage, count);
    let want = draw(&draw(&draw(&all, 0, 40), SECOND, 20), THIRD, 10);
    let two = || Then::new(uniform(seed), uniform(seed));
    let got = Then::new(two(), uniform(seed)).select(&pool, 10).unwrap();
    assert_eq!(got.picks, want);
    let want = draw(&draw(&draw(&all, 0, 20), SECOND, 20), THIRD, 10);
    let got = Then::new(uniform(seed), two()).select(&pool, 10).unwrap();
    assert_eq!(got.picks, want);
}

#[test]
fn a_gram_schmidt_second_stage_is_algorithm_1_on_the_chosen_rows() {
    let (rows, dim, budget) = (300, 6, 25);
    let x = fractions(2, rows * dim);
    let labelled = vec![290, 4, 77];
    for (seed, power, labelled) in [
        (0, 1.0, vec![]),
        (1, 2.0, labelled.clone()),
        (2, 1.0, labelled),
    ] {
        let first = Norm {
            labelled: labelled.clone(),
            ..norm(seed)
        };
        let second = GramSchmidt {
            power,
            labelled: labelled.clone(),
            ..gram_schmidt(seed)
        };
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let mut few = first.select(&pool, 2 * budget).unwrap().picks;
        few.extend(&labelled);
        few.sort_unstable();
        let place = |row: &usize| few.binary_search(row).unwrap();
        let places: Vec<usize> = labelled.iter().map(place).collect();
        let numbers = |epoch: u64| {
            let all = oracle::exponentials(seed, SECOND + epoch, rows);
            few.iter().map(|&row| all[row]).collect()
        };
        let few_x = gathered(&x, dim, &few);
        let (picks, epochs) = oracle::gram_schmidt_by(&few_x, dim, budget, power, &places, numbers);
        assert!(epochs.len() > 3, "past the rank");
        let picks: Vec<usize> = picks.into_iter().map(|place| few[place]).collect();
        let then = Then::new(first, second);
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            let got = then.select(pool, budget).unwrap();
            assert_eq!(got.picks, picks, "seed {seed} on {device}");
            assert_eq!(got.restarts, epochs, "seed {seed} on {device}");
        });
    }
}

/// Every rule on both sides, on real features: devices pick alike, from what the first chose.
#[test]
fn devices_agree() {
    let stored = &npy::small_pools()[0];
    let labelled: Vec<usize> = (0..9).map(|i| 190 * i).collect();
    let rules = || -> [Box<dyn Selector>; 4] {
        let labelled = || labelled.clone();
        [
            Box::new(Norm {
                labelled: labelled(),
                ..norm(1)
            }),
            Box::new(GramSchmidt {
                labelled: labelled(),
                greedy: true,
                ..gram_schmidt(1)
            }),
            Box::new(Sas {
                labelled: labelled(),
                ..Sas::default()
            }),
            Box::new(Then::new(
                Uniform {
                    labelled: labelled(),
                    ..uniform(1)
                },
                Norm {
                    labelled: labelled(),
                    ..norm(1)
                },
            )),
        ]
    };
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    for a in 0..4 {
        for b in 0..4 {
            let [first, second] = [a, b].map(|rule| rules().into_iter().nth(rule).unwrap());
            let chosen = first.select(&cpu, 80).unwrap();
            let then = Then {
                first,
                second,
                oversample: 2,
            };
            let want = then.select(&cpu, 40).unwrap();
            assert_eq!(want.picks.len(), 40, "{a} then {b}");
            assert!(want.picks.iter().all(|row| chosen.picks.contains(row)));
            on_every_device(features.clone(), |device, pool| {
                let got = then.select(pool, 40).unwrap();
                assert_eq!(got.picks, want.picks, "{a} then {b} on {device}");
                assert_eq!(got.scores, want.scores, "{a} then {b} on {device}");
            });
        }
    }
}
