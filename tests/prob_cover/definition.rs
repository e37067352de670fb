//! Covers of a graph that is stored whole.

use crate::common::on_every_device;
use crate::{clusters, coverage, distance, distance_sq, unit};
use coresift::{CpuPool, Delta, Features, ProbCover, Selection, Selector};

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

fn check(got: &Selection, want: &Stored, at: &str) {
    assert_eq!(got.picks, want.picks, "{at}");
    assert_eq!(got.scores, want.degrees, "{at}");
    assert_eq!(got.restarts, want.restarts, "{at}");
    assert_eq!(coverage(got).covered, want.covered, "{at}");
    assert_eq!(got.shortfall, None, "{at}");
}

#[test]
fn picks_are_those_of_a_stored_graph() {
    for (seed, rows, dim) in [(1, 1, 3), (2, 40, 1), (3, 90, 2), (4, 150, 8), (5, 260, 40)] {
        let x = clusters(seed, rows, dim);
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
    let x = clusters(8, rows, dim);
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
/// every cluster, and then picks that cover few.
#[test]
fn picks_that_cover_many_stay_exact() {
    let (rows, dim) = (3000, 6);
    let x = clusters(9, rows, dim);
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
