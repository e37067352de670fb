//! Typicality by the definition, in f64 over all pairs.

use crate::common::{Noisy, fractions, on_every_device, oracle};
use crate::{clusters, on_every_pool};
use coresift::{CpuPool, Features, Pool, Selection, Selector, TypiClust};

/// A row at length 1.
fn unit(x: &[f32]) -> Vec<f64> {
    let x = oracle::wide(x);
    let length = oracle::dot(&x, &x).sqrt();
    x.iter().map(|v| v / length).collect()
}

/// The typicality of one of some rows.
fn typicality(z: &[Vec<f64>], rows: &[usize], own: usize, options: &TypiClust) -> f64 {
    let distance = |&other: &usize| {
        let sum: f64 = (z[own].iter().zip(&z[other]))
            .map(|(a, b)| (a - b).powi(2))
            .sum();
        if options.squared { sum } else { sum.sqrt() }
    };
    let others = rows.iter().filter(|&&other| other != own);
    let mut distances: Vec<f64> = others.map(distance).collect();
    distances.sort_by(f64::total_cmp);
    distances.truncate(options.neighbours.min(rows.len() / 2).max(1));
    if distances.is_empty() {
        return 0.0;
    }
    1.0 / (distances.iter().sum::<f64>() / distances.len() as f64 + 1e-5)
}

/// Picks and their typicality by the definition, of all rows that are not labelled.
fn by_definition(x: &[f32], dim: usize, options: &TypiClust) -> Vec<(usize, f64)> {
    let z: Vec<Vec<f64>> = x.chunks(dim).map(unit).collect();
    let of_row = options.clusters.as_ref().expect("clusters");
    let mut clusters: Vec<(usize, usize, usize, Vec<usize>)> = Vec::new();
    for cluster in 0..=of_row.iter().copied().max().unwrap() {
        let rows: Vec<usize> = (0..z.len()).filter(|&row| of_row[row] == cluster).collect();
        let labelled = rows.iter().filter(|row| options.labelled.contains(row));
        let labelled = labelled.count();
        clusters.push((labelled, z.len() - rows.len(), cluster, rows));
    }
    clusters.sort();
    let mut picks = Vec::new();
    for of_size in [6..=usize::MAX, 0..=5] {
        let turns = clusters.iter().map(|(_, _, _, rows)| rows);
        let turns = turns.filter(|rows| of_size.contains(&rows.len()));
        let left = |rows: &Vec<usize>| -> Vec<usize> {
            let mut rows = rows.clone();
            rows.retain(|row| !options.labelled.contains(row));
            rows
        };
        let mut turns: Vec<Vec<usize>> = turns.map(left).collect();
        while turns.iter().any(|rows| !rows.is_empty()) {
            for rows in turns.iter_mut().filter(|rows| !rows.is_empty()) {
                let mut best = (rows[0], f64::MIN);
                for &row in &*rows {
                    let typicality = typicality(&z, rows, row, options);
                    if typicality > best.1 {
                        best = (row, typicality);
                    }
                }
                rows.retain(|&row| row != best.0);
                picks.push(best);
            }
        }
    }
    picks
}

fn assert_picks(got: &Selection, want: &[(usize, f64)], at: &str) {
    let rows: Vec<usize> = want.iter().map(|(row, _)| *row).collect();
    assert_eq!(got.picks, rows[..got.picks.len()], "{at}");
    for (score, (row, want)) in got.scores.iter().zip(want) {
        let off = (score - want).abs();
        assert!(off <= 1e-6 * want, "{at} row {row}: {score} for {want}");
    }
}

/// Rows of any length, without and with many duplicates, which may be longer or shorter.
#[test]
fn picks_are_those_of_the_definition() {
    let rows = 212;
    for (seed, dim) in [(1, 3), (2, 20)] {
        let mut x = fractions(seed, rows * dim);
        if seed == 2 {
            let few = x[..6 * dim].to_vec();
            for row in (0..rows).filter(|row| row % 5 != 0) {
                let same = &few[row / 40 * dim..][..dim];
                let scale = (row as f32 % 3.0 * 20.0).exp2();
                let to = x[row * dim..][..dim].iter_mut();
                to.zip(same).for_each(|(to, v)| *to = v * scale);
            }
        }
        for neighbours in [1, 3, 20, 64] {
            for squared in [false, true] {
                for labelled in [vec![], vec![3, 8, 100, 160, 7]] {
                    let options = TypiClust {
                        clusters: Some(clusters(rows)),
                        neighbours,
                        squared,
                        labelled,
                        ..TypiClust::default()
                    };
                    let want = by_definition(&x, dim, &options);
                    on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
                        let budget = if device == "cpu" { want.len() } else { 20 };
                        let got = options.select(pool, budget).unwrap();
                        let at = format!("{device} seed {seed} {options:?}");
                        assert_eq!(got.picks.len(), budget, "{at}");
                        assert_picks(&got, &want, &at);
                    });
                }
            }
        }
    }
}

/// The middle rows of thirty triples, each in a plane of its own, differ in typicality by less than
/// f32 can tell.
#[test]
fn close_calls_are_settled() {
    let (triples, dim) = (30, 60);
    let mut x = vec![0.0; 3 * triples * dim];
    for (row, x) in x.chunks_exact_mut(dim).enumerate() {
        let (triple, place) = (row / 3, row % 3);
        let more = 1e-6 * (triple * 7 % triples) as f64;
        let angle = [0.0, 0.2, 0.4 + more][place];
        x[2 * triple] = angle.cos() as f32;
        x[2 * triple + 1] = angle.sin() as f32;
    }
    let options = TypiClust {
        clusters: Some(vec![0; 3 * triples]),
        neighbours: 2,
        ..TypiClust::default()
    };
    let want = by_definition(&x, dim, &options);
    let features = Features::new(&x, 3 * triples, dim).unwrap();
    let check = |device: &str, pool: &dyn Pool| {
        assert_picks(&options.select(pool, triples).unwrap(), &want, device);
    };
    // Off by four fifths of what `k_nearest_error` allows.
    let noisy = CpuPool::new(features.clone());
    check("noisy cpu", &Noisy::around(&noisy, 2.2e-6));
    on_every_device(features, check);
}

/// Lengths that f32 squares cannot hold beside the longest row's.
#[test]
fn rows_of_any_length_are_typical_alike() {
    let (rows, dim) = (212, 6);
    let mut x = fractions(3, rows * dim);
    let options = TypiClust {
        clusters: Some(clusters(rows)),
        ..TypiClust::default()
    };
    for (row, x) in x.chunks_exact_mut(dim).enumerate() {
        let shorter = (-(row as f32 % 90.0)).exp2();
        x.iter_mut().for_each(|v| *v *= shorter);
    }
    let want = by_definition(&x, dim, &options);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        assert_picks(&options.select(pool, 60).unwrap(), &want, device);
    });
}

/// Pools in which nearly all rows are alike, or lie along a line or two: picks are still those of the
/// definition.
#[test]
fn odd_pools_by_the_definition() {
    let (rows, dim) = (150, 6);
    let noise = fractions(9, rows * dim);
    let row_of = |at: usize| at / dim;
    let along = |at: usize, seed| fractions(seed, rows)[row_of(at)];
    type Values<'a> = &'a dyn Fn(usize) -> f32;
    let pools: [(&str, usize, Values<'_>); 8] = [
        ("equal", dim, &|_| 1.5),
        ("seven", dim, &|at| {
            noise[row_of(at) * 5 % 7 * dim + at % dim]
        }),
        ("one column", 1, &|at| noise[at]),
        ("two columns", 2, &|at| noise[at]),
        ("rank 1", dim, &|at| along(at, 3) * (1.0 + noise[at % dim])),
        ("rank 2", dim, &|at| {
            along(at, 3) * noise[at % dim] + along(at, 4) * noise[at % dim + dim]
        }),
        ("mean", dim, &|at| 1000.0 + noise[at]),
        ("ball and far rows", dim, &|at| {
            let far = row_of(at) < 5;
            if far {
                noise[at]
            } else {
                1.0 + 1e-3 * noise[at]
            }
        }),
    ];
    for (name, dim, value) in pools {
        let x: Vec<f32> = (0..rows * dim).map(value).collect();
        for clusters in [vec![0; rows], (0..rows).map(|row| row % 2).collect()] {
            let options = TypiClust {
                clusters: Some(clusters),
                neighbours: 3,
                ..TypiClust::default()
            };
            let want = by_definition(&x, dim, &options);
            on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
                let got = options.select(pool, 20).unwrap();
                assert_picks(&got, &want, &format!("{name} on {device}"));
            });
        }
    }
}
