//! What holds of SAS on every device: the definition, both storages, real pools, bad input.

mod common;

use common::{Lost, fractions, npy, on_every_device, oracle, with_features_lent};
use coresift::{
    ClassShare, Classes, CpuPool, Details, Error, Features, Objective, Pool, Progress, Refine, Sas,
    SasClass, Selection, Selector, ShortfallReason, Similarity, Storage,
};
use std::ops::ControlFlow;

const UNIT: f64 = 1.0 / 65536.0;
const UNIT_OF_PRODUCTS: f64 = 1.0 / (1 << 30) as f64;

fn greedy() -> Sas {
    Sas {
        refine: Refine::None,
        ..Sas::default()
    }
}

/// With each storage that is open to the options, and blocks from the smallest on.
fn with_each_storage(sas: &Sas) -> Vec<Sas> {
    let mut all = vec![
        (Storage::Auto, 1024),
        (Storage::OnTheFly, 1),
        (Storage::OnTheFly, 3),
    ];
    if sas.threshold.is_some() {
        all.push((Storage::Dense, 1024));
    }
    let with = |(storage, block)| Sas {
        storage,
        block,
        ..sas.clone()
    };
    all.into_iter().map(with).collect()
}

/// Rows about a common direction, some of them twice, so that there are ties and gains of both
/// signs.
fn small_pool(seed: u32, rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(seed, rows * dim);
    x.iter_mut().step_by(dim).for_each(|v| *v += 0.7);
    let twice = x[..dim].to_vec();
    x[(rows - 1) * dim..].copy_from_slice(&twice);
    x
}

/// Objective, gains, double greedy and top-up of random pools of up to twelve rows, in two classes
/// and with a labelled row, against sums over all pairs.
#[test]
fn small_pools_by_the_definition() {
    let dim = 3;
    for seed in 0..12 {
        let rows = 6 + seed as usize % 7;
        let x = small_pool(seed, rows, dim);
        // Even rows are class 1, odd ones class 0; row 4 is labelled.
        let classes: Vec<usize> = (0..rows).map(|row| 1 - row % 2).collect();
        let largest = x
            .chunks(dim)
            .map(|x| oracle::norms(x)[1].sqrt())
            .fold(0.0, f64::max);
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            // Thousands of selections, each of many dispatches: a third of the pools do for a GPU.
            if device != "cpu" && seed % 3 > 0 {
                return;
            }
            for threshold in [Some(0.0), Some(0.4), None] {
                for similarity in [Similarity::Cosine, Similarity::Dot] {
                    let sas = Sas {
                        classes: Classes::Given(classes.clone()),
                        threshold,
                        similarity,
                        labelled: vec![4],
                        seed: 7,
                        ..greedy()
                    };
                    let over = (similarity == Similarity::Dot).then_some(largest);
                    for sas in with_each_storage(&sas) {
                        let at = format!(
                            "seed {seed} {threshold:?} {similarity:?} {device} {:?} {}",
                            sas.storage, sas.block
                        );
                        against_the_definition(pool, &sas, &x, dim, over, &at);
                    }
                }
            }
        });
    }
}

fn against_the_definition(
    pool: &dyn Pool,
    sas: &Sas,
    x: &[f32],
    dim: usize,
    largest: Option<f64>,
    at: &str,
) {
    let rows = x.len() / dim;
    let unit = if sas.threshold.is_some() {
        UNIT
    } else {
        UNIT_OF_PRODUCTS
    };
    for budget in [1, rows / 2, rows - 1] {
        let select = |refine, worst| {
            let sas = Sas {
                refine,
                worst,
                ..sas.clone()
            };
            sas.select(pool, budget).unwrap()
        };
        let plain = select(Refine::None, false);
        for (class, first) in [(0, 1), (1, 0)] {
            let members: Vec<usize> = (first..rows).step_by(2).collect();
            let of_class: Vec<f32> = members
                .iter()
                .flat_map(|&row| x[row * dim..][..dim].to_vec())
                .collect();
            let cut = oracle::Cut::new(&of_class, dim, sas.threshold, largest);
            let labelled: Vec<usize> = (0..members.len()).filter(|&i| members[i] == 4).collect();
            let Some(share) = plain.classes.iter().find(|share| share.class == class) else {
                panic!("{at}: class {class}")
            };
            let check = |name: &str, got: &Selection, want: &[usize], gains: Option<&[i64]>| {
                let picks: Vec<usize> = want.iter().map(|&i| members[i]).collect();
                let (found, scores) = of(got, class);
                assert_eq!(found, picks, "{at} {name} class {class} budget {budget}");
                if let Some(gains) = gains {
                    let gains: Vec<f64> = gains.iter().map(|&g| g as f64 * unit).collect();
                    assert_eq!(scores, gains, "{at} {name} gains");
                }
                let set = [&labelled, want].concat();
                let told = of_classes(got).iter().find(|told| told.class == class);
                let value = told.unwrap().value;
                assert_eq!(value, cut.value(&set) as f64 * unit, "{at} {name} value");
            };
            let split = |mut set: Vec<usize>| set.split_off(labelled.len());

            let mut set = labelled.clone();
            let gains = cut.greedy(&mut set, share.budget, false);
            let ground = split(set);
            check("greedy", &plain, &ground, Some(&gains));

            let kept = cut.double_greedy(&labelled, &ground, None);
            check(
                "double greedy",
                &select(Refine::DoubleGreedy, false),
                &kept,
                None,
            );

            let random = cut.double_greedy(&labelled, &ground, Some((7, &members)));
            check(
                "random",
                &select(Refine::RandomDoubleGreedy, false),
                &random,
                None,
            );

            let mut set = [&labelled[..], &kept].concat();
            cut.greedy(&mut set, share.budget - kept.len(), false);
            check("top up", &select(Refine::TopUp, false), &split(set), None);

            let mut set = labelled.clone();
            let gains = cut.greedy(&mut set, share.budget, true);
            check(
                "worst",
                &select(Refine::TopUp, true),
                &split(set),
                Some(&gains),
            );
        }
    }
}

/// What a selection tells of its classes.
fn of_classes(selection: &Selection) -> &[SasClass] {
    match &selection.details {
        Details::Sas(classes) => classes,
        other => panic!("{other:?} instead of what SAS tells"),
    }
}

/// A selection's picks of one class, and their scores.
fn of(selection: &Selection, class: usize) -> (Vec<usize>, Vec<f64>) {
    let mut at = 0;
    for share in &selection.classes {
        let end = at + share.picks;
        if share.class == class {
            return (
                selection.picks[at..end].to_vec(),
                selection.scores[at..end].to_vec(),
            );
        }
        at = end;
    }
    panic!("class {class} is not in the selection")
}

/// Every storage on every device, thresholds of each kind, small and large budgets: as the CPU, which
/// keeps the similarities.
fn check_real_pool(stored: &npy::Stored, classes: &[usize], budgets: &[usize]) {
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    for threshold in [Some(0.0), Some(0.5), None] {
        for &percent in budgets {
            let budget = stored.rows * percent / 100;
            let sas = Sas {
                classes: Classes::Given(classes.to_vec()),
                threshold,
                ..Sas::default()
            };
            let want = sas.select(&cpu, budget).unwrap();
            assert_eq!(want.picks.len(), budget);
            let at = format!("{} {threshold:?} {percent} %", stored.name);
            let free = Sas {
                storage: Storage::OnTheFly,
                ..sas.clone()
            };
            let got = free.select(&cpu, budget).unwrap();
            assert_eq!(got.picks, want.picks, "{at} on the fly");
            with_features_lent(features.clone(), |device, pool| {
                if device == "cpu" {
                    return;
                }
                let got = sas.select(pool, budget).unwrap();
                assert_eq!(got.picks, want.picks, "{at} on {device}");
                assert_eq!(got.scores, want.scores, "{at} on {device}");
            });
        }
    }
}

#[test]
fn real_pools_alike_on_every_device() {
    for stored in npy::small_pools() {
        check_real_pool(&stored, &npy::labels(&stored), &[20, 80]);
    }
}

#[test]
fn large_pools_alike_on_every_device() {
    for stored in npy::large_pools() {
        check_real_pool(&stored, &npy::labels(&stored), &[20, 80]);
    }
}

/// The pools, classes and picks of apricot's greedy graph cut on unrounded similarities; see
/// `tests/fixtures/README.md`.
fn fixtures() -> Vec<(npy::Stored, serde_json::Value)> {
    let mut pools = npy::small_pools();
    let text = npy::repository("tests/fixtures/text_600.npy");
    pools.push(npy::read(&text, usize::MAX));
    let fixture = |stored: npy::Stored| {
        let path = npy::repository(&stored.name);
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let path = npy::repository(&format!("tests/fixtures/sas_{stem}.json"));
        let text = std::fs::read(path).unwrap();
        (stored, serde_json::from_slice(&text).unwrap())
    };
    pools.into_iter().map(fixture).collect()
}

fn indices(value: &serde_json::Value) -> Vec<usize> {
    let index = |v: &serde_json::Value| v.as_u64().unwrap() as usize;
    value.as_array().unwrap().iter().map(index).collect()
}

/// Every row's class.
fn labels(classes: &[serde_json::Value], rows: usize) -> Vec<usize> {
    let mut labels = vec![0; rows];
    for class in classes {
        let label = class["class"].as_u64().unwrap() as usize;
        indices(&class["rows"])
            .into_iter()
            .for_each(|row| labels[row] = label);
    }
    labels
}

/// Unrounded F of some picks of a class: cosines above 0, in f64.
fn unrounded_value(stored: &npy::Stored, class: &[usize], picks: &[usize]) -> f64 {
    let row = |row: usize| &stored.values[row * stored.dim..][..stored.dim];
    let unit = |x: &[f32]| -> Vec<f64> {
        let length = oracle::norms(x)[1].sqrt();
        x.iter().map(|&v| f64::from(v) / length).collect()
    };
    let inside: Vec<Vec<f64>> = picks.iter().map(|&pick| unit(row(pick))).collect();
    let outside = class.iter().filter(|row| !picks.contains(row));
    let cut = |outside: &usize| -> f64 {
        let outside = unit(row(*outside));
        inside
            .iter()
            .map(|z| oracle::dot(z, &outside).max(0.0))
            .sum()
    };
    outside.map(cut).sum()
}

/// Objective within 10⁻⁴ of apricot's, by the same measure, and at least 97 % of the picks in common.
#[test]
fn greedy_is_apricots_but_for_rounding() {
    for (stored, fixture) in fixtures() {
        let classes = fixture["classes"].as_array().unwrap();
        let labels = labels(classes, stored.rows);
        let pool = CpuPool::new(Features::new(&stored.values, stored.rows, stored.dim).unwrap());
        let sas = Sas {
            classes: Classes::Given(labels),
            ..greedy()
        };
        for percent in [20, 80] {
            let got = sas.select(&pool, stored.rows * percent / 100).unwrap();
            let (mut ours, mut theirs, mut common) = (0.0, 0.0, 0);
            for class in classes {
                let want = &class[format!("budget_{percent}")];
                let (picks, _) = of(&got, class["class"].as_u64().unwrap() as usize);
                let wanted = indices(&want["picks"]);
                assert_eq!(picks.len(), wanted.len(), "{}", stored.name);
                common += picks.iter().filter(|pick| wanted.contains(pick)).count();
                ours += unrounded_value(&stored, &indices(&class["rows"]), &picks);
                theirs += want["value"].as_f64().unwrap();
            }
            let at = format!(
                "{} {percent} %: F {ours} and {theirs}, {common} in common",
                stored.name
            );
            assert!((ours / theirs - 1.0).abs() < 1e-4, "{at}");
            assert!(common as f64 >= 0.97 * got.picks.len() as f64, "{at}");
        }
    }
}

/// The released code's ranking of every class, whole.
#[test]
fn row_sums_rank_as_the_released_code() {
    for (stored, fixture) in fixtures() {
        let pool = CpuPool::new(Features::new(&stored.values, stored.rows, stored.dim).unwrap());
        let classes = fixture["classes"].as_array().unwrap();
        let labels = labels(classes, stored.rows);
        for storage in [Storage::Dense, Storage::OnTheFly] {
            let sas = Sas {
                classes: Classes::Given(labels.clone()),
                objective: Objective::RowSum,
                storage,
                ..Sas::default()
            };
            let got = sas.select(&pool, stored.rows).unwrap();
            for class in classes {
                let (picks, _) = of(&got, class["class"].as_u64().unwrap() as usize);
                assert_eq!(
                    picks,
                    indices(&class["row_sum"]),
                    "{} {storage:?}",
                    stored.name
                );
            }
        }
    }
}

/// Identical rows, classes of one row, classes without rows.
#[test]
fn degenerate_classes_work() {
    let x = [0.3, -0.1, 0.2].repeat(9);
    on_every_device(Features::new(&x, 9, 3).unwrap(), |device, pool| {
        let sas = Sas {
            classes: Classes::Given(vec![5, 5, 2, 5, 5, 5, 9, 5, 5]),
            ..Sas::default()
        };
        for sas in with_each_storage(&sas) {
            let got = sas.select(pool, 9).unwrap();
            assert_eq!(got.picks.len(), 9, "{device}");
            assert_eq!(got.picks[0], 2, "{device}");
            assert_eq!(got.picks[8], 6, "{device}");
            let few = Sas {
                refine: Refine::None,
                ..sas.clone()
            }
            .select(pool, 3)
            .unwrap();
            assert_eq!(
                few.picks,
                [2, 0, 1],
                "{device}: ties go to the lower class and row"
            );
            assert!(sas.select(pool, 0).unwrap().picks.is_empty(), "{device}");
        }
    });
}

/// Greedy rankings nest class by class, whatever the budget.
#[test]
fn smaller_budgets_are_prefixes() {
    let (rows, dim) = (120, 5);
    let x = small_pool(3, rows, dim);
    on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
        for sas in with_each_storage(&greedy()) {
            let all = sas.select(pool, rows).unwrap();
            let mut sorted = all.picks.clone();
            sorted.sort_unstable();
            assert!(sorted.into_iter().eq(0..rows), "{device}");
            for budget in [1, 17, 60] {
                let some = sas.select(pool, budget).unwrap();
                assert_eq!(
                    some.picks,
                    all.picks[..budget],
                    "{device} {:?}",
                    sas.storage
                );
            }
        }
    });
}

/// The plan comes before any round, with what the selection says afterwards, and rounds go on class
/// by class.
#[test]
fn progress_is_told_by_class_and_round() {
    let (rows, dim) = (90, 4);
    let x = small_pool(5, rows, dim);
    let classes: Vec<usize> = (0..rows).map(|row| [4, 9, 9][row % 3]).collect();
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    for storage in [Storage::Dense, Storage::OnTheFly] {
        let sas = Sas {
            classes: Classes::Given(classes.clone()),
            storage,
            block: 3,
            ..greedy()
        };
        let (mut plan, mut told) = (Vec::new(), Vec::new());
        let mut planned_storage = Vec::new();
        let mut pairs = 0;
        let mut listen = |progress: Progress<'_>| {
            match progress {
                Progress::Plan { classes, storage } => {
                    assert!(told.is_empty() && plan.is_empty());
                    plan = classes.to_vec();
                    planned_storage = storage.to_vec();
                }
                Progress::Round {
                    classes,
                    round,
                    rounds,
                    picks,
                } => {
                    assert_eq!((classes, rounds), (4..=9, 20));
                    told.push((round, picks));
                }
                Progress::Pairs(all) => pairs += all,
                Progress::Picks(picks) => assert_eq!(picks, 30),
                other => panic!("{other:?}"),
            }
            ControlFlow::Continue(())
        };
        let got = sas.select_with(&pool, 30, &mut listen).unwrap();
        assert_eq!(told.last(), Some(&(20, 30)));
        let square = |share: &ClassShare| share.rows.pow(2) as u64;
        assert_eq!(pairs, plan.iter().map(square).sum::<u64>());
        assert!(told.is_sorted(), "{told:?}");
        assert!(storage == Storage::Dense || told.len() > 5);
        for (planned, share) in plan.iter().zip(&got.classes) {
            assert_eq!(planned.picks, 0);
            assert_eq!((planned.class, planned.rows), (share.class, share.rows));
            assert_eq!(planned.budget, share.budget);
        }
        let told_storage = of_classes(&got).iter().map(|told| told.storage);
        assert_eq!(planned_storage, [storage; 2]);
        assert_eq!(told_storage.collect::<Vec<_>>(), planned_storage);
        assert_eq!((plan.len(), got.classes.len()), (2, 2));
    }
    let clusters = Classes::KMeans {
        clusters: 3,
        seed: 0,
    };
    let sas = Sas {
        classes: clusters,
        ..greedy()
    };
    let mut sources = Vec::new();
    let mut listen = |progress: Progress<'_>| {
        match progress {
            Progress::Centres { placed, clusters } => sources.push(("centre", placed, clusters)),
            Progress::Sweep(sweep) => sources.push(("sweep", sweep, 0)),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    sas.select_with(&pool, 9, &mut listen).unwrap();
    let first = [
        ("centre", 1, 3),
        ("centre", 2, 3),
        ("centre", 3, 3),
        ("sweep", 1, 0),
    ];
    assert_eq!(sources[..4], first);
}

/// Powers of two change no product; nor does any positive factor that f32 holds exactly.
#[test]
fn scale_changes_no_pick() {
    let (rows, dim) = (80, 6);
    let x = small_pool(4, rows, dim);
    let pick = |x: &[f32], similarity| {
        let pool = CpuPool::new(Features::new(x, rows, dim).unwrap());
        let sas = Sas {
            similarity,
            ..Sas::default()
        };
        let selection = sas.select(&pool, 30).unwrap();
        (selection.picks, selection.scores)
    };
    for similarity in [Similarity::Cosine, Similarity::Dot] {
        let want = pick(&x, similarity);
        for exponent in [-100, -3, 60] {
            let scaled: Vec<f32> = x.iter().map(|v| v * 2f32.powi(exponent)).collect();
            assert_eq!(pick(&scaled, similarity), want, "2^{exponent}");
        }
    }
}

/// Views are averaged: an example given twice is the example.
#[test]
fn views_are_consecutive_rows() {
    let (rows, dim) = (40, 5);
    let x = small_pool(5, rows, dim);
    let twice: Vec<f32> = x.chunks(dim).flat_map(|x| [x, x].concat()).collect();
    let classes = Classes::Given((0..rows).map(|row| row / 25).collect());
    on_every_device(
        Features::new(&twice, 2 * rows, dim).unwrap(),
        |device, pool| {
            let sas = Sas {
                classes: classes.clone(),
                views: 2,
                labelled: vec![39],
                ..Sas::default()
            };
            let got = sas.select(pool, 20).unwrap();
            let one = CpuPool::new(Features::new(&x, rows, dim).unwrap());
            let want = Sas { views: 1, ..sas }.select(&one, 20).unwrap();
            assert_eq!(got.picks, want.picks, "{device}");
        },
    );
}

#[test]
fn double_greedy_says_how_much_it_dropped() {
    let (rows, dim) = (60, 4);
    let x = small_pool(6, rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let sas = Sas {
        refine: Refine::DoubleGreedy,
        ..Sas::default()
    };
    let got = sas.select(&pool, 50).unwrap();
    let shortfall = got
        .shortfall
        .expect("80 % of a class is too much for double greedy");
    assert_eq!(shortfall.missing, 50 - got.picks.len());
    assert_eq!(shortfall.reason, ShortfallReason::Refined);
    assert_eq!(Sas::default().select(&pool, 50).unwrap().shortfall, None);
}

/// A device that is lost keeps the picks of the classes that were done, and without refinement those
/// of the class under way.
#[test]
fn a_lost_device_keeps_the_picks() {
    let (rows, dim) = (90, 4);
    let x = small_pool(8, rows, dim);
    let pool = CpuPool::new(Features::new(&x, rows, dim).unwrap());
    let sas = Sas {
        storage: Storage::OnTheFly,
        block: 1,
        ..greedy()
    };
    let want = sas.select(&pool, 30).unwrap().picks;
    let lost = sas.select(&Lost::after(&pool, 12), 30).unwrap_err();
    let Error::DeviceLost { partial, .. } = lost else {
        panic!("{lost}")
    };
    assert!(
        (1..30).contains(&partial.picks.len()),
        "{}",
        partial.picks.len()
    );
    assert_eq!(partial.picks, want[..partial.picks.len()]);
}

#[test]
fn bad_input_is_named() {
    let x = [1.0, 0.0, 0.0, 0.0, 0.5, 0.5];
    let pool = CpuPool::new(Features::new(&x, 3, 2).unwrap());
    let error = |sas: Sas| sas.select(&pool, 1).unwrap_err().to_string();
    let dot = || Sas {
        similarity: Similarity::Dot,
        ..Sas::default()
    };
    assert!(
        dot().select(&pool, 3).is_ok(),
        "zero rows have inner products"
    );
    for (sas, message) in [
        (
            Sas::default(),
            "features: row 1 is all zeros, a row with a direction expected",
        ),
        (
            Sas {
                threshold: Some(-0.1),
                ..dot()
            },
            "threshold: -0.1 found, a finite number",
        ),
        (
            Sas {
                threshold: Some(f64::NAN),
                ..dot()
            },
            "threshold: NaN found",
        ),
        (
            Sas {
                threshold: Some(f64::INFINITY),
                ..dot()
            },
            "threshold: inf found",
        ),
        (
            Sas { views: 2, ..dot() },
            "views: 2 found, a divisor of the 3 rows expected",
        ),
        (Sas { views: 0, ..dot() }, "views: 0 found"),
        (Sas { block: 0, ..dot() }, "block: 0 found"),
        (
            Sas {
                threshold: None,
                storage: Storage::Dense,
                ..dot()
            },
            "storage: dense found",
        ),
        (
            Sas {
                classes: Classes::Given(vec![0; 4]),
                ..dot()
            },
            "classes: 4 classes found, one for each of 3 rows",
        ),
        (
            Sas {
                labelled: vec![3],
                ..dot()
            },
            "labelled: row 3 found",
        ),
    ] {
        let found = error(sas);
        assert!(found.contains(message), "{message}\n{found}");
    }
    let past = Sas {
        objective: Objective::RowSum,
        labelled: vec![0],
        ..dot()
    }
    .select(&pool, 3);
    assert!(matches!(
        past,
        Err(Error::Budget {
            budget: 3,
            rows: 3,
            labelled: 1
        })
    ));
}
