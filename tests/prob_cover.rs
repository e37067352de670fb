//! What holds of ProbCover on every device: the definition, real pools, the released code, bad input.

mod common;

use common::{Lost, fractions, npy, on_every_device, with_features_lent};
use coresift::{
    Coverage, CpuPool, Delta, Details, Error, Features, KMeans, Pool, ProbCover, Selection,
    Selector,
};
use serde_json::Value;

/// The rows at length 1.
fn unit(x: &[f32], dim: usize) -> Vec<Vec<f64>> {
    let row = |x: &[f32]| {
        let length = x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
        x.iter().map(|&v| f64::from(v) / length).collect()
    };
    x.chunks(dim).map(row).collect()
}

fn distance_sq(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    distance_sq(a, b).sqrt()
}

/// Picks, what they newly cover, where covers begin, and rows covered by the first cover, from a
/// graph that is stored whole.
struct Stored {
    picks: Vec<usize>,
    degrees: Vec<f64>,
    restarts: Vec<usize>,
    covered: usize,
}

fn stored_graph(z: &[Vec<f64>], delta: f64, labelled: &[usize], budget: usize) -> Stored {
    let rows = z.len();
    let near = |i: usize, j: usize| i == j || distance_sq(&z[i], &z[j]) < delta * delta;
    let edges: Vec<Vec<usize>> = (0..rows)
        .map(|i| (0..rows).filter(|&j| near(i, j)).collect())
        .collect();
    let mut uncovered = vec![true; rows];
    let mut taken = vec![false; rows];
    for &row in labelled {
        taken[row] = true;
        edges[row].iter().for_each(|&j| uncovered[j] = false);
    }
    let mut found = Stored {
        picks: Vec::new(),
        degrees: Vec::new(),
        restarts: vec![0],
        covered: 0,
    };
    let mut restarted = false;
    while found.picks.len() < budget {
        if !uncovered.contains(&true) {
            restarted = true;
            uncovered = taken.iter().map(|taken| !taken).collect();
            if !found.picks.is_empty() {
                found.restarts.push(found.picks.len());
            }
        }
        let degree = |i: usize| edges[i].iter().filter(|&&j| uncovered[j]).count();
        let able = (0..rows).filter(|&i| !taken[i]);
        let best = able
            .max_by_key(|&i| (degree(i), std::cmp::Reverse(i)))
            .unwrap();
        found.picks.push(best);
        found.degrees.push(degree(best) as f64);
        taken[best] = true;
        edges[best].iter().for_each(|&j| uncovered[j] = false);
        let covered = uncovered.iter().filter(|u| !**u).count();
        found.covered = if restarted { rows } else { covered };
    }
    found
}

/// How much a selection says is covered.
fn coverage(selection: &Selection) -> Coverage {
    match &selection.details {
        Details::ProbCover(cover) => *cover,
        other => panic!("{other:?} instead of what is covered"),
    }
}

fn check(got: &Selection, want: &Stored, at: &str) {
    assert_eq!(got.picks, want.picks, "{at}");
    assert_eq!(got.scores, want.degrees, "{at}");
    assert_eq!(got.restarts, want.restarts, "{at}");
    assert_eq!(coverage(got).covered, want.covered, "{at}");
    assert_eq!(got.shortfall, None, "{at}");
}

/// Rows about a few directions, of many lengths, every ninth a copy of an earlier one.
fn bunches(seed: u32, rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(seed, rows * dim);
    for row in 0..rows {
        let own = &mut x[row * dim..][..dim];
        own[row % dim.min(5)] += 1.5;
        own.iter_mut()
            .for_each(|v| *v *= (row as f32 % 7.0 - 3.0).exp2());
        if row % 9 == 8 {
            x.copy_within((row / 2) * dim..(row / 2 + 1) * dim, row * dim);
        }
    }
    x
}

#[test]
fn picks_are_those_of_a_stored_graph() {
    for (seed, rows, dim) in [(1, 1, 3), (2, 40, 1), (3, 90, 2), (4, 150, 8), (5, 260, 40)] {
        let x = bunches(seed, rows, dim);
        let z = unit(&x, dim);
        // A distance that there is, where there are too few values to add them up in two orders.
        let exact = if dim > 8 {
            0.7
        } else {
            distance(&z[0], &z[rows / 2])
        };
        let deltas = [0.1, 0.5, 1.1, 2.0, exact]
            .into_iter()
            .filter(|&delta| delta > 0.0);
        for delta in deltas {
            for labelled in [vec![], vec![rows - 1, 0], (0..rows / 2).collect()] {
                if labelled.len() >= rows {
                    continue;
                }
                let budget = (rows - labelled.len()).min(60);
                let want = |budget| stored_graph(&z, delta, &labelled, budget);
                // Fewer where every pick takes milliseconds; covers begin anew within these too.
                let (all, first) = (want(budget), want(budget.min(16)));
                let cover = ProbCover {
                    delta: Delta::Fixed(delta),
                    labelled: labelled.clone(),
                    ..ProbCover::default()
                };
                on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
                    let want = if device == "cpu" { &all } else { &first };
                    let got = cover.select(pool, want.picks.len()).unwrap();
                    let labelled = cover.labelled.len();
                    let at = format!("{rows} x {dim}, {delta}, {labelled} labelled on {device}");
                    check(&got, want, &at);
                });
            }
        }
    }
}

/// Pools where one pick covers all or nearly, where few rows differ, and where all pairs lie so close to
/// δ that kernels leave them open: covers begin anew for every few picks.
#[test]
fn degenerate_pools_are_those_of_a_stored_graph() {
    let shape = coresift_cli::bench::Shape { rows: 400, dim: 12 };
    for pool in coresift_cli::bench::degenerate::pools(shape).unwrap() {
        let (rows, dim) = (pool.shape.rows, pool.shape.dim);
        let z = unit(&pool.values, dim);
        for delta in [1e-3, 1.5e-3, 0.05, 1.0, 1.9] {
            for labelled in [vec![], vec![7, 399, 30, 31]] {
                let want = stored_graph(&z, delta, &labelled, 40);
                let cover = ProbCover {
                    delta: Delta::Fixed(delta),
                    labelled,
                    ..ProbCover::default()
                };
                let features = Features::new(&pool.values, rows, dim).unwrap();
                on_every_device(features, |device, lent| {
                    let got = cover.select(lent, 40).unwrap();
                    check(&got, &want, &format!("{}, {delta} on {device}", pool.name));
                });
            }
        }
    }
}

/// Directions whose distances f64 holds exactly, and a delta at each of them: strictly below counts.
#[test]
fn a_distance_of_delta_is_not_covered() {
    let x = [1.0, 0.0, 0.0, 1.0, -1.0, 0.0, 0.0, -1.0, 3.0, 0.0];
    for (delta, picks, degrees) in [
        (2.0, vec![0, 1], vec![4.0, 1.0]),
        (1.0, vec![0, 1, 2, 3], vec![2.0, 1.0, 1.0, 1.0]),
    ] {
        let cover = ProbCover {
            delta: Delta::Fixed(delta),
            ..ProbCover::default()
        };
        on_every_device(Features::new(&x, 5, 2).unwrap(), |device, pool| {
            let got = cover.select(pool, picks.len()).unwrap();
            // Of the opposite direction all but the row itself lie within 2.
            assert_eq!(
                (&got.picks, &got.scores),
                (&picks, &degrees),
                "{device} {delta}"
            );
        });
    }
}

/// So many picks that bounds are brought up to date many times, and covers begin anew.
#[test]
fn long_selections_stay_exact() {
    let (rows, dim) = (1500, 6);
    let x = bunches(8, rows, dim);
    let z = unit(&x, dim);
    for delta in [0.12, 0.4] {
        let want = stored_graph(&z, delta, &[], 700);
        let cover = ProbCover {
            delta: Delta::Fixed(delta),
            ..ProbCover::default()
        };
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let got = cover.select(&pool, 700).unwrap();
        check(&got, &want, &format!("{delta}"));
    }
}

/// Picks that cover so many rows that those close to them are told at once, again and again in
/// every bunch, and then picks that cover few.
#[test]
fn picks_that_cover_many_stay_exact() {
    let (rows, dim) = (3000, 6);
    let x = bunches(9, rows, dim);
    let z = unit(&x, dim);
    for (delta, many) in [(0.55, 8), (0.65, 8), (0.8, 4)] {
        let want = stored_graph(&z, delta, &[], 300);
        assert!(
            want.degrees[many] >= 64.0,
            "{delta}: {:?}",
            &want.degrees[..20]
        );
        let cover = ProbCover {
            delta: Delta::Fixed(delta),
            ..ProbCover::default()
        };
        let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
        let got = cover.select(&pool, 300).unwrap();
        check(&got, &want, &format!("{delta}"));
    }
}

fn indices(value: &Value) -> Vec<usize> {
    let index = |v: &Value| v.as_u64().unwrap() as usize;
    value.as_array().unwrap().iter().map(index).collect()
}

#[test]
fn picks_are_those_of_the_released_code() {
    for stored in npy::small_pools() {
        let path = npy::repository(&stored.name);
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let path = npy::repository(&format!("tests/fixtures/probcover_{stem}.json"));
        let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let rows = fixture["rows"].as_u64().unwrap() as usize;
        let x = &stored.values[..rows * stored.dim];
        let cases = fixture["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 4);
        for case in cases {
            let cover = ProbCover {
                delta: Delta::Fixed(case["delta"].as_f64().unwrap()),
                labelled: indices(&case["labelled"]),
                ..ProbCover::default()
            };
            on_every_device(
                Features::new(x, rows, stored.dim).unwrap(),
                |device, pool| {
                    let picks = indices(&case["picks"]);
                    let got = cover.select(pool, picks.len()).unwrap();
                    let at = format!("{stem} {:?} on {device}", cover.delta);
                    assert_eq!(got.picks, picks, "{at}");
                    let degrees: Vec<usize> =
                        got.scores.iter().map(|&score| score as usize).collect();
                    assert_eq!(degrees, indices(&case["degrees"]), "{at}");
                    let covered = case["covered"].as_u64().unwrap() as usize;
                    assert_eq!(coverage(&got).covered, covered, "{at}");
                },
            );
        }
    }
}

/// Every pair of rows is much for a software adapter: the first rows have to do, the fewer the longer
/// they are.
fn check_real_pool(stored: &npy::Stored) {
    const PRODUCTS: usize = 1 << 27;
    let (dim, some) = (stored.dim, (PRODUCTS / stored.dim).isqrt());
    let rows = stored.rows.min(800).min(some);
    let features = Features::new(&stored.values[..rows * dim], rows, dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    for delta in [Delta::Fixed(0.6), Delta::default()] {
        let cover = ProbCover {
            delta,
            ..ProbCover::default()
        };
        let want = cover.select(&cpu, 40).unwrap();
        with_features_lent(features.clone(), |device, pool| {
            let got = cover.select(pool, 40).unwrap();
            assert_eq!(
                got.picks, want.picks,
                "{} {delta:?} on {device}",
                stored.name
            );
            assert_eq!(
                got.details, want.details,
                "{} {delta:?} on {device}",
                stored.name
            );
        });
    }
}

#[test]
fn real_pools_alike_on_every_device() {
    npy::small_pools().iter().for_each(check_real_pool);
}

#[test]
fn large_pools_alike_on_every_device() {
    npy::large_pools().iter().for_each(check_real_pool);
}

/// The distance is one that there is, and purity at it is 95 % but for the rounding of distances.
#[test]
fn auto_is_the_radius_of_purity() {
    for stored in npy::small_pools() {
        let (rows, dim) = (stored.rows.min(1000), stored.dim);
        let x = &stored.values[..rows * dim];
        let pool = CpuPool::new(Features::new(x, rows, dim).unwrap());
        let z = unit(x, dim);
        for clusters in [2, 7, 30] {
            let cover = ProbCover {
                delta: Delta::Auto {
                    clusters: Some(clusters),
                },
                seed: 3,
                ..ProbCover::default()
            };
            let delta = coverage(&cover.select(&pool, 5).unwrap()).delta;
            let labels = KMeans { clusters, seed: 3 }.fit(&pool).unwrap().labels;
            let nearest = |i: usize| {
                let others = (0..rows).filter(|&j| labels[j] != labels[i]);
                others
                    .map(|j| distance(&z[i], &z[j]))
                    .fold(f64::INFINITY, f64::min)
            };
            let nearest: Vec<f64> = (0..rows).map(nearest).collect();
            let below = |delta: f64| nearest.iter().filter(|&&d| d < delta).count();
            let closest = nearest
                .iter()
                .map(|d| (d - delta).abs())
                .fold(1.0, f64::min);
            assert!(closest < 1e-12, "{} {clusters}: {delta}", stored.name);
            let band = 4e-4 / delta;
            let (least, most) = (below(delta - band), below(delta + band));
            assert!(
                least <= rows / 20 && rows / 20 <= most,
                "{} {clusters}",
                stored.name
            );
        }
    }
}

#[test]
fn a_lost_device_keeps_the_picks() {
    let x = bunches(2, 300, 4);
    let pool = CpuPool::new(Features::new(&x, 300, 4).unwrap());
    let cover = ProbCover {
        delta: Delta::Fixed(0.3),
        ..ProbCover::default()
    };
    let all = cover.select(&pool, 50).unwrap();
    let mut kept = 0;
    for calls in 0.. {
        match cover.select(&Lost::after(&pool, calls), 50) {
            Err(Error::DeviceLost { partial, .. }) => {
                assert_eq!(partial.picks, all.picks[..partial.picks.len()]);
                kept = partial.picks.len();
            }
            Ok(got) => {
                assert_eq!(got.picks, all.picks);
                break;
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert!(kept > 0);
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 2.0, 1.0];
    let zero_row = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let same = CpuPool::new(Features::new(&[1.0, 1.0, 2.0, 2.0, 4.0, 4.0], 3, 2).unwrap());
    let error = |pool: &dyn Pool, delta: Delta| {
        let cover = ProbCover {
            delta,
            ..ProbCover::default()
        };
        cover.select(pool, 2).unwrap_err().to_string()
    };
    for delta in [0.0, -1.0, 2.1, f64::NAN, f64::INFINITY] {
        let error = error(&same, Delta::Fixed(delta));
        assert_eq!(
            error,
            format!("delta: {delta} found, a distance above 0 and at most 2, or auto expected")
        );
    }
    let found = error(&zero_row, Delta::Fixed(0.5));
    assert!(found.contains("row 1 is all zeros"), "{found}");
    let found = error(&same, Delta::default());
    assert!(found.contains("expected"), "{found}");
    // Rows of one direction cover each other.
    let cover = ProbCover {
        delta: Delta::Fixed(1e-6),
        ..ProbCover::default()
    };
    let got = cover.select(&same, 3).unwrap();
    assert_eq!(
        (got.picks, got.scores),
        (vec![0, 1, 2], vec![3.0, 2.0, 1.0])
    );
    let everything = ProbCover {
        labelled: vec![0, 1, 2],
        ..cover
    };
    assert!(everything.select(&same, 0).unwrap().picks.is_empty());
}
