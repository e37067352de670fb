//! Gram-Schmidt with a ridge, drawn and greedy, and picks by the determinant.

use crate::common::Noisy;
use crate::{cases, features, indices, name, on_every_device};
use coresift::{Details, Determinant, Features, GramSchmidt, LogDet, Pool, Selection, Selector};
use serde_json::Value;

/// The selector that a key such as `ridge0.1_power2_seed1_labelled` stands for.
fn ridged(key: &str, labelled: &[usize]) -> GramSchmidt {
    let mut selector = GramSchmidt::default();
    for word in key.split('_') {
        match word {
            "greedy" => selector.greedy = true,
            "power1" => selector.power = 1.0,
            "power2" => selector.power = 2.0,
            "seed1" => selector.seed = 1,
            "labelled" => selector.labelled = labelled.to_vec(),
            ridge => selector.ridge = Some(ridge.strip_prefix("ridge").unwrap().parse().unwrap()),
        }
    }
    selector
}

fn determinant(selection: &Selection) -> Determinant {
    match &selection.details {
        Details::Determinant(classes) if classes.len() == 1 => classes[0],
        other => panic!("{other:?}"),
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

fn assert_close(got: f64, want: f64, at: &str) {
    assert!(
        (got - want).abs() <= 1e-12 * want.abs(),
        "{at}: {got}, {want}"
    );
}

/// Picks, what is left of each, λ and the determinant: as many picks as there are rows other than zero.
fn check(selector: &dyn Selector, pool: &dyn Pool, want: &Value, at: &str) {
    let able = pool.rows() - selector.labelled().len();
    let (picks, residuals) = (indices(&want["picks"]), numbers(&want["residuals"]));
    let got = selector.select(pool, able).unwrap();
    assert_eq!(got.picks, picks, "{at}");
    assert_eq!(got.restarts, [0], "{at}");
    let missing = got.shortfall.map_or(0, |shortfall| shortfall.missing);
    assert_eq!(picks.len() + missing, able, "{at}");
    let lambda = want["lam"].as_f64().unwrap();
    assert_close(determinant(&got).lambda, lambda, at);
    let log_det = |picks: usize| -> f64 {
        let residuals = residuals[..picks].iter();
        residuals.map(|r| (lambda + r * r).ln()).sum()
    };
    let sizes: f64 = residuals.iter().map(|r| (lambda + r * r).ln().abs()).sum();
    let off = determinant(&got).log_det - log_det(picks.len());
    assert!(off.abs() <= 1e-12 * sizes, "{at}: {off}");
    for (score, residual) in got.scores.iter().zip(&residuals) {
        assert!(
            (score - residual).abs() <= 6e-8 * residual,
            "{at}: {score}, {residual}"
        );
    }
}

/// Every case on every device, through `pool`.
fn check_all(through: impl Fn(&dyn Pool, &dyn Fn(&dyn Pool))) {
    let mut checked = 0;
    for case in cases("objectives_") {
        let (x, dim) = features(&case);
        let labelled = indices(&case["labelled"]);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        let of_pool = |device: &str, pool: &dyn Pool| {
            for (key, want) in case["ridge"].as_object().unwrap() {
                let selector = ridged(key, &labelled);
                let at = format!("{} {key} on {device}", name(&case));
                check(&selector, pool, want, &at);
                if selector.greedy {
                    let log_det = LogDet {
                        ridge: selector.ridge.unwrap(),
                        labelled: selector.labelled.clone(),
                        ..LogDet::default()
                    };
                    check(&log_det, pool, want, &at);
                }
            }
        };
        let each = |device: &str, pool: &dyn Pool| through(pool, &|pool| of_pool(device, pool));
        // Directions of more values do not fit the smallest binding.
        if dim <= 16 {
            on_every_device(features, each);
        } else {
            crate::common::on_every_device(features, each);
        }
        checked += 1;
    }
    assert_eq!(checked, 11);
}

#[test]
fn picks_with_a_ridge() {
    check_all(|pool, check| check(pool));
}

/// A device whose residuals and hazards are off by up to 10⁻⁶ leads to the same picks.
#[test]
fn picks_with_a_ridge_under_noise() {
    check_all(|pool, check| check(&Noisy::around(pool, 1e-6)));
}
