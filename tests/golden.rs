//! The reference cases, pick by pick, on every device.
//!
//! `tests/golden/` was written by a slow f64 reference that shares no code with this crate.

mod common;

use common::{Noisy, oracle};
use coresift::{
    Error, Features, GramSchmidt, Lp, Norm, OnExhaustion, Pool, Selection, Selector, Uniform,
};
use serde_json::Value;

/// Every device of the tests, and one so tight that even these cases cross panels.
fn on_every_device(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    #[cfg(feature = "gpu")]
    check(
        "2 KiB bindings",
        &common::devices::cut().pool(features.clone()).unwrap(),
    );
    common::on_every_device(features, check);
}

/// All cases whose name begins so.
fn cases(prefix: &str) -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden");
    let mut cases: Vec<Value> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.file_name()
                .unwrap()
                .to_str()
                .unwrap()
                .starts_with(prefix)
        })
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    cases.sort_by_key(|case| name(case).to_owned());
    cases
}

fn name(case: &Value) -> &str {
    case["name"].as_str().unwrap()
}

fn indices(value: &Value) -> Vec<usize> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_u64().unwrap() as usize)
        .collect()
}

/// The case's features and their number of columns. Written in f64, born as f32.
fn features(case: &Value) -> (Vec<f32>, usize) {
    let rows = case["F"].as_array().unwrap();
    let value = |v: &Value| {
        let exact = v.as_f64().unwrap();
        assert_eq!(f64::from(exact as f32), exact, "golden features are f32");
        exact as f32
    };
    let x = rows
        .iter()
        .flat_map(|row| row.as_array().unwrap().iter().map(value))
        .collect();
    (x, rows[0].as_array().unwrap().len())
}

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
                            assert_eq!(got.epochs, indices(&want["epochs"]), "{at}");
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
    for (e, &start) in got.epochs.iter().enumerate() {
        let end = got.epochs.get(e + 1).copied().unwrap_or(got.picks.len());
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
    check_gram_schmidt(|pool, check| check(&Noisy::new(pool, 1e-6)));
}

#[test]
fn norm_picks() {
    let mut checked = 0;
    for case in cases("norm_") {
        let (x, dim) = features(&case);
        let labelled = indices(&case["labelled"]);
        let seed = case["seed"].as_u64().unwrap();
        on_every_device(
            Features::new(&x, x.len() / dim, dim).unwrap(),
            |device, pool| {
                for (group, greedy, labelled) in [
                    ("sample", false, &[][..]),
                    ("sample_labelled", false, &labelled),
                    ("top", true, &[]),
                ] {
                    for (key, want) in case[group].as_object().unwrap() {
                        let (norm, anti) = match key.split_once('_') {
                            Some((norm, "anti")) => (norm, true),
                            _ => (&key[..], false),
                        };
                        let norm = match norm {
                            "1" => Lp::L1,
                            "2" => Lp::L2,
                            "inf" => Lp::LInf,
                            other => panic!("norm {other}"),
                        };
                        let labelled = labelled.to_vec();
                        let selector = Norm {
                            norm,
                            power: 1.0,
                            anti,
                            greedy,
                            seed,
                            labelled,
                            ..Norm::default()
                        };
                        let got = selector.select(pool, 10).unwrap();
                        assert_eq!(
                            got.picks,
                            indices(want),
                            "{} {group} {key} {device}",
                            name(&case)
                        );
                    }
                }
                for (group, labelled) in
                    [("uniform", vec![]), ("uniform_labelled", labelled.clone())]
                {
                    let got = Uniform {
                        seed,
                        labelled,
                        ..Uniform::default()
                    }
                    .select(pool, 10)
                    .unwrap();
                    assert_eq!(got.picks, indices(&case[group]), "{} {group}", name(&case));
                }
            },
        );
        checked += 1;
    }
    assert_eq!(checked, 7);
}

/// Ordered outcomes of a case's table: rows in pick order, and their probability.
fn table(case: &Value) -> Vec<(Vec<usize>, f64)> {
    let entry = |v: &Value| (indices(&v[0]), v[1].as_f64().unwrap());
    case["table"]
        .as_array()
        .unwrap()
        .iter()
        .map(entry)
        .collect()
}

/// Chi-square of the outcomes of `draws` seeds against a table, over its degrees of freedom.
///
/// Cells expecting fewer than 10 are pooled, lest the statistic leave its law.
fn chi_square(table: &[(Vec<usize>, f64)], draws: u64, outcome: impl Fn(u64) -> Vec<usize>) -> f64 {
    let mut seen = std::collections::HashMap::<Vec<usize>, f64>::new();
    for seed in 0..draws {
        *seen.entry(outcome(seed)).or_default() += 1.0;
    }
    let mut cells = vec![(0.0, 0.0)];
    for (outcome, p) in table {
        let cell = (seen.remove(outcome).unwrap_or(0.0), p * draws as f64);
        if cell.1 < 10.0 {
            cells[0] = (cells[0].0 + cell.0, cells[0].1 + cell.1);
        } else {
            cells.push(cell);
        }
    }
    assert!(seen.is_empty(), "impossible outcomes: {seen:?}");
    cells.retain(|&(_, want)| want > 0.0);
    let freedom = cells.len() as f64 - 1.0;
    let statistic: f64 = cells
        .iter()
        .map(|(got, want)| (got - want).powi(2) / want)
        .sum();
    // Wilson and Hilferty: the cube root of chi-square over its freedom is close to normal.
    let spread = (2.0 / (9.0 * freedom)).sqrt();
    ((statistic / freedom).cbrt() - (1.0 - spread * spread)) / spread
}

/// Standard deviations past which a law is rejected: the tests use fixed seeds, so a right law
/// passes for ever; a wrong one at this many draws is tens of deviations off.
const REJECT: f64 = 4.0;

fn law_of(selector: impl Fn(u64) -> Box<dyn Selector>, x: &[f32], dim: usize, case: &Value) -> f64 {
    let pool = coresift::CpuPool::new(Features::new(x, x.len() / dim, dim).unwrap());
    chi_square(&table(case), 40_000, |seed| {
        selector(seed).select(&pool, 3).unwrap().picks
    })
}

#[test]
fn gram_schmidt_follows_its_law() {
    let case = &cases("gs_probs")[0];
    let (x, dim) = features(case);
    for block in [1, 64] {
        let by = |seed| {
            Box::new(GramSchmidt {
                seed,
                block,
                ..GramSchmidt::default()
            }) as Box<_>
        };
        let off = law_of(by, &x, dim, case);
        assert!(
            off.abs() < REJECT,
            "block {block}: {off} standard deviations"
        );
    }
    let squared = |seed| {
        Box::new(GramSchmidt {
            seed,
            power: 2.0,
            ..Default::default()
        }) as Box<_>
    };
    assert!(
        law_of(squared, &x, dim, case) > REJECT,
        "power 2 must fail the table of power 1"
    );
    let norms = |seed| {
        Box::new(Norm {
            seed,
            ..Norm::default()
        }) as Box<_>
    };
    assert!(
        law_of(norms, &x, dim, case) > REJECT,
        "norm sampling must fail the table"
    );
}

#[test]
fn norm_sampling_follows_its_law() {
    let case = &cases("wor_probs")[0];
    let w: Vec<f32> = case["w"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| v.as_f64().unwrap() as f32)
        .collect();
    let norms = |seed| {
        Box::new(Norm {
            seed,
            ..Norm::default()
        }) as Box<_>
    };
    let off = law_of(norms, &w, 1, case);
    assert!(off.abs() < REJECT, "{off} standard deviations");
    let uniform = |seed| {
        Box::new(Uniform {
            seed,
            ..Uniform::default()
        }) as Box<_>
    };
    assert!(
        law_of(uniform, &w, 1, case) > REJECT,
        "uniform sampling must fail the table"
    );
}

/// The comparer sees a wrong pick: one swapped pair in a case fails.
#[test]
#[should_panic(expected = "swapped")]
fn a_swapped_pick_is_seen() {
    let case = &cases("gs_gauss_s8")[0];
    let (x, dim) = features(case);
    let pool = coresift::CpuPool::new(Features::new(&x, x.len() / dim, dim).unwrap());
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
    let pool = coresift::CpuPool::new(Features::new(&x, x.len() / dim, dim).unwrap());
    let want = indices(&case["random_restart_seed1"]["picks"]);
    let selector = GramSchmidt {
        block: 1,
        ..gram_schmidt("random_restart_seed1", &[])
    };
    let lost = selector
        .select(&common::Lost::after(&pool, 12), 30)
        .unwrap_err();
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
