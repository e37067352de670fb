//! The same numbers on every device, and with any number of threads.

use crate::{Reference, common, picks};
use coresift::evaluate::{Evaluation, TestRows, norms, principal_plane};
use coresift::{CpuPool, Metric, Pool};

/// All measures of some picks, one number after another.
fn all(pool: &dyn Pool, test: &dyn Pool, labels: [&[u32]; 2], picks: &[usize]) -> Vec<f64> {
    let evaluation = Evaluation::new(pool, picks).unwrap();
    let [labels, of_test] = labels;
    let test = TestRows::Pool {
        pool: test,
        labels: of_test,
    };
    let mut found = vec![evaluation.class_coverage(labels).unwrap().share()];
    for metric in [Metric::Euclidean, Metric::Cosine] {
        for rows in [TestRows::Unpicked, test] {
            found.push(evaluation.nearest_accuracy(labels, rows, metric).unwrap());
        }
        let weights = evaluation.weights(metric).unwrap();
        found.extend(weights.iter().map(|&weight| weight as f64));
    }
    for rows in [TestRows::Unpicked, test] {
        found.push(evaluation.probe_accuracy(labels, rows).unwrap());
    }
    let probe = evaluation.probe(labels).unwrap();
    found.extend(probe.weights.into_iter().chain(probe.biases));
    found.push(evaluation.energy_kept().unwrap());
    found.push(evaluation.cover(0.3).unwrap());
    found.extend([0.0, 0.5].map(|ridge| evaluation.frechet(ridge).unwrap().distance));
    let latent = evaluation.latent(labels).unwrap();
    for errors in latent.classes.iter().filter_map(|class| class.errors) {
        found.extend([errors.alignment, errors.centre, errors.bound]);
    }
    found.extend(latent.divergences.iter().map(|pair| pair.2));
    found.extend(evaluation.cut_values(labels).unwrap());
    found.extend(norms(pool).unwrap());
    found.extend(evaluation.energy_by_pick().unwrap());
    let (rows, numbers) = ([0, 5, 77], [1, picks.len()]);
    for metric in [Metric::Euclidean, Metric::Cosine] {
        let distances = evaluation.distances_by_pick(&rows, &numbers, metric);
        found.extend(distances.unwrap().concat());
    }
    let plane = principal_plane(pool).unwrap();
    found.extend(plane.shares);
    found.extend(plane.coordinates.as_flattened());
    found
}

/// To the bit: all sums are the host's, in one order.
#[test]
fn every_device_finds_the_same() {
    for reference in Reference::all() {
        let [train, test] = reference.parts();
        let (labels, of_test) = reference.labels.split_at(reference.train);
        let picks = picks(&reference.cases()[1]);
        let test = CpuPool::new(test);
        let of = |pool: &dyn Pool| all(pool, &test, [labels, of_test], &picks);
        let want = of(&CpuPool::new(train.clone()));
        common::on_every_device(train.clone(), |device, pool| {
            assert!(of(pool) == want, "{} on {device}", reference.stored.name);
        });
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
            let found = pool
                .build()
                .unwrap()
                .install(|| of(&CpuPool::new(train.clone())));
            assert!(found == want, "{} threads", threads);
        }
    }
}
