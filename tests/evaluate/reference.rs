//! Every measure against scikit-learn, scipy and numpy.

use crate::{Reference, assert_near, numbers, picks};
use coresift::evaluate::{Correlation, Evaluation, NormStatistics, TestRows, norms};
use coresift::{CpuPool, Metric, Pool};
use serde_json::Value;

/// Runs `check` on every case: what it is called, the case, its picks' evaluation, labels, and rows to test on.
fn on_every_case(check: impl Fn(&str, &Value, &Evaluation<'_>, &[u32], [(&str, TestRows<'_>); 2])) {
    let mut checked = 0;
    for reference in Reference::all() {
        let [pool, test] = reference.parts().map(CpuPool::new);
        let (labels, of_test) = reference.labels.split_at(reference.train);
        let test = TestRows::Pool {
            pool: &test,
            labels: of_test,
        };
        for case in reference.cases() {
            let picks = picks(case);
            let evaluation = Evaluation::new(&pool, &picks).unwrap();
            let at = format!("{} {} picks", reference.stored.name, picks.len());
            let rows = [("unpicked", TestRows::Unpicked), ("test", test)];
            check(&at, case, &evaluation, labels, rows);
            checked += 1;
        }
    }
    assert_eq!(checked, 10);
}

#[test]
fn class_coverage() {
    on_every_case(|at, case, evaluation, labels, _| {
        let found = evaluation.class_coverage(labels).unwrap();
        let found = [found.picked, found.present];
        assert_eq!(
            found.map(|v| v as f64),
            numbers(&case["coverage"])[..],
            "{at}"
        );
    });
}

#[test]
fn nearest_accuracy() {
    on_every_case(|at, case, evaluation, labels, rows| {
        for metric in [Metric::Euclidean, Metric::Cosine] {
            for (name, rows) in rows {
                let found = evaluation.nearest_accuracy(labels, rows, metric).unwrap();
                let want = case["nearest"][metric.to_string()][name].as_f64().unwrap();
                assert_eq!(found, want, "{at} {metric} {name}");
            }
        }
    });
}

/// Of two classes scikit-learn has weights for the second alone, which are twice ours: those of the first are the same
/// with their signs turned.
#[test]
fn linear_probe() {
    on_every_case(|at, case, evaluation, labels, rows| {
        let probe = evaluation.probe(labels).unwrap();
        let want = &case["probe"];
        let classes = probe.classes.iter().map(|&class| f64::from(class));
        let classes: Vec<f64> = classes.collect();
        assert_eq!(classes, numbers(&want["classes"]), "{at}");
        let (mut weights, mut biases) = (numbers(&want["weights"]), numbers(&want["intercepts"]));
        match classes.len() {
            1 => assert!(weights.is_empty() && probe.weights.iter().all(|&w| w == 0.0)),
            2 => {
                let both = |own: &[f64]| {
                    [-0.5, 0.5]
                        .map(|sign| own.iter().map(move |v| sign * v).collect::<Vec<_>>())
                        .concat()
                };
                (weights, biases) = (both(&weights), both(&biases));
            }
            _ => {}
        }
        if classes.len() > 1 {
            assert_near(&probe.weights, &weights, at);
            assert_near(&probe.biases, &biases, at);
        }
        for (name, rows) in rows {
            let found = evaluation.probe_accuracy(labels, rows).unwrap();
            assert_eq!(found, want[name].as_f64().unwrap(), "{at} {name}");
        }
    });
}

#[test]
fn energy_kept() {
    on_every_case(|at, case, evaluation, _, _| {
        let want = case["energy"].as_f64().unwrap();
        assert_near(&[evaluation.energy_kept().unwrap()], &[want], at);
    });
}

#[test]
fn cover() {
    on_every_case(|at, case, evaluation, _, _| {
        let delta = case["delta"].as_f64().unwrap();
        let found = evaluation.cover(delta).unwrap();
        assert_eq!(found, case["cover"].as_f64().unwrap(), "{at}");
    });
}

#[test]
fn norms_and_their_statistics() {
    for reference in Reference::all() {
        let [pool, _] = reference.parts().map(CpuPool::new);
        let norms = norms(&pool).unwrap();
        assert_eq!(norms.len(), pool.rows());
        for case in reference.cases() {
            let of_picks: Vec<f64> = picks(case).iter().map(|&row| norms[row]).collect();
            let found = NormStatistics::of(&of_picks).unwrap();
            let found = [&[found.mean, found.deviation][..], &found.quantiles].concat();
            assert_near(&found, &numbers(&case["norms"]), &reference.stored.name);
        }
    }
    assert_eq!(NormStatistics::of(&[]), None);
    let one = NormStatistics::of(&[2.0]).unwrap();
    assert_eq!((one.deviation, one.quantiles), (0.0, [2.0; 7]));
}

#[test]
fn correlation() {
    for reference in Reference::all() {
        let fixture = reference.fixture["correlation"].as_array().unwrap();
        let found = Correlation::of(&numbers(&fixture[0]), &numbers(&fixture[1])).unwrap();
        let want = fixture[2..].iter().map(|v| v.as_f64().unwrap());
        let want: Vec<f64> = want.collect();
        let found = [found.value, found.low, found.high];
        assert_near(&found, &want, &reference.stored.name);
    }
}

#[test]
fn frechet() {
    on_every_case(|at, case, evaluation, _, _| {
        for want in case["frechet"].as_array().unwrap() {
            let found = evaluation.frechet(want["ridge"].as_f64().unwrap()).unwrap();
            assert_eq!(found.rank as u64, want["rank"].as_u64().unwrap(), "{at}");
            assert_near(&[found.distance], &[want["distance"].as_f64().unwrap()], at);
        }
    });
}

#[test]
fn latent_classes() {
    on_every_case(|at, case, evaluation, labels, _| {
        let (found, want) = (evaluation.latent(labels).unwrap(), &case["latent"]);
        let classes = want["classes"].as_array().unwrap();
        assert_eq!(found.classes.len(), classes.len(), "{at}");
        for (found, want) in found.classes.iter().zip(classes) {
            let counts = [found.class as usize, found.rows, found.picks];
            let named = ["class", "rows", "picks"].map(|name| want[name].as_u64().unwrap());
            assert_eq!(counts.map(|v| v as u64), named, "{at}");
            assert_eq!(found.errors.is_some(), found.picks > 0, "{at}");
            let Some(errors) = found.errors else { continue };
            let found = [errors.alignment, errors.centre, errors.bound];
            let want = ["alignment", "centre", "bound"].map(|name| want[name].as_f64().unwrap());
            assert_near(&found, &want, at);
            assert!(found[0] <= found[2] && found[1] <= found[2], "{at}");
        }
        let pairs = found.divergences.iter();
        let pairs = pairs.map(|&(k, l, product)| vec![f64::from(k), f64::from(l), product]);
        let want = want["divergences"].as_array().unwrap().iter().map(numbers);
        let (found, want) = (pairs.collect::<Vec<_>>(), want.collect::<Vec<_>>());
        assert_near(&found.concat(), &want.concat(), at);
    });
}
