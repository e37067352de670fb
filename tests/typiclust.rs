//! What holds of TypiClust on every device: the definition, the released code, real pools, bad
//! input.

mod common;

use common::{Lost, Noisy, fractions, npy, on_every_device, oracle, with_features_lent};
use coresift::{CpuPool, Error, Features, KMeans, Pool, Progress, Selection, Selector, TypiClust};
use serde_json::Value;
use std::ops::ControlFlow;

/// Every device, and the CPU with products that are off by about as much as they may be.
fn on_every_pool(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    let noisy = CpuPool::new(features.clone());
    check("noisy cpu", &Noisy::around(&noisy, 5e-7));
    on_every_device(features, check);
}

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

/// Clusters of 150, 40, 7, 6, 5, 3 and one row, in no order.
fn clusters(rows: usize) -> Vec<usize> {
    let sizes = [(4, 150), (0, 40), (7, 7), (2, 6), (5, 5), (1, 3), (3, 1)];
    let of_sizes = sizes.map(|(cluster, size)| std::iter::repeat_n(cluster, size));
    let sorted: Vec<usize> = of_sizes.into_iter().flatten().collect();
    assert_eq!(sorted.len(), rows);
    // 65 and 212 have no factor in common.
    (0..rows).map(|row| sorted[row * 65 % rows]).collect()
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
    // Off by four fifths of what `closest_error` allows.
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

fn fixture(stored: &npy::Stored) -> Value {
    let path = npy::repository(&stored.name);
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let path = npy::repository(&format!("tests/fixtures/typiclust_{stem}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn indices(value: &Value) -> Vec<usize> {
    let values = value.as_array().unwrap().iter();
    values.map(|v| v.as_u64().unwrap() as usize).collect()
}

#[test]
fn picks_are_those_of_the_released_code() {
    for stored in npy::small_pools() {
        let fixture = fixture(&stored);
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        for case in fixture["cases"].as_array().unwrap() {
            let options = TypiClust {
                clusters: Some(indices(&case["clusters"])),
                squared: case["squared"].as_bool().unwrap(),
                labelled: indices(&case["labelled"]),
                ..TypiClust::default()
            };
            let want = indices(&case["picks"]);
            on_every_pool(features.clone(), |device, pool| {
                let got = options.select(pool, want.len()).unwrap();
                assert_eq!(got.picks, want, "{} on {device}", stored.name);
            });
        }
    }
}

/// Clusters of k-means: as the CPU. Runs are of budget and neighbours.
fn check_real_pool(stored: &npy::Stored, runs: &[(usize, usize)]) {
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    for &(budget, neighbours) in runs {
        let options = TypiClust {
            neighbours,
            seed: 3,
            labelled: vec![7, 11],
            ..TypiClust::default()
        };
        let want = options.select(&cpu, budget).unwrap();
        assert_eq!(want.picks.len(), budget);
        with_features_lent(features.clone(), |device, pool| {
            if device != "cpu" {
                let got = options.select(pool, budget).unwrap();
                // How much a device leaves open is its own.
                let got = Selection {
                    settled: want.settled,
                    ..got
                };
                assert_eq!(got, want, "{} {budget} on {device}", stored.name);
            }
        });
    }
}

#[test]
fn real_pools_alike_on_every_device() {
    for stored in npy::small_pools() {
        check_real_pool(&stored, &[(20, 20), (150, 5)]);
    }
}

#[test]
fn large_pools_alike_on_every_device() {
    for stored in npy::large_pools() {
        check_real_pool(&stored, &[(30, 20)]);
    }
}

/// As many clusters as labelled rows and picks; passes are k-means' own and one more.
#[test]
fn clusters_are_those_of_k_means() {
    let (rows, dim) = (130, 4);
    let x = fractions(5, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let options = TypiClust {
        neighbours: 2,
        seed: 9,
        labelled: vec![4, 1],
        ..TypiClust::default()
    };
    let got = options.select(&pool, 6).unwrap();
    let found = KMeans {
        clusters: 8,
        seed: 9,
    };
    let found = found.fit(&pool).unwrap();
    let given = TypiClust {
        clusters: Some(found.labels),
        ..options.clone()
    };
    let want = given.select(&pool, 6).unwrap();
    assert_eq!((&got.picks, &got.scores), (&want.picks, &want.scores));
    assert_eq!(got.restarts, [0]);
    assert_eq!((want.passes, got.passes), (2, 2 + found.sweeps));
}

/// Three directions do for three clusters, though seven are asked for.
#[test]
fn duplicates_make_fewer_clusters() {
    let x: Vec<f32> = (0..21)
        .flat_map(|row| {
            let length = 1.0 + row as f32;
            [[length, 0.0], [0.0, length], [-length, length]][row % 3]
        })
        .collect();
    on_every_device(Features::new(&x, 21, 2).unwrap(), |device, pool| {
        let got = TypiClust::default().select(pool, 7).unwrap();
        let mut first = got.picks[..3].to_vec();
        first.sort_unstable();
        assert_eq!(first, [0, 1, 2], "{device}");
        let all = TypiClust::default().select(pool, 21).unwrap();
        assert_eq!(all.picks.len(), 21, "{device}");
        assert_eq!(all.scores[20], 0.0, "{device}: the last of its cluster");
    });
}

#[test]
fn progress_is_told() {
    let (rows, dim) = (60, 3);
    let x = fractions(6, rows * dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let (mut centres, mut sweeps, mut picks) = (0, 0, Vec::new());
    let mut pairs = 0;
    let tell = &mut |progress: Progress<'_>| {
        match progress {
            Progress::Centres { .. } => centres += 1,
            Progress::Sweep(_) => sweeps += 1,
            Progress::Pairs(all) => pairs += all,
            Progress::Picks(count) => picks.push(count),
            other => panic!("{other:?}"),
        }
        ControlFlow::Continue(())
    };
    TypiClust::default().select_with(&pool, 5, tell).unwrap();
    assert_eq!((centres, picks), (5, vec![1, 2, 3, 4, 5]));
    assert!(sweeps > 0);
    assert!(pairs > 60 * 60 / 5 && pairs < 60 * 60, "{pairs}");
}

#[test]
fn a_lost_device_keeps_the_picks() {
    let rows = 212;
    let x = fractions(7, rows * 5);
    let pool = CpuPool::new(Features::new(&x, rows, 5).unwrap());
    let options = TypiClust {
        clusters: Some(clusters(rows)),
        neighbours: 3,
        ..TypiClust::default()
    };
    let want = options.select(&pool, 30).unwrap().picks;
    let lost = options.select(&Lost::after(&pool, 16), 30).unwrap_err();
    let Error::DeviceLost { partial, .. } = lost else {
        panic!("{lost}")
    };
    let made = partial.picks.len();
    assert!((1..30).contains(&made), "{made}");
    assert_eq!(partial.picks, want[..made]);
}

#[test]
fn no_budget_and_no_rows_left() {
    let x = fractions(8, 12);
    let pool = CpuPool::new(Features::new(&x, 6, 2).unwrap());
    for labelled in [vec![], vec![1, 3], (0..6).collect()] {
        let options = TypiClust {
            labelled,
            ..TypiClust::default()
        };
        let got = options.select(&pool, 0).unwrap();
        assert_eq!((got.picks.len(), got.restarts), (0, vec![0]));
    }
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 0.5, 0.5];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let plain = TypiClust::default;
    let with_neighbours = |neighbours| TypiClust {
        neighbours,
        ..plain()
    };
    let with_labelled = |labelled: &[usize]| TypiClust {
        labelled: labelled.to_vec(),
        ..plain()
    };
    let with_clusters = TypiClust {
        clusters: Some(vec![0; 4]),
        ..plain()
    };
    for (options, message) in [
        (
            plain(),
            "features: row 1 is all zeros, a row with a direction expected (typicality)",
        ),
        (
            with_neighbours(0),
            "neighbours: 0 found, a number from 1 to 64 expected",
        ),
        (with_neighbours(65), "neighbours: 65 found"),
        (
            with_clusters,
            "clusters: 4 clusters found, one for each of 3 rows expected",
        ),
        (
            with_labelled(&[3]),
            "labelled: row 3 found, indices below 3",
        ),
        (with_labelled(&[2, 2]), "labelled: row 2 found twice"),
        (
            with_labelled(&[0, 2]),
            "budget: 2 picks asked for, at most 1",
        ),
    ] {
        let found = options.select(&pool, 2).unwrap_err().to_string();
        assert!(found.contains(message), "{message}\n{found}");
    }
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
