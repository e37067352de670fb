//! What holds of every selector on every device, on made-up pools and on real ones.

mod common;

use common::{fractions, npy, on_every_device, oracle, with_features_lent};
use coresift::{
    Classes, CpuPool, Delta, Error, Features, GramSchmidt, KMeans, Lp, Norm, OnExhaustion, Pool,
    ProbCover, Sas, Selection, Selector, ShortfallReason, Then, TypiClust, Uniform,
};
use serde_json::Value;

/// One of each kind, by name.
fn selectors(seed: u64, labelled: &[usize]) -> Vec<(&'static str, Box<dyn Selector>)> {
    let labelled = || labelled.to_vec();
    let norm = || Norm {
        seed,
        labelled: labelled(),
        ..Norm::default()
    };
    let gram_schmidt = || GramSchmidt {
        seed,
        labelled: labelled(),
        ..GramSchmidt::default()
    };
    vec![
        (
            "uniform",
            Box::new(Uniform {
                seed,
                labelled: labelled(),
                ..Uniform::default()
            }),
        ),
        ("norm", Box::new(norm())),
        (
            "norm power 0.5",
            Box::new(Norm {
                power: 0.5,
                ..norm()
            }),
        ),
        (
            "norm l1",
            Box::new(Norm {
                norm: Lp::L1,
                ..norm()
            }),
        ),
        (
            "norm anti",
            Box::new(Norm {
                anti: true,
                ..norm()
            }),
        ),
        (
            "max norm",
            Box::new(Norm {
                greedy: true,
                ..norm()
            }),
        ),
        ("gram-schmidt", Box::new(gram_schmidt())),
        (
            "gram-schmidt power 2",
            Box::new(GramSchmidt {
                power: 2.0,
                ..gram_schmidt()
            }),
        ),
        (
            "gram-schmidt power 3.5",
            Box::new(GramSchmidt {
                power: 3.5,
                ..gram_schmidt()
            }),
        ),
        (
            "gram-schmidt greedy",
            Box::new(GramSchmidt {
                greedy: true,
                ..gram_schmidt()
            }),
        ),
        (
            "gram-schmidt linf",
            Box::new(GramSchmidt {
                norm: Lp::LInf,
                ..gram_schmidt()
            }),
        ),
    ]
}

/// Numbers in [-1, 1) by a recurrence, every third row scaled down.
fn made_up(rows: usize, dim: usize) -> Vec<f32> {
    let mut state = 12345u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    let mut x: Vec<f32> = (0..rows * dim).map(|_| next()).collect();
    x.chunks_mut(dim)
        .step_by(3)
        .flatten()
        .for_each(|v| *v *= 0.01);
    x
}

fn is_distinct(picks: &[usize], rows: usize) -> bool {
    let mut seen = vec![false; rows];
    picks
        .iter()
        .all(|&row| row < rows && !std::mem::replace(&mut seen[row], true))
}

#[test]
fn picks_are_distinct_repeatable_and_nested() {
    let (rows, dim) = (300, 7);
    let x = made_up(rows, dim);
    let labelled = [5, 299, 0];
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for (name, selector) in selectors(3, &labelled) {
            let at = format!("{name} on {device}");
            let all = selector.select(pool, 290).unwrap();
            assert_eq!(all.picks.len(), 290, "{at}");
            assert_eq!(all.scores.len(), 290, "{at}");
            assert_eq!(all.shortfall, None, "{at}");
            assert!(is_distinct(&all.picks, rows), "{at}: {:?}", all.picks);
            assert!(labelled.iter().all(|row| !all.picks.contains(row)), "{at}");
            assert_eq!(selector.select(pool, 290).unwrap().picks, all.picks, "{at}");
            for budget in [0, 1, 9, 100] {
                let some = selector.select(pool, budget).unwrap();
                assert_eq!(some.picks, all.picks[..budget], "{at} budget {budget}");
            }
            let past = selector.select(pool, 298).unwrap_err();
            assert!(
                matches!(
                    past,
                    Error::Budget {
                        budget: 298,
                        rows: 300,
                        labelled: 3
                    }
                ),
                "{at}"
            );
        }
    });
}

#[test]
fn seeds_matter_to_draws_alone() {
    let (rows, dim) = (200, 16);
    let x = made_up(rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for ((name, a), (_, b)) in selectors(1, &[]).into_iter().zip(selectors(2, &[])) {
        let same = a.select(&pool, 20).unwrap().picks == b.select(&pool, 20).unwrap().picks;
        assert_eq!(
            same,
            matches!(name, "max norm" | "gram-schmidt greedy"),
            "{name}"
        );
    }
}

/// Powers of two scale every product exactly, so picks stay and scores scale.
#[test]
fn scale_changes_no_pick() {
    let (rows, dim) = (200, 9);
    let x = made_up(rows, dim);
    let reference = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for exponent in [-100, -60, 40, 60] {
        let factor = 2f32.powi(exponent);
        let scaled: Vec<f32> = x.iter().map(|v| v * factor).collect();
        on_every_device(
            Features::new(&scaled, rows, dim).unwrap(),
            |device, pool| {
                for (name, selector) in selectors(4, &[]) {
                    let want = selector.select(&reference, 60).unwrap();
                    let got = selector.select(pool, 60).unwrap();
                    let at = format!("{name}, 2^{exponent}, on {device}");
                    assert_eq!(got.picks, want.picks, "{at}");
                    if name != "uniform" {
                        let want: Vec<f64> =
                            want.scores.iter().map(|s| s * f64::from(factor)).collect();
                        assert_eq!(got.scores, want, "{at}");
                    }
                }
            },
        );
    }
}

/// Rows of which some are zero: those are never picked, and the shortfall says so.
#[test]
fn zero_rows_are_never_picked() {
    let (rows, dim) = (40, 5);
    let mut x = made_up(rows, dim);
    x.chunks_mut(dim)
        .skip(1)
        .step_by(2)
        .flatten()
        .for_each(|v| *v = 0.0);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for (name, selector) in selectors(5, &[]) {
            if matches!(name, "uniform" | "norm anti") {
                continue; // their weights do not vanish there
            }
            let got = selector.select(pool, rows).unwrap();
            assert_eq!(got.picks.len(), 20, "{name} on {device}");
            assert!(
                got.picks.iter().all(|row| row % 2 == 0),
                "{name} on {device}"
            );
            let shortfall = got.shortfall.unwrap();
            assert_eq!(shortfall.missing, 20, "{name} on {device}");
            assert_eq!(
                shortfall.reason,
                ShortfallReason::ZeroWeight,
                "{name} on {device}"
            );
        }
        let all_zero = vec![0.0; rows * dim];
        let _ = device;
        let pool = CpuPool::new(Features::new(&all_zero, rows, dim).unwrap());
        for (name, selector) in selectors(5, &[]) {
            let want = if name == "uniform" { 7 } else { 0 };
            assert_eq!(
                selector.select(&pool, 7).unwrap().picks.len(),
                want,
                "{name}"
            );
        }
    });
}

/// All rows alike: one direction, so every epoch of Gram-Schmidt holds one pick.
#[test]
fn identical_rows_and_single_columns_work() {
    let x = [0.3, -0.1, 0.2].repeat(30);
    on_every_device(Features::new(&x, 30, 3).unwrap(), |device, pool| {
        for (name, selector) in selectors(6, &[2]) {
            let got = selector.select(pool, 29).unwrap();
            let want = if name == "norm anti" { 0 } else { 29 };
            assert_eq!(got.picks.len(), want, "{name} on {device}");
            if name.starts_with("gram-schmidt") {
                // The labelled row spans everything at once: the first epoch is empty.
                let starts: Vec<usize> = std::iter::once(0).chain(0..29).collect();
                assert_eq!(got.restarts, starts, "{name} on {device}");
            }
            if name == "gram-schmidt greedy" || name == "max norm" {
                assert!(
                    got.picks.is_sorted(),
                    "{name} on {device}: ties to the lower index"
                );
            }
        }
    });
    on_every_device(Features::new(&[2.5], 1, 1).unwrap(), |device, pool| {
        for (name, selector) in selectors(7, &[]) {
            let got = selector.select(pool, 1).unwrap();
            let want: &[usize] = if name == "norm anti" { &[] } else { &[0] };
            assert_eq!(got.picks, want, "{name} on {device}");
        }
    });
    on_every_device(
        Features::new(&made_up(50, 1), 50, 1).unwrap(),
        |device, pool| {
            for (name, selector) in selectors(8, &[]) {
                let got = selector.select(pool, 40).unwrap();
                assert!(
                    is_distinct(&got.picks, 50) && got.picks.len() == 40,
                    "{name} on {device}"
                );
            }
        },
    );
}

#[test]
fn past_the_rank_as_asked() {
    let (rows, dim) = (60, 4);
    let x = made_up(rows, dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for greedy in [false, true] {
            let by = |on_exhaustion| {
                let selector = GramSchmidt {
                    greedy,
                    on_exhaustion,
                    ..GramSchmidt::default()
                };
                selector.select(pool, 10).unwrap()
            };
            let restart = by(OnExhaustion::Restart);
            assert_eq!(
                (restart.picks.len(), &restart.restarts[..]),
                (10, &[0, 4, 8][..]),
                "{device}"
            );
            // A tolerance that no device can vouch for: the host buries every row.
            let close = GramSchmidt {
                greedy,
                rank_tol: Some(1e-10),
                ..GramSchmidt::default()
            };
            let close = close.select(pool, 10).unwrap();
            assert_eq!(close.picks, restart.picks, "{device}");
            assert_eq!(close.restarts, restart.restarts, "{device}");
            let stop = by(OnExhaustion::Stop);
            assert_eq!(stop.picks, restart.picks[..4], "{device}");
            assert_eq!(
                stop.shortfall.unwrap().reason,
                ShortfallReason::Rank,
                "{device}"
            );
            let norm = by(OnExhaustion::Norm);
            assert_eq!(
                (norm.picks.len(), &norm.restarts[..]),
                (10, &[0, 4][..]),
                "{device}"
            );
            assert_eq!(norm.picks[..4], restart.picks[..4], "{device}");
        }
    });
}

#[test]
fn options_are_checked() {
    let pool = CpuPool::new(Features::new(&[1.0, 2.0], 2, 1).unwrap());
    let message = |selector: &dyn Selector| selector.select(&pool, 1).unwrap_err().to_string();
    let gram_schmidt = GramSchmidt::default();
    assert_eq!(
        message(&GramSchmidt {
            power: 9.0,
            ..gram_schmidt.clone()
        }),
        "power: 9 found, a number above 0 and at most 8 expected"
    );
    assert_eq!(
        message(&GramSchmidt {
            rank_tol: Some(1.0),
            ..gram_schmidt.clone()
        }),
        "rank_tol: 1 found, a number from 1e-12 to below 1 expected"
    );
    assert_eq!(
        message(&GramSchmidt {
            block: 0,
            ..gram_schmidt
        }),
        "block: 0 found, at least 1 expected"
    );
    assert_eq!(
        message(&Norm {
            power: f64::NAN,
            ..Norm::default()
        }),
        "power: NaN found, a number above 0 and at most 64 expected"
    );
    for (norms, found) in [
        (&[1.0][..], "1 norms found, one for each of 2 rows"),
        (&[1.0, 0.0], "0 at row 1 found, a finite norm above 0"),
        (&[-1.0, 1.0], "-1 at row 0 found, a finite norm above 0"),
        (
            &[1.0, f64::NAN],
            "NaN at row 1 found, a finite norm above 0",
        ),
        (
            &[f64::INFINITY, 1.0],
            "inf at row 0 found, a finite norm above 0",
        ),
    ] {
        let input_norms = Some(norms.to_vec());
        let found = format!("input_norms: {found} expected");
        assert_eq!(
            message(&Norm {
                input_norms,
                ..Norm::default()
            }),
            found
        );
    }
}

/// Norms over those of inputs, by the definition: the smallest E/w in f64.
#[test]
fn input_norms_divide() {
    let (rows, dim, budget) = (500, 7, 60);
    let x = made_up(rows, dim);
    let input: Vec<f32> = made_up(rows, 3).iter().map(|v| 1e-6 * v).collect();
    let inputs = Features::new(&input, rows, 3).unwrap();
    let numbers = oracle::exponentials(2, 0, rows);
    for (at, lp) in [Lp::L1, Lp::L2, Lp::LInf].into_iter().enumerate() {
        let norm = |x: &[f32]| {
            let [sum, squares, largest] = oracle::norms(x);
            [sum, squares.sqrt(), largest][at]
        };
        let ratio = |(x, input): (&[f32], &[f32])| norm(x) / norm(input);
        let ratios: Vec<f64> = (x.chunks(dim).zip(input.chunks(3))).map(ratio).collect();
        let largest = ratios.iter().copied().fold(0.0, f64::max);
        for (anti, greedy, power) in [
            (false, false, 1.0),
            (false, false, 3.5),
            (false, true, 1.0),
            (true, false, 2.0),
            (true, true, 1.0),
        ] {
            let base = |row: usize| {
                if anti {
                    largest - ratios[row]
                } else {
                    ratios[row]
                }
            };
            let key = |row: usize| {
                let weight = base(row).powf(power);
                if greedy {
                    -weight
                } else {
                    numbers[row] / weight
                }
            };
            let mut want: Vec<usize> = (0..rows).collect();
            want.sort_by(|&a, &b| key(a).total_cmp(&key(b)));
            let selector = Norm {
                norm: lp,
                power,
                input_norms: Some(inputs.norms(lp).unwrap()),
                anti,
                greedy,
                seed: 2,
                ..Norm::default()
            };
            on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
                let at = format!("{lp:?} anti {anti} greedy {greedy} on {device}");
                let got = selector.select(pool, budget).unwrap();
                assert_eq!(got.picks, want[..budget], "{at}");
                for (&row, score) in got.picks.iter().zip(&got.scores) {
                    assert!((score / base(row) - 1.0).abs() < 1e-7, "{at}: {score}");
                }
                let plain = Norm {
                    input_norms: None,
                    ..selector.clone()
                };
                assert_ne!(plain.select(pool, budget).unwrap().picks, got.picks, "{at}");
            });
        }
    }
}

/// The same picks, epochs and scores from every device, up to three times the rank.
fn agree(stored: &npy::Stored, budget: usize, selectors: &[GramSchmidt]) {
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    let want: Vec<Selection> = selectors
        .iter()
        .map(|selector| selector.select(&cpu, budget).unwrap())
        .collect();
    with_features_lent(features, |device, pool| {
        for (selector, want) in selectors.iter().zip(&want) {
            let at = format!("{} on {device}: {selector:?}", stored.name);
            let got = selector.select(pool, budget).unwrap();
            assert_eq!(got.picks, want.picks, "{at}");
            assert_eq!(got.restarts, want.restarts, "{at}");
        }
        for seed in [0, 1] {
            let norm = Norm {
                seed,
                ..Norm::default()
            };
            for norm in [
                norm.clone(),
                Norm {
                    norm: Lp::L1,
                    ..norm.clone()
                },
            ] {
                let (got, want) = (norm.select(pool, budget), norm.select(&cpu, budget));
                assert_eq!(
                    got.unwrap().picks,
                    want.unwrap().picks,
                    "{} on {device}",
                    stored.name
                );
            }
        }
    });
}

#[test]
fn devices_agree_on_small_pools() {
    let random = |seed| GramSchmidt {
        seed,
        ..GramSchmidt::default()
    };
    let labelled = (0..20).map(|i| 7 * i).collect();
    let selectors = [
        random(0),
        random(1),
        GramSchmidt {
            power: 2.0,
            ..random(2)
        },
        GramSchmidt {
            labelled,
            ..random(3)
        },
        GramSchmidt {
            greedy: true,
            ..random(0)
        },
    ];
    for stored in npy::small_pools() {
        agree(&stored, stored.rows.min(3 * stored.dim), &selectors);
    }
}

/// The larger pools, where `CORESIFT_DATA` names their folder.
#[test]
fn devices_agree_on_large_pools() {
    for stored in npy::large_pools() {
        agree(
            &stored,
            stored.rows.min(300),
            &[GramSchmidt {
                seed: 1,
                ..GramSchmidt::default()
            }],
        );
    }
}

/// Greedy picks are the pivots of `scipy.linalg.qr(F.T, pivoting=True)`, up to the rank.
#[test]
fn greedy_is_pivoted_qr() {
    for (pool, fixture) in [
        ("examples/data/digits.npy", "tests/fixtures/qr_digits.json"),
        (
            "examples/data/fmnist_simclr_2000.npy",
            "tests/fixtures/qr_fmnist_simclr_2000.json",
        ),
        (
            "tests/fixtures/text_600.npy",
            "tests/fixtures/qr_text_600.json",
        ),
    ] {
        let stored = npy::read(&npy::repository(pool), usize::MAX);
        let fixture = std::fs::read(npy::repository(fixture)).unwrap();
        let fixture: Value = serde_json::from_slice(&fixture).unwrap();
        assert_eq!(
            (fixture["rows"].as_u64(), fixture["dim"].as_u64()),
            (Some(stored.rows as u64), Some(stored.dim as u64))
        );
        let want: Vec<usize> = fixture["picks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|v| v.as_u64().unwrap() as usize)
            .collect();
        let greedy = GramSchmidt {
            greedy: true,
            ..GramSchmidt::default()
        };
        with_features_lent(
            Features::new(&stored.values, stored.rows, stored.dim).unwrap(),
            |device, pool| {
                let got = greedy.select(pool, want.len()).unwrap();
                assert_eq!(got.picks, want, "{} on {device}", stored.name);
            },
        );
    }
}

/// Gaussian clusters after a ReLU: the usual shape of a network's features.
fn relu_clusters(rows: usize, dim: usize) -> Vec<f32> {
    let noise = made_up(rows + 20, dim);
    let centres = made_up(20, dim);
    let value = |(at, v): (usize, &f32)| {
        let (row, column) = (at / dim, at % dim);
        (centres[row % 20 * dim + column] + v).max(0.0)
    };
    noise[..rows * dim].iter().enumerate().map(value).collect()
}

/// The blocked law: many picks share a pass over the features.
#[test]
fn passes_are_few() {
    let (rows, dim, budget) = (50_000, 512, 512);
    let x = relu_clusters(rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let got = GramSchmidt {
        seed: 1,
        ..GramSchmidt::default()
    }
    .select(&pool, budget)
    .unwrap();
    assert_eq!(got.picks.len(), budget);
    assert!(got.passes <= budget / 16, "{} passes", got.passes);
}

/// Against the definition, where the block machinery has no part.
#[test]
fn greedy_takes_the_largest_residual_each_time() {
    let (rows, dim) = (500, 24);
    let x = made_up(rows, dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        let got = GramSchmidt {
            greedy: true,
            ..GramSchmidt::default()
        }
        .select(pool, 24)
        .unwrap();
        let mut span = oracle::Span::new(&x, dim);
        for &pick in &got.picks {
            let best = (0..rows)
                .max_by(|&a, &b| span.norm(a).total_cmp(&span.norm(b)))
                .unwrap();
            assert_eq!(pick, best, "{device}");
            span.project_out(pick);
        }
    });
}

/// The race against the definition: real pools, past the rank.
#[test]
fn draws_are_those_of_the_definition() {
    for stored in npy::small_pools() {
        let (rows, dim) = (stored.rows.min(600), stored.dim);
        let x = &stored.values[..rows * dim];
        let budget = rows.min(3 * dim);
        for (seed, power) in [(1, 1.0), (2, 2.0), (3, 0.7)] {
            let (picks, epochs) = oracle::gram_schmidt(x, dim, budget, seed, power);
            let selector = GramSchmidt {
                seed,
                power,
                ..GramSchmidt::default()
            };
            with_features_lent(Features::new(x, rows, dim).unwrap(), |device, pool| {
                let got = selector.select(pool, budget).unwrap();
                let at = format!("{} seed {seed} power {power} on {device}", stored.name);
                assert_eq!(got.picks, picks, "{at}");
                assert_eq!(got.restarts, epochs, "{at}");
            });
        }
    }
}

/// Pools with an epoch for every few picks, thousands of times over in earnest, against the definition.
/// With a far row that has a direction of its own fewer directions are left after it; labelled rows
/// are out of play from the start.
#[test]
fn short_epochs_are_those_of_the_definition() {
    let shape = coresift_cli::bench::Shape { rows: 160, dim: 24 };
    let mut pools = coresift_cli::bench::degenerate::pools(shape).unwrap();
    let mut lone = pools[6].clone();
    lone.name = "rank 2 and a row of its own";
    lone.values[70 * 24..71 * 24].copy_from_slice(&made_up(1, 24));
    pools.push(lone);
    for pool in pools {
        let (rows, dim, x) = (pool.shape.rows, pool.shape.dim, &pool.values);
        let features = Features::new(x, rows, dim).unwrap();
        let budget = rows - 10;
        for (seed, power) in [(1, 1.0), (2, 2.0)] {
            let labelled = [3, 70];
            let numbers = |epoch| oracle::exponentials(seed, epoch, rows);
            let (picks, epochs) =
                oracle::gram_schmidt_by(x, dim, budget, power, &labelled, numbers);
            let selector = GramSchmidt {
                seed,
                power,
                labelled: labelled.to_vec(),
                ..GramSchmidt::default()
            };
            on_every_device(features.clone(), |device, lent| {
                let got = selector.select(lent, budget).unwrap();
                let at = format!("{} seed {seed} power {power} on {device}", pool.name);
                assert_eq!(got.picks, picks, "{at}");
                assert_eq!(got.restarts, epochs, "{at}");
                let is_short = epochs.len() > 50;
                assert!(!is_short || 4 * got.passes < epochs.len(), "{at}");
            });
        }
        let (picks, epochs) = oracle::greedy_gram_schmidt(x, dim, budget);
        let selector = GramSchmidt {
            greedy: true,
            ..GramSchmidt::default()
        };
        on_every_device(features, |device, lent| {
            let got = selector.select(lent, budget).unwrap();
            assert_eq!(got.picks, picks, "{} greedy on {device}", pool.name);
            assert_eq!(got.restarts, epochs, "{} greedy on {device}", pool.name);
            let is_short = epochs.len() > 50;
            assert!(!is_short || 4 * got.passes < epochs.len(), "{}", pool.name);
        });
    }
}

/// All rows picked within one epoch, so that most hazards run to their end while the device
/// deflates again and again.
#[test]
fn hazards_add_up() {
    let (rows, dim) = (400, 420);
    let x = made_up(rows, dim);
    for (seed, power) in [(1, 1.0), (2, 1.0), (3, 2.0)] {
        let (picks, epochs) = oracle::gram_schmidt(&x, dim, rows, seed, power);
        assert_eq!(epochs, [0]);
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            for block in [1, 16] {
                let selector = GramSchmidt {
                    seed,
                    power,
                    block,
                    ..GramSchmidt::default()
                };
                let got = selector.select(pool, rows).unwrap();
                assert_eq!(got.picks, picks, "seed {seed} block {block} on {device}");
                assert!(block > 1 || got.passes > 4, "{} passes", got.passes);
            }
        });
    }
}

/// Lengths over fourteen decades and a high power: rates that an f32 cannot hold.
#[test]
fn rates_below_f32_are_settled() {
    let (rows, dim) = (56, 40);
    let mut x = made_up(rows, dim);
    for (row, x) in x.chunks_mut(dim).enumerate() {
        x.iter_mut()
            .for_each(|v| *v *= 10f32.powf(-(row as f32) / 4.0));
    }
    for power in [1.0, 4.0, 8.0] {
        let (picks, epochs) = oracle::gram_schmidt(&x, dim, rows, 9, power);
        let selector = GramSchmidt {
            seed: 9,
            power,
            ..GramSchmidt::default()
        };
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            let got = selector.select(pool, rows).unwrap();
            assert_eq!(got.picks, picks, "power {power} on {device}");
            assert_eq!(got.restarts, epochs, "power {power} on {device}");
        });
    }
}

/// A row has a direction if it has any value, however short it is beside the longest: picks that go by
/// directions are those of the same rows at ordinary lengths, on rows lent, uploaded and gathered.
#[test]
fn the_shortest_rows_have_their_directions() {
    let (rows, dim) = (60, 3);
    // From 1 to 7, so that 2^-149 times each is an f32.
    let whole = fractions(5, rows * dim);
    let whole: Vec<f32> = whole.iter().map(|v| (v * 7.0).trunc()).collect();
    let whole: Vec<f32> = (whole.chunks(dim))
        .flat_map(|x| [x[0] + 8.0, x[1], x[2]])
        .collect();
    let in_units = |units: [i32; 3]| -> Vec<f32> {
        let unit = |at: usize| f64::from(units[at / dim % 3]).exp2();
        let values = whole.iter().enumerate();
        values
            .map(|(at, &v)| (f64::from(v) * unit(at)) as f32)
            .collect()
    };
    let sas = || Sas::default();
    let typiclust = TypiClust {
        neighbours: 3,
        ..TypiClust::default()
    };
    let prob_cover = |delta| ProbCover {
        delta,
        ..ProbCover::default()
    };
    let clusters = Classes::KMeans {
        clusters: 4,
        seed: 1,
    };
    let selectors: [(&str, Box<dyn Selector>); 6] = [
        ("sas", Box::new(sas())),
        (
            "sas, clusters",
            Box::new(Sas {
                classes: clusters,
                ..sas()
            }),
        ),
        ("typiclust", Box::new(typiclust)),
        ("probcover", Box::new(prob_cover(Delta::Fixed(0.3)))),
        (
            "probcover, auto",
            Box::new(prob_cover(Delta::Auto { clusters: Some(4) })),
        ),
        ("then", Box::new(Then::new(sas(), TypiClust::default()))),
    ];
    let plain = in_units([0, 0, 0]);
    let plain = CpuPool::new(Features::new(&plain, rows, dim).unwrap());
    for units in [[59, -149, 0], [-149, -149, -149], [-140, 50, 40]] {
        let x = in_units(units);
        let features = Features::new(&x, rows, dim).unwrap();
        let check = |device: &str, pool: &dyn Pool| {
            for (name, selector) in &selectors {
                let want = selector.select(&plain, 12).unwrap();
                let got = selector.select(pool, 12);
                let got = got.unwrap_or_else(|error| panic!("{name} on {device}: {error}"));
                assert_eq!(got.picks, want.picks, "{name} on {device}, units {units:?}");
            }
            let k_means = KMeans {
                clusters: 4,
                seed: 1,
            };
            let want = k_means.fit(&plain).unwrap();
            assert_eq!(
                k_means.fit(pool).unwrap(),
                want,
                "{device}, units {units:?}"
            );
            // And a weight that is not zero.
            for greedy in [false, true] {
                let norm = Norm {
                    greedy,
                    ..Norm::default()
                };
                let all = norm.select(pool, rows).unwrap();
                assert_eq!(all.shortfall, None, "{device}, units {units:?}");
            }
        };
        on_every_device(features.clone(), check);
        with_features_lent(features, check);
    }
}
