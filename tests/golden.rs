//! The reference cases, pick by pick, on every device.
//!
//! `tests/golden/` was written by a slow f64 reference that shares no code with this crate.

mod common;

use common::{Noisy, oracle};
use coresift::kernels::{Examples, Length, stored_pitch};
use coresift::{
    Classes, Delta, Details, Error, Features, GramSchmidt, Lp, Norm, Objective, OnExhaustion, Pool,
    ProbCover, Refine, Sas, Selection, Selector, Similarity, Storage, Then, TypiClust, Uniform,
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

/// Norm sampling among what norm sampling has chosen.
#[test]
fn then_picks() {
    let case = &cases("then")[0];
    let (x, dim) = features(case);
    let norm = || Norm {
        seed: case["seed"].as_u64().unwrap(),
        ..Norm::default()
    };
    let then = Then {
        oversample: case["oversample"].as_u64().unwrap() as usize,
        ..Then::new(norm(), norm())
    };
    let budget = case["budget"].as_u64().unwrap() as usize;
    let features = Features::new(&x, x.len() / dim, dim).unwrap();
    on_every_device(features, |device, pool| {
        let first = norm().select(pool, then.oversample * budget).unwrap();
        assert_eq!(first.picks, indices(&case["stage1"]), "{device}");
        let both = then.select(pool, budget).unwrap();
        assert_eq!(both.picks, indices(&case["then_norm"]), "{device}");
    });
}

#[test]
fn typiclust_picks() {
    let cases = cases("typiclust");
    assert_eq!(cases.len(), 1);
    for case in cases {
        let (x, dim) = features(&case);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        on_every_device(features, |device, pool| {
            for (key, labelled) in [
                ("picks", vec![]),
                ("all", vec![]),
                ("picks_labelled", indices(&case["labelled"])),
            ] {
                let want = indices(&case[key]);
                let selector = TypiClust {
                    clusters: Some(indices(&case["clusters"])),
                    labelled,
                    ..TypiClust::default()
                };
                let got = selector.select(pool, want.len()).unwrap();
                assert_eq!(got.picks, want, "{key} on {device}");
            }
        });
    }
}

fn integers(value: &Value) -> Vec<i64> {
    let integer = |v: &Value| v.as_i64().unwrap();
    value.as_array().unwrap().iter().map(integer).collect()
}

/// The options of a case.
fn sas(case: &Value) -> Sas {
    Sas {
        threshold: case["threshold"].as_f64(),
        similarity: if case["metric"] == "dot" {
            Similarity::Dot
        } else {
            Similarity::Cosine
        },
        refine: Refine::None,
        ..Sas::default()
    }
}

/// Unit of similarities.
fn unit(case: &Value) -> f64 {
    if case["threshold"].is_null() {
        1.0 / (1 << 30) as f64
    } else {
        1.0 / (1 << 16) as f64
    }
}

/// Every key of every case, with either storage where it is open, with blocks of one candidate and of all.
#[test]
fn sas_picks() {
    let mut checked = 0;
    for case in cases("sas_") {
        let (x, dim) = features(&case);
        let unit = unit(&case);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        on_every_device(features, |device, pool| {
            for (storage, block) in [
                (Storage::Auto, 1024),
                (Storage::Dense, 1024),
                (Storage::OnTheFly, 1),
                (Storage::OnTheFly, 7),
                (Storage::OnTheFly, 1024),
            ] {
                // 40 x 40 similarities do not fit one binding of 2 KiB.
                let no_room = device == "2 KiB bindings" || case["threshold"].is_null();
                if storage == Storage::Dense && no_room {
                    continue;
                }
                let at = format!("{} {storage:?} block {block} on {device}", name(&case));
                let options = Sas {
                    storage,
                    block,
                    ..sas(&case)
                };
                let select = |sas: Sas, budget| sas.select(pool, budget).unwrap();
                let of = |refine| Sas {
                    refine,
                    ..options.clone()
                };

                let got = select(options.clone(), 32);
                assert_eq!(got.picks, indices(&case["picks"]), "{at}");
                let gains: Vec<f64> = integers(&case["gains"])
                    .iter()
                    .map(|&g| g as f64 * unit)
                    .collect();
                assert_eq!(got.scores, gains, "{at}");
                for (budget, value) in integers(&case["value"]).into_iter().enumerate() {
                    let Details::Sas(got) = select(options.clone(), budget).details else {
                        panic!("{at}: no details of SAS")
                    };
                    assert_eq!(got[0].value, value as f64 * unit, "{at} budget {budget}");
                }
                let got = select(of(Refine::DoubleGreedy), 32);
                assert_eq!(got.picks, indices(&case["double_greedy"]), "{at}");
                let random = Sas {
                    seed: 3,
                    ..of(Refine::RandomDoubleGreedy)
                };
                let got = select(random, 32);
                assert_eq!(
                    got.picks,
                    indices(&case["double_greedy_random_seed3"]),
                    "{at}"
                );
                let got = select(of(Refine::TopUp), 32);
                assert_eq!(got.picks, indices(&case["top_up"]), "{at}");
                let labelled = Sas {
                    labelled: indices(&case["labelled"]),
                    ..options.clone()
                };
                let got = select(labelled, 12);
                assert_eq!(got.picks, indices(&case["picks_labelled"]), "{at}");
                let gains = integers(&case["gains_labelled"]).into_iter();
                assert_eq!(
                    got.scores,
                    gains.map(|g| g as f64 * unit).collect::<Vec<_>>(),
                    "{at}"
                );
                let row_sum = Sas {
                    objective: Objective::RowSum,
                    ..options.clone()
                };
                assert_eq!(select(row_sum, 32).picks, indices(&case["row_sum"]), "{at}");
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 6);
}

/// The similarities that the cases print, of rows that the pools round.
#[test]
fn sas_similarities() {
    for case in cases("sas_") {
        let (x, dim) = features(&case);
        let rows = x.len() / dim;
        let length = |x: &[f32]| oracle::norms(x)[1].sqrt();
        let largest = x.chunks(dim).map(length).fold(0.0, f64::max);
        let all: Vec<usize> = (0..rows).collect();
        let want: Vec<Vec<i64>> = case["similarity"]
            .as_array()
            .unwrap()
            .iter()
            .map(integers)
            .collect();
        let threshold = case["threshold"]
            .as_f64()
            .map(|t| (t * (1 << 30) as f64) as i32);
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            let at = format!("{} on {device}", name(&case));
            let examples = Examples {
                classes: &[&all],
                views: 1,
                length: match case["metric"] == "dot" {
                    true => Length::Given(largest * f64::from(pool.scale())),
                    false => Length::Own,
                },
            };
            let mut similarities = pool.similarities(examples, threshold).unwrap();
            for (j, column) in want.iter().enumerate() {
                assert_eq!(&similarities.sum_columns(&[j]).unwrap(), column, "{at}");
            }
            if threshold.is_some() && device != "2 KiB bindings" {
                similarities.store(0..1).unwrap();
                let stored = similarities.stored(0).unwrap();
                for (stored, want) in stored.chunks(stored_pitch(rows)).zip(&want) {
                    let stored: Vec<i64> = stored[..rows].iter().map(|&s| s.into()).collect();
                    assert_eq!(&stored, want, "{at}");
                }
            }
        });
    }
}

/// A class of n identical rows has any similarity it likes; what counts is its size.
#[test]
fn budgets_by_class() {
    let case = &cases("apportion")[0];
    let items = case["items"].as_array().unwrap();
    assert_eq!(items.len(), 7);
    for item in items {
        let sizes = indices(&item["sizes"]);
        let classes: Vec<usize> = sizes
            .iter()
            .enumerate()
            .flat_map(|(class, &size)| vec![class; size])
            .collect();
        let rows = classes.len();
        let x = vec![1.0; rows];
        let pool = coresift::CpuPool::new(Features::new(&x, rows, 1).unwrap());
        let sas = Sas {
            classes: Classes::Given(classes),
            min_per_class: item["at_least"].as_u64().unwrap() as usize,
            refine: Refine::None,
            ..Sas::default()
        };
        let budget = item["B"].as_u64().unwrap() as usize;
        let got = sas.select(&pool, budget.min(rows)).unwrap();
        let mut budgets = vec![0; sizes.len()];
        got.classes
            .iter()
            .for_each(|share| budgets[share.class] = share.budget);
        assert_eq!(budgets, indices(&item["out"]), "{item}");
    }
}

#[test]
fn prob_cover_picks() {
    let cases = cases("cover");
    assert_eq!(cases.len(), 2);
    for case in cases {
        let (x, dim) = features(&case);
        let of = |key: &str| indices(&case[key]);
        let cover = ProbCover {
            delta: Delta::Fixed(case["delta"].as_f64().unwrap()),
            ..ProbCover::default()
        };
        let labelled = ProbCover {
            labelled: of("labelled"),
            ..cover.clone()
        };
        let budget = of("picks").len();
        on_every_device(
            Features::new(&x, x.len() / dim, dim).unwrap(),
            |device, pool| {
                let at = format!("{} on {device}", name(&case));
                let got = cover.select(pool, budget).unwrap();
                assert_eq!(got.picks, of("picks"), "{at}");
                let degrees: Vec<usize> = got.scores.iter().map(|&score| score as usize).collect();
                assert_eq!(degrees, of("degrees"), "{at}");
                // The reference that stops where ours begins anew.
                let first = got.restarts.get(1).copied().unwrap_or(budget);
                assert_eq!(got.picks[..first], of("picks_stop"), "{at}");
                let got = labelled.select(pool, budget).unwrap();
                assert_eq!(got.picks, of("picks_labelled"), "{at}");
            },
        );
    }
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
