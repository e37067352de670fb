//! Gram-Schmidt: drawn and greedy picks, past the rank, and those of a device that errs or is lost.

use crate::common::{Lost, Noisy, oracle};
use crate::{cases, features, indices, name, on_every_device};
use coresift::{
    CpuPool, Error, Features, GramSchmidt, Lp, OnExhaustion, Pool, Selection, Selector,
};
use serde_json::Value;

/// The selector that a key such as `random_labelled_seed1` or `greedy_stop` stands for.
fn gram_schmidt(key: &str, labelled: &[usize]) -> GramSchmidt {
    let mut selector = GramSchmidt::default();
    for word in key.split('_') {
        match word {
            "random" => {}
            "greedy" => selector.greedy = true,
            "restart" => selector.on_exhaustion = OnExhaustion::Restart,
            "stop" => selector.on_exhaustion = OnExhaustion::Stop,
            "norm" => selector.on_exhaustion = OnExhaustion::Norm,
            "seed1" => selector.seed = 1,
            "seed2" => selector.seed = 2,
            "power2" => selector.power = 2.0,
            "labelled" => selector.labelled = labelled.to_vec(),
            "l1" => selector.norm = Lp::L1,
            "linf" => selector.norm = Lp::LInf,
            other => panic!("key {key}: {other} means nothing here"),
        }
    }
    selector
}

/// Every case of the kind on every device, through `pool`; gives the number of runs.
fn check_gram_schmidt(through: impl Fn(&dyn Pool, &dyn Fn(&dyn Pool))) {
    let all = cases("gs_")
        .into_iter()
        .filter(|case| case["kind"] == "gram_schmidt");
    let mut keys = 0;
    for case in all {
        let (x, dim) = features(&case);
        let labelled = indices(&case["labelled"]);
        let budget = case["s"].as_u64().unwrap() as usize;
        let wanted: Vec<(&String, &Value)> = case
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, v)| v.get("picks").is_some())
            .collect();
        keys += wanted.len();
        on_every_device(
            Features::new(&x, x.len() / dim, dim).unwrap(),
            |device, pool| {
                through(pool, &|pool| {
                    for (key, want) in &wanted {
                        for block in [1, 8, 64] {
                            let selector = GramSchmidt {
                                block,
                                ..gram_schmidt(key, &labelled)
                            };
                            let got = selector.select(pool, budget).unwrap();
                            let at = format!("{} {key} block {block} on {device}", name(&case));
                            assert_eq!(got.picks, indices(&want["picks"]), "{at}");
                            assert_eq!(got.restarts, indices(&want["restarts"]), "{at}");
                            check_scores(&x, dim, &selector, &got, &at);
                        }
                    }
                });
            },
        );
    }
    assert_eq!(keys, 14 * 14, "every key of every case");
}

/// Scores are the residual norms at the time of each pick.
fn check_scores(x: &[f32], dim: usize, selector: &GramSchmidt, got: &Selection, at: &str) {
    for (e, &start) in got.restarts.iter().enumerate() {
        let end = got.restarts.get(e + 1).copied().unwrap_or(got.picks.len());
        let mut span = oracle::Span::new(x, dim);
        if e == 0 {
            selector
                .labelled
                .iter()
                .for_each(|&row| span.project_out(row));
        }
        let deflate = e == 0 || selector.on_exhaustion != OnExhaustion::Norm;
        for t in start..end {
            let want = match selector.norm {
                Lp::L1 => span
                    .residual(got.picks[t])
                    .iter()
                    .map(|v| v.abs())
                    .sum::<f64>(),
                Lp::L2 => span
                    .residual(got.picks[t])
                    .iter()
                    .map(|v| v * v)
                    .sum::<f64>()
                    .sqrt(),
                Lp::LInf => span
                    .residual(got.picks[t])
                    .iter()
                    .fold(0.0, |m, v| v.abs().max(m)),
            };
            let off = (got.scores[t] - want).abs() / want;
            assert!(
                off < 1e-4,
                "{at}: score {t} is {}, not {want}",
                got.scores[t]
            );
            if deflate {
                span.project_out(got.picks[t]);
            }
        }
    }
}

#[test]
fn gram_schmidt_picks() {
    check_gram_schmidt(|pool, check| check(pool));
}

/// A device whose residuals and hazards are off by up to 10⁻⁶ leads to the same picks.
#[test]
fn gram_schmidt_picks_under_noise() {
    check_gram_schmidt(|pool, check| check(&Noisy::around(pool, 1e-6)));
}

/// The comparer sees a wrong pick: one swapped pair in a case fails.
#[test]
#[should_panic(expected = "swapped")]
fn a_swapped_pick_is_seen() {
    let case = &cases("gs_gauss_s8")[0];
    let (x, dim) = features(case);
    let pool = CpuPool::new(Features::new(&x, x.len() / dim, dim).unwrap());
    let mut want = indices(&case["random_restart_seed1"]["picks"]);
    want.swap(2, 3);
    let got = gram_schmidt("random_restart_seed1", &[])
        .select(&pool, 8)
        .unwrap();
    assert_eq!(got.picks, want, "swapped");
}

/// A device that is lost keeps what had been picked.
#[test]
fn a_lost_device_keeps_the_picks() {
    let case = &cases("gs_gauss_s30")[0];
    let (x, dim) = features(case);
    let pool = CpuPool::new(Features::new(&x, x.len() / dim, dim).unwrap());
    let want = indices(&case["random_restart_seed1"]["picks"]);
    let selector = GramSchmidt {
        block: 1,
        ..gram_schmidt("random_restart_seed1", &[])
    };
    let lost = selector.select(&Lost::after(&pool, 12), 30).unwrap_err();
    let Error::DeviceLost { partial, .. } = lost else {
        panic!("{lost}")
    };
    assert!(
        !partial.picks.is_empty() && partial.picks.len() < 30,
        "{}",
        partial.picks.len()
    );
    assert_eq!(partial.picks, want[..partial.picks.len()]);
}
