//! One selector after another, against loops over the definition and against each alone.

mod common;

use common::{Lost, fractions, npy, on_every_device, oracle};
use coresift::{
    Classes, CpuPool, Error, Features, GramSchmidt, Norm, OnExhaustion, Pool, Progress, Refine,
    Sas, Selection, Selector, ShortfallReason, Then, Uniform,
};
use std::ops::ControlFlow;

/// Added to the streams of a second stage and, above it, of a third.
const SECOND: u64 = 0x4000_0000;
const THIRD: u64 = SECOND + (1 << 32);
/// Stream of uniform sampling.
const UNIFORM: u64 = 0x8000_0003;

fn uniform(seed: u64) -> Uniform {
    Uniform {
        seed,
        ..Uniform::default()
    }
}

fn norm(seed: u64) -> Norm {
    Norm {
        seed,
        ..Norm::default()
    }
}

fn gram_schmidt(seed: u64) -> GramSchmidt {
    GramSchmidt {
        seed,
        ..GramSchmidt::default()
    }
}

/// The `count` rows of the smallest keys, in order.
fn smallest(mut keys: Vec<(f64, usize)>, count: usize) -> Vec<usize> {
    keys.sort_by(|a, b| a.0.total_cmp(&b.0));
    keys[..count].iter().map(|&(_, row)| row).collect()
}

/// Uniform draws from some of `all` rows.
fn drawn(rows: &[usize], all: usize, seed: u64, stage: u64, count: usize) -> Vec<usize> {
    let numbers = oracle::exponentials(seed, stage + UNIFORM, all);
    smallest(rows.iter().map(|&row| (numbers[row], row)).collect(), count)
}

fn ascending(rows: &[usize]) -> Vec<usize> {
    let mut rows = rows.to_vec();
    rows.sort_unstable();
    rows
}

fn gathered(x: &[f32], dim: usize, rows: &[usize]) -> Vec<f32> {
    let row = |&row: &usize| &x[row * dim..][..dim];
    rows.iter().flat_map(row).copied().collect()
}

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

#[test]
fn sas_picks_as_from_a_pool_of_the_chosen() {
    let (rows, dim, budget) = (240, 6, 40);
    let x = fractions(3, rows * dim);
    let classes: Vec<usize> = (0..rows).map(|row| row * row % 5).collect();
    let labelled = vec![200, 11];
    let first = Uniform {
        labelled: labelled.clone(),
        ..uniform(4)
    };
    let sas = |classes: Vec<usize>, labelled: Vec<usize>| Sas {
        classes: Classes::Given(classes),
        labelled,
        refine: Refine::TopUp,
        ..Sas::default()
    };
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        let mut few = first.select(pool, 2 * budget).unwrap().picks;
        few.extend(&labelled);
        few.sort_unstable();
        let few_x = gathered(&x, dim, &few);
        let few_pool = CpuPool::new(Features::new(&few_x, few.len(), dim).unwrap());
        let places = labelled.iter().map(|row| few.binary_search(row).unwrap());
        let few_classes = few.iter().map(|&row| classes[row]).collect();
        let alone = sas(few_classes, places.collect());
        let want = alone.select(&few_pool, budget).unwrap();
        let then = Then::new(first.clone(), sas(classes.clone(), labelled.clone()));
        let got = then.select(pool, budget).unwrap();
        let picks: Vec<usize> = want.picks.iter().map(|&place| few[place]).collect();
        assert_eq!(got.picks, picks, "{device}");
        assert_eq!(got.classes, want.classes, "{device}");
        assert_eq!(got.scores, want.scores, "{device}");
    });
}

/// A class a row, as a selection of all rows tells it.
fn classes_of(pool: &dyn Pool, classes: Classes) -> Vec<usize> {
    let all = Uniform {
        classes: Some(classes),
        ..Uniform::default()
    };
    let all = all.select(pool, pool.rows()).unwrap();
    let mut found = vec![0; pool.rows()];
    let mut picks = all.picks.into_iter();
    for share in &all.classes {
        picks
            .by_ref()
            .take(share.picks)
            .for_each(|row| found[row] = share.class);
    }
    found
}

#[test]
fn classes_are_those_of_the_whole_pool() {
    let (rows, dim, budget) = (240, 6, 30);
    let x = fractions(5, rows * dim);
    let stratified = |classes| Norm {
        classes: Some(classes),
        min_per_class: 2,
        ..norm(6)
    };
    let few_labels = Classes::FewLabels {
        rows: (0..20).map(|i| 12 * i + 1).collect(),
        classes: (0..20).map(|i| [3, 9, 4][i % 3]).collect(),
    };
    let prompts = Classes::Prompts {
        embeddings: fractions(7, 4 * dim),
    };
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for classes in [few_labels.clone(), prompts.clone()] {
            let given = Classes::Given(classes_of(pool, classes.clone()));
            let by = |first: Selection, classes: Classes| {
                let then = Then::new(uniform(6), stratified(classes));
                let got = then.select(pool, budget).unwrap();
                assert!(got.picks.iter().all(|row| first.picks.contains(row)));
                (got.picks, got.classes)
            };
            let first = || uniform(6).select(pool, 2 * budget).unwrap();
            let (picks, shares) = by(first(), given);
            assert_eq!(shares.iter().map(|share| share.rows).sum::<usize>(), 60);
            assert_eq!(by(first(), classes), (picks, shares), "{device}");
        }
        let clusters = Classes::KMeans {
            clusters: 3,
            seed: 1,
        };
        let got = Then::new(stratified(clusters.clone()), stratified(clusters));
        let got = got.select(pool, budget).unwrap();
        assert_eq!(
            (got.picks.len(), got.classes.len()),
            (budget, 3),
            "{device}"
        );
    });
}

#[test]
fn what_there_is_is_used() {
    let (rows, dim) = (50, 3);
    let x = fractions(8, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let labelled = vec![3, 40];
    let rule = |seed| Uniform {
        labelled: labelled.clone(),
        ..uniform(seed)
    };
    let then = Then::new(rule(1), rule(1));
    let able: Vec<usize> = (0..rows).filter(|row| !labelled.contains(row)).collect();
    for budget in [25, 48] {
        let want = drawn(&able, rows, 1, SECOND, budget);
        assert_eq!(then.select(&pool, budget).unwrap().picks, want);
    }
    let huge = Then {
        oversample: usize::MAX,
        ..Then::new(rule(1), rule(1))
    };
    assert_eq!(
        huge.select(&pool, 9).unwrap().picks,
        drawn(&able, rows, 1, SECOND, 9)
    );
    let none = then.select(&pool, 0).unwrap();
    assert!(none.picks.is_empty() && none.shortfall.is_none());
    assert_eq!((none.restarts, none.passes), (vec![0], 0));
}

/// Rows that are all alike: ties go to the lower row of the whole pool.
#[test]
fn ties_go_to_the_lower_row() {
    let x = vec![2.0; 50];
    let pool = CpuPool::new(Features::new(&x, 50, 1).unwrap());
    let largest = Norm {
        greedy: true,
        ..norm(0)
    };
    let chosen = uniform(3).select(&pool, 20).unwrap().picks;
    let got = Then::new(uniform(3), largest).select(&pool, 10).unwrap();
    assert_eq!(got.picks, ascending(&chosen)[..10]);
}

#[test]
fn norms_twice_are_not_norms_once() {
    let (rows, dim) = (500, 3);
    let x = fractions(9, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let once = norm(1).select(&pool, 40).unwrap().picks;
    let twice = Then::new(norm(1), norm(1)).select(&pool, 40).unwrap().picks;
    assert_ne!(ascending(&once), ascending(&twice));
}

#[test]
fn input_norms_are_those_of_the_chosen_rows() {
    let (rows, dim, budget) = (300, 4, 20);
    let x = fractions(15, rows * dim);
    let inputs: Vec<f64> = (0..rows).map(|row| 1.0 + (row * row % 89) as f64).collect();
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let chosen = uniform(2).select(&pool, 2 * budget).unwrap().picks;
    let numbers = oracle::exponentials(2, SECOND, rows);
    let length = |row: usize| oracle::norms(&x[row * dim..][..dim])[1].sqrt();
    let key = |&row: &usize| (numbers[row] * inputs[row] / length(row), row);
    let want = smallest(chosen.iter().map(key).collect(), budget);
    let second = Norm {
        input_norms: Some(inputs.clone()),
        ..norm(2)
    };
    let then = Then::new(uniform(2), second);
    assert_eq!(then.select(&pool, budget).unwrap().picks, want);
}

/// Powers of two scale every product exactly, so picks stay and scores scale, also where the
/// chosen rows are far shorter than the longest.
#[test]
fn scale_changes_no_pick() {
    let (rows, dim, budget) = (60, 4, 12);
    let mut x = fractions(10, rows * dim);
    x[..dim].iter_mut().for_each(|v| *v *= 1e9);
    let short = Norm {
        anti: true,
        greedy: true,
        ..norm(0)
    };
    let then = Then::new(short, gram_schmidt(3));
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let want = then.select(&pool, budget).unwrap();
    for exponent in [-100, -60, 30] {
        let factor = 2f32.powi(exponent);
        let x: Vec<f32> = x.iter().map(|v| v * factor).collect();
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            let got = then.select(pool, budget).unwrap();
            assert_eq!(got.picks, want.picks, "2^{exponent} on {device}");
            let scores = want.scores.iter().map(|score| score * f64::from(factor));
            assert_eq!(
                got.scores,
                scores.collect::<Vec<_>>(),
                "2^{exponent} on {device}"
            );
        });
    }
}

#[test]
fn shortfalls_say_what_ran_out() {
    let (rows, dim) = (40, 3);
    let mut x = fractions(11, rows * dim);
    x.chunks_mut(dim)
        .step_by(2)
        .flatten()
        .for_each(|v| *v = 0.0);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let short = |then: &Then, budget: usize| {
        let got = then.select(&pool, budget).unwrap();
        let shortfall = got.shortfall.map(|short| (short.missing, short.reason));
        assert_eq!(
            got.picks.len() + shortfall.map_or(0, |(missing, _)| missing),
            budget
        );
        shortfall
    };
    let stop = || GramSchmidt {
        on_exhaustion: OnExhaustion::Stop,
        ..gram_schmidt(1)
    };
    // Of 40 rows 20 have a length: enough for 15 picks and not for 25.
    let norms = Then::new(norm(1), uniform(1));
    assert_eq!(short(&norms, 15), None);
    assert_eq!(short(&norms, 25), Some((5, ShortfallReason::ZeroWeight)));
    let rank = ShortfallReason::Rank;
    assert_eq!(short(&Then::new(norm(1), stop()), 8), Some((5, rank)));
    assert_eq!(short(&Then::new(stop(), norm(1)), 8), Some((5, rank)));
    let zeros = vec![0.0; 6];
    let pool = CpuPool::new(Features::new(&zeros, 6, 1).unwrap());
    let none = norms.select(&pool, 2).unwrap();
    assert_eq!(none.shortfall.map(|short| short.missing), Some(2));
}

#[test]
fn progress_never_passes_the_budget() {
    let (rows, dim, budget) = (200, 5, 20);
    let x = fractions(12, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let sas = Sas::default();
    for then in [
        Then::new(gram_schmidt(1), gram_schmidt(1)),
        Then::new(sas.clone(), sas),
    ] {
        let (mut chosen, mut most) = (0, 0);
        let mut watch = |progress: Progress<'_>| {
            match progress {
                Progress::Stage { chosen: so_far, of } => {
                    assert!(of == 2 * budget && so_far <= of && most == 0);
                    chosen = so_far;
                }
                Progress::Picks(picks) | Progress::Round { picks, .. } => most = picks,
                _ => {}
            }
            ControlFlow::Continue(())
        };
        then.select_with(&pool, budget, &mut watch).unwrap();
        assert_eq!((chosen, most), (2 * budget, budget));
    }
}

/// Lost in the first stage or at the copy, a device leaves no picks.
#[test]
fn a_lost_device_leaves_no_picks() {
    let (rows, dim) = (200, 24); // so many columns that the device is asked often
    let x = fractions(13, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let diverse = GramSchmidt {
        block: 1,
        ..gram_schmidt(1)
    };
    for (then, calls) in [
        (Then::new(diverse, norm(1)), 20),
        (Then::new(uniform(1), norm(1)), 0),
    ] {
        let lost = then.select(&Lost::after(&pool, calls), 30).unwrap_err();
        let Error::DeviceLost { partial, .. } = lost else {
            panic!("{lost}")
        };
        assert!(partial.picks.is_empty());
    }
}

#[test]
fn bad_options_are_refused() {
    let x = fractions(14, 40);
    let pool = CpuPool::new(Features::new(&x, 20, 2).unwrap());
    let fails = |then: Then, budget| then.select(&pool, budget).unwrap_err().to_string();
    let zero = Then {
        oversample: 0,
        ..Then::new(uniform(0), uniform(0))
    };
    assert_eq!(fails(zero, 1), "oversample: 0 found, at least 1 expected");
    let labelled = |rows: &[usize]| Uniform {
        labelled: rows.to_vec(),
        ..uniform(0)
    };
    assert_eq!(
        fails(Then::new(labelled(&[1, 2]), labelled(&[2])), 1),
        "labelled: row 1 in one stage alone found, the same rows in both expected"
    );
    assert_eq!(
        fails(Then::new(uniform(0), labelled(&[20])), 1),
        "labelled: row 20 found, indices below 20 expected"
    );
    let inner = Then::new(labelled(&[2]), labelled(&[3]));
    assert_eq!(
        fails(Then::new(labelled(&[2]), inner), 1),
        "labelled: row 2 in one stage alone found, the same rows in both expected"
    );
    let same = || labelled(&[5, 6]);
    assert_eq!(
        fails(Then::new(same(), same()), 19),
        "budget: 19 picks asked for, at most 18 expected (20 rows, 2 of them labelled)"
    );
    let views = || Sas {
        views: 2,
        ..Sas::default()
    };
    let expected = "views: 2 found, 1 in a selection of two stages expected";
    assert_eq!(fails(Then::new(views(), uniform(0)), 1), expected);
    assert_eq!(fails(Then::new(uniform(0), views()), 1), expected);
    // What the second stage refuses is refused before the first begins.
    let given = Norm {
        classes: Some(Classes::Given(vec![0; 3])),
        ..norm(0)
    };
    let power = Norm {
        power: 65.0,
        ..norm(0)
    };
    for (second, message) in [
        (
            given,
            "classes: 3 classes found, one for each of 20 rows expected",
        ),
        (
            power,
            "power: 65 found, a number above 0 and at most 64 expected",
        ),
    ] {
        let then = Then::new(uniform(0), second);
        let mut silent = |_: Progress<'_>| -> ControlFlow<()> { panic!("work before the checks") };
        let error = then.select_with(&pool, 4, &mut silent).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    // A row that only the second stage minds, by its number in the whole pool.
    let mut x = x.clone();
    x[14..16].fill(0.0);
    let pool = CpuPool::new(Features::new(&x, 20, 2).unwrap());
    let error = Then::new(uniform(0), Sas::default())
        .select(&pool, 10)
        .unwrap_err();
    assert!(matches!(error, Error::ZeroRow { row: 7, .. }), "{error}");
}
