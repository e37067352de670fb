//! Gram-Schmidt against Algorithm 1 as it is printed, where the block machinery has no part.

use crate::common::{npy, on_every_device, oracle, with_features_lent};
use crate::made_up;
use coresift::{Features, GramSchmidt, Selector};

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

/// A labelled row of zeros takes nothing from the others, wherever it stands among the labelled ones.
#[test]
fn labelled_rows_of_zeros_take_nothing() {
    let (rows, dim) = (60, 8);
    let mut x = made_up(rows, dim);
    x[..dim].fill(0.0);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for (greedy, ridge) in [(false, None), (true, None), (true, Some(0.1))] {
            let picked = |labelled: &[usize]| {
                let selector = GramSchmidt {
                    greedy,
                    ridge,
                    labelled: labelled.to_vec(),
                    ..GramSchmidt::default()
                };
                let got = selector.select(pool, 20).unwrap();
                (got.picks, got.scores, got.restarts)
            };
            let want = picked(&[7, 30]);
            for labelled in [[0, 7, 30], [7, 30, 0]] {
                assert_eq!(picked(&labelled), want, "{labelled:?} on {device}");
            }
        }
    });
}
