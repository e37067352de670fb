//! Latent classes: k-means, few labels, prompts, and selections stratified by them.

mod common;

use common::{Noisy, fractions, npy, on_every_device, oracle};
use coresift::{
    Classes, Clustering, CpuPool, Error, Features, KMeans, Lp, Norm, Pool, Selection, Selector,
    ShortfallReason, Uniform,
};
use serde_json::Value;

const POOLS: [&str; 2] = ["digits", "fmnist_simclr_2000"];

fn stored(name: &str) -> npy::Stored {
    let path = format!("examples/data/{name}.npy");
    npy::read(&npy::repository(&path), usize::MAX)
}

fn fixture(name: &str) -> Value {
    let path = npy::repository(&format!("tests/fixtures/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn indices(value: &Value) -> Vec<usize> {
    let values = value.as_array().unwrap().iter();
    values.map(|v| v.as_u64().unwrap() as usize).collect()
}

/// Every device, and the CPU with scores that are off by about as much as they may be.
fn on_every_pool(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    check(
        "noisy cpu",
        &Noisy::around(&CpuPool::new(features.clone()), 5e-7),
    );
    on_every_device(features, check);
}

/// Every row's class, read off a stratified selection of all rows.
fn classes_of(classes: &Classes, pool: &dyn Pool) -> Vec<usize> {
    let uniform = Uniform {
        classes: Some(classes.clone()),
        ..Uniform::default()
    };
    let chosen = uniform.select(pool, pool.rows()).unwrap();
    let mut found = vec![usize::MAX; pool.rows()];
    let mut picks = chosen.picks.into_iter();
    for share in chosen.classes {
        assert_eq!((share.picks, share.budget), (share.rows, share.rows));
        for row in picks.by_ref().take(share.picks) {
            found[row] = share.class;
        }
    }
    found
}

/// A row at length 1, or of zeros.
fn unit(x: &[f32]) -> Vec<f64> {
    let x = oracle::wide(x);
    let length = oracle::dot(&x, &x).sqrt();
    x.iter().map(|v| v / length.max(1e-300)).collect()
}

/// Rows of directions a few degrees apart, of many lengths; every eleventh is zeros.
fn rows_of_all_lengths(rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(3, rows * dim);
    for (row, x) in x.chunks_mut(dim).enumerate() {
        let scale = if row % 11 == 10 {
            0.0
        } else {
            2f32.powi(-(row as i32 % 40))
        };
        x.iter_mut().for_each(|v| *v *= scale);
    }
    x
}

#[test]
fn k_means_is_that_of_scikit_learn() {
    for name in POOLS {
        let stored = stored(name);
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        for fit in fixture(&format!("kmeans_{name}"))["fits"]
            .as_array()
            .unwrap()
        {
            let clusters = fit["clusters"].as_u64().unwrap() as usize;
            let seed = fit["seed"].as_u64().unwrap();
            on_every_pool(features.clone(), |device, pool| {
                let found = KMeans { clusters, seed }.fit(pool).unwrap();
                let at = format!("{name} {clusters} on {device}");
                assert_eq!(found.starts, indices(&fit["starts"]), "{at}");
                assert_eq!(found.labels, indices(&fit["labels"]), "{at}");
                assert_eq!(found.sweeps as u64, fit["sweeps"].as_u64().unwrap(), "{at}");
                let inertia = fit["inertia"].as_f64().unwrap();
                let off = (found.inertia / inertia - 1.0).abs();
                assert!(off < 1e-8, "{at}: {off:e}");
            });
        }
    }
}

/// To the bit, whatever the number of threads and the unit of the features.
#[test]
fn k_means_depends_on_rows_and_seed_alone() {
    let (rows, dim) = (500, 17);
    let x = rows_of_all_lengths(rows, dim);
    let k_means = KMeans {
        clusters: 23,
        seed: 5,
    };
    let with_threads = |threads: usize, x: &[f32]| {
        let threads = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = CpuPool::new(Features::new(x, rows, dim).unwrap());
        let work = || k_means.fit(&pool).unwrap();
        threads.build().unwrap().install(work)
    };
    let want = with_threads(1, &x);
    assert_eq!(with_threads(3, &x), want);
    for scale in [-60, 60] {
        let x: Vec<f32> = x.iter().map(|v| v * 2f32.powi(scale)).collect();
        assert_eq!(with_threads(2, &x), want, "2^{scale}");
    }
    on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        assert_eq!(k_means.fit(pool).unwrap(), want, "{device}");
    });
}

/// Labels are the nearest centres, centres the means of their rows, inertia what it says.
fn check_fixed_point(x: &[f32], dim: usize, found: &Clustering) {
    let z: Vec<Vec<f64>> = x.chunks(dim).map(unit).collect();
    let centres: Vec<&[f64]> = found.centres.chunks(dim).collect();
    let distance_sq =
        |z: &[f64], c: &[f64]| -> f64 { z.iter().zip(c).map(|(z, c)| (z - c) * (z - c)).sum() };
    let mut inertia = 0.0;
    for (z, &label) in z.iter().zip(&found.labels) {
        let own = distance_sq(z, centres[label]);
        let least = centres.iter().map(|c| distance_sq(z, c));
        assert!(own <= least.fold(f64::INFINITY, f64::min) + 1e-9);
        inertia += own;
    }
    assert!((inertia - found.inertia).abs() <= 1e-9 * z.len() as f64);
    for (k, centre) in centres.iter().enumerate() {
        let own: Vec<_> = z
            .iter()
            .zip(&found.labels)
            .filter(|(_, l)| **l == k)
            .collect();
        assert!(!own.is_empty(), "cluster {k}");
        for (j, mean) in centre.iter().enumerate() {
            let want = own.iter().map(|(z, _)| z[j]).sum::<f64>() / own.len() as f64;
            assert!((mean - want).abs() < 1e-9, "cluster {k} value {j}");
        }
    }
}

#[test]
fn k_means_ends_in_a_fixed_point() {
    for (rows, dim, clusters) in [(300, 5, 1), (300, 5, 40), (64, 1, 3), (97, 40, 88)] {
        let x = rows_of_all_lengths(rows, dim);
        let features = Features::new(&x, rows, dim).unwrap();
        let found = KMeans { clusters, seed: 9 }
            .fit(&CpuPool::new(features))
            .unwrap();
        assert!(found.sweeps < 300);
        check_fixed_point(&x, dim, &found);
    }
}

/// As many clusters as there are directions: each is a cluster. One more is one too many.
#[test]
fn clusters_up_to_the_different_rows() {
    // Multiples of eight directions, whose lengths round in different ways, and zeros.
    let (rows, dim) = (72, 3);
    let mut x = Vec::new();
    for row in 0..rows {
        let (direction, times) = (row % 9, (row / 9 * 2 + 1) as f32);
        let direction = [direction as f32, (direction * direction % 7) as f32, 1.0];
        let times = if row % 9 == 8 { 0.0 } else { times };
        x.extend(direction.map(|v| v * times));
    }
    on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for seed in 0..5 {
            let found = KMeans { clusters: 9, seed }.fit(pool).unwrap();
            let first = &found.labels[..9];
            assert!(
                found.labels.chunks(9).all(|labels| labels == first),
                "{device}"
            );
            let mut labels = first.to_vec();
            labels.sort_unstable();
            assert_eq!(labels, [0, 1, 2, 3, 4, 5, 6, 7, 8], "{device}");
            assert!(found.inertia < 1e-15, "{device}: {}", found.inertia);
            let more = KMeans { clusters: 10, seed }.fit(pool).unwrap_err();
            assert_eq!(
                more.to_string(),
                "clusters: 10 found, a number from 1 to 9 (different rows at length 1) expected",
                "{device}"
            );
        }
    });
    for x in [[0.0; 12], [0.3; 12]] {
        on_every_pool(Features::new(&x, 4, 3).unwrap(), |device, pool| {
            let found = KMeans {
                clusters: 1,
                seed: 0,
            }
            .fit(pool)
            .unwrap();
            assert_eq!(found.labels, [0; 4], "{device}");
            assert!(found.inertia < 1e-15, "{device}");
            assert!(
                KMeans {
                    clusters: 2,
                    seed: 0
                }
                .fit(pool)
                .is_err(),
                "{device}"
            );
        });
    }
}

#[test]
fn few_labels_are_scikit_learns() {
    for name in POOLS {
        let stored = stored(name);
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let fixture = fixture(&format!("few_labels_{name}"));
        let (rows, classes) = (indices(&fixture["rows"]), indices(&fixture["classes"]));
        let mut want = indices(&fixture["predicted"]);
        for (&row, &class) in rows.iter().zip(&classes) {
            want[row] = class;
        }
        on_every_pool(features, |device, pool| {
            let (rows, classes) = (rows.clone(), classes.clone());
            let found = classes_of(&Classes::FewLabels { rows, classes }, pool);
            assert_eq!(found, want, "{name} on {device}");
        });
    }
}

/// Class numbers may have gaps, and rows that are shown keep theirs even against the model.
#[test]
fn labels_that_are_shown_stay() {
    let x = [1.0, 0.0, 2.0, 0.0, 3.0, 0.0, 0.0, 1.0, 0.1, 5.0, 0.0, 0.0];
    on_every_pool(Features::new(&x, 6, 2).unwrap(), |device, pool| {
        let classes = Classes::FewLabels {
            rows: vec![3, 0, 2, 1],
            classes: vec![90, 7, 7, 90],
        };
        let found = classes_of(&classes, pool);
        assert_eq!(found[..5], [7, 90, 7, 90, 90], "{device}");
        // A row of zeros is left to the biases.
        assert!([7, 90].contains(&found[5]), "{device}");
    });
}

#[test]
fn prompts_are_nearest_by_cosine() {
    let (rows, dim, count) = (400, 24, 13);
    let x = rows_of_all_lengths(rows, dim);
    let mut prompts = fractions(8, count * dim);
    prompts.copy_within(0..dim, 5 * dim); // prompt 5 ties with prompt 0 everywhere
    for (prompt, values) in prompts.chunks_mut(dim).enumerate() {
        values
            .iter_mut()
            .for_each(|v| *v *= 10f32.powi(prompt as i32 % 5 * 7 - 14));
    }
    prompts.copy_within(0..dim, 5 * dim);
    let units: Vec<Vec<f64>> = prompts.chunks(dim).map(unit).collect();
    let nearest = |x: &[f32]| {
        let z = unit(x);
        (0..count).fold(0, |best, k| {
            let better = oracle::dot(&z, &units[k]) > oracle::dot(&z, &units[best]) + 1e-13;
            if better { k } else { best }
        })
    };
    let want: Vec<usize> = x.chunks(dim).map(nearest).collect();
    assert!(want.contains(&0) && !want.contains(&5) && want[10] == 0);
    on_every_pool(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        let embeddings = prompts.clone();
        let found = classes_of(&Classes::Prompts { embeddings }, pool);
        assert_eq!(found, want, "{device}");
    });
}

/// The selectors that can be stratified, so stratified.
fn selectors(
    classes: Option<Classes>,
    min_per_class: usize,
) -> Vec<(&'static str, Box<dyn Selector>)> {
    let (seed, labelled) = (3, vec![2, 40]);
    let norm = Norm {
        classes: classes.clone(),
        min_per_class,
        labelled: labelled.clone(),
        seed,
        ..Norm::default()
    };
    let l1 = Norm {
        norm: Lp::L1,
        power: 2.0,
        ..norm.clone()
    };
    let greedy = Norm {
        greedy: true,
        ..norm.clone()
    };
    let uniform = Uniform {
        seed,
        labelled,
        classes,
        min_per_class,
    };
    vec![
        ("uniform", Box::new(uniform)),
        ("norm", Box::new(norm)),
        ("norm l1", Box::new(l1)),
        ("max norm", Box::new(greedy)),
    ]
}

/// The class numbers are out of order and have gaps.
fn three_classes(rows: usize) -> Vec<usize> {
    (0..rows)
        .map(|row| [70, 4, 70, 9, 4, 70][row % 6])
        .collect()
}

/// Within a class: the picks are those of the class, in the order in which they come without
/// classes; shares by largest remainder.
#[test]
fn strata_hold_the_draws_of_their_classes() {
    let (rows, dim) = (60, 4);
    let x = fractions(6, rows * dim);
    let classes = three_classes(rows);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        // 58 rows: 20 of class 4 (row 40 is labelled: 19), 10 of 9, 30 of 70 (2 is: 29).
        for (budget, least, want) in [
            (0, 0, [0, 0, 0]),
            (1, 0, [0, 0, 1]),
            (20, 0, [7, 3, 10]),
            (20, 5, [7, 5, 8]),
            (9, 4, [3, 2, 4]),
            (58, 0, [19, 10, 29]),
        ] {
            let given = Some(Classes::Given(classes.clone()));
            let stratified = selectors(given, least);
            for ((name, selector), (_, plain)) in stratified.iter().zip(selectors(None, 0)) {
                let at = format!("{name} on {device} budget {budget} least {least}");
                let all = plain.select(pool, 58).unwrap();
                let got = selector.select(pool, budget).unwrap();
                let budgets: Vec<_> = got.classes.iter().map(|s| s.budget).collect();
                assert_eq!(budgets, want, "{at}");
                check_strata(&got, &all.picks, &classes, &at);
            }
        }
    });
}

/// Holds a selection by class against the order of all rows without classes.
fn check_strata(got: &Selection, order: &[usize], classes: &[usize], at: &str) {
    let shares: Vec<_> = got.classes.iter().map(|s| (s.class, s.rows)).collect();
    assert_eq!(shares, [(4, 20), (9, 10), (70, 30)], "{at}");
    let mut want: Vec<usize> = Vec::new();
    for share in &got.classes {
        assert_eq!(share.picks, share.budget, "{at}");
        let own = order.iter().filter(|&&row| classes[row] == share.class);
        want.extend(own.take(share.budget));
    }
    assert_eq!(got.picks, want, "{at}");
    assert_eq!(got.scores.len(), want.len(), "{at}");
    assert_eq!(got.shortfall, None, "{at}");
}

/// One class for all rows changes nothing but that it is named.
#[test]
fn one_class_is_none() {
    let x = fractions(7, 60 * 4);
    let pool = CpuPool::new(Features::new(&x, 60, 4).unwrap());
    let one = selectors(Some(Classes::One), 3);
    for ((name, one), (_, none)) in one.iter().zip(selectors(None, 0)) {
        let with = one.select(&pool, 30).unwrap();
        let without = none.select(&pool, 30).unwrap();
        assert_eq!(
            (with.classes.len(), without.classes.len()),
            (1, 0),
            "{name}"
        );
        let classes = Vec::new();
        assert_eq!(Selection { classes, ..with }, without, "{name}");
    }
}

/// With `anti` the largest norm is the class's own, and its row has no weight.
#[test]
fn anti_is_against_the_classs_largest() {
    let x = [1.0, 10.0, 3.0, 40.0, 2.0, 90.0];
    let pool = CpuPool::new(Features::new(&x, 6, 1).unwrap());
    let anti = Norm {
        anti: true,
        greedy: true,
        classes: Some(Classes::Given(vec![0, 1, 0, 1, 0, 1])),
        ..Norm::default()
    };
    let got = anti.select(&pool, 6).unwrap();
    assert_eq!(got.picks, [0, 4, 1, 3]);
    assert_eq!(got.scores, [2.0, 1.0, 80.0, 50.0]);
    let shortfall = got.shortfall.unwrap();
    assert_eq!(
        (shortfall.missing, shortfall.reason),
        (2, ShortfallReason::ZeroWeight)
    );
    let shares = got.classes.iter().map(|share| (share.budget, share.picks));
    assert_eq!(shares.collect::<Vec<_>>(), [(3, 2), (3, 2)]);
}

/// Classes that must be found cost passes, and those count.
#[test]
fn passes_count_those_of_the_classes() {
    let x = fractions(4, 50 * 3);
    let pool = CpuPool::new(Features::new(&x, 50, 3).unwrap());
    let passes = |classes: Classes| {
        let classes = Some(classes);
        let norm = Norm {
            classes: classes.clone(),
            ..Norm::default()
        };
        let uniform = Uniform {
            classes,
            ..Uniform::default()
        };
        let of = |selector: &dyn Selector| selector.select(&pool, 9).unwrap().passes;
        assert_eq!(of(&norm), of(&uniform) + 1);
        of(&uniform)
    };
    assert_eq!(passes(Classes::One), 0);
    assert_eq!(passes(Classes::Given(vec![1; 50])), 0);
    let embeddings = vec![1.0; 6];
    assert_eq!(passes(Classes::Prompts { embeddings }), 2);
    let (rows, classes) = (vec![0, 1], vec![0, 1]);
    assert_eq!(passes(Classes::FewLabels { rows, classes }), 2);
    let k_means = KMeans {
        clusters: 4,
        seed: 1,
    };
    let sweeps = k_means.fit(&pool).unwrap().sweeps;
    let KMeans { clusters, seed } = k_means;
    assert_eq!(passes(Classes::KMeans { clusters, seed }), 1 + sweeps);
}

#[test]
fn bad_classes_are_refused_by_name() {
    let pool = CpuPool::new(Features::new(&[1.0; 10], 5, 2).unwrap());
    let message = |classes: Classes| {
        let uniform = Uniform {
            classes: Some(classes),
            ..Uniform::default()
        };
        let error = uniform.select(&pool, 1).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }));
        error.to_string()
    };
    assert_eq!(
        message(Classes::Given(vec![1; 4])),
        "classes: 4 classes found, one for each of 5 rows expected"
    );
    for clusters in [0, 6] {
        assert_eq!(
            message(Classes::KMeans { clusters, seed: 0 }),
            format!("clusters: {clusters} found, a number from 1 to 5 (rows) expected")
        );
    }
    let few = |rows: &[usize], classes: &[usize]| {
        message(Classes::FewLabels {
            rows: rows.to_vec(),
            classes: classes.to_vec(),
        })
    };
    assert_eq!(
        few(&[0, 1], &[3]),
        "few labels: 2 rows and 1 classes found, one class for each row expected"
    );
    assert_eq!(
        few(&[0, 5], &[3, 4]),
        "few labels: row 5 found, indices below 5 expected"
    );
    assert_eq!(
        few(&[0, 1, 0], &[3, 4, 3]),
        "few labels: row 0 twice found, every row at most once expected"
    );
    assert_eq!(
        few(&[], &[]),
        "few labels: no row found, rows of at least two classes expected"
    );
    assert_eq!(
        few(&[0, 1], &[3, 3]),
        "few labels: class 3 alone found, rows of at least two classes expected"
    );
    let prompts = |embeddings: &[f32]| {
        message(Classes::Prompts {
            embeddings: embeddings.to_vec(),
        })
    };
    for (embeddings, want) in [
        (&[][..], "0 values found, one or more rows of 2"),
        (&[1.0; 3], "3 values found, one or more rows of 2"),
        (
            &[1.0, 0.0, 0.0, 0.0],
            "zeros alone in row 1 found, a direction",
        ),
        (
            &[1.0, f32::INFINITY, 0.0, 0.0],
            "inf at row 0, column 1 found, a finite value",
        ),
    ] {
        assert_eq!(prompts(embeddings), format!("prompts: {want} expected"));
    }
}
