//! SAS: picks with either storage, similarities, and what each class may have.

use crate::common::{kernel_function, oracle};
use crate::{cases, features, indices, name, on_every_device};
use coresift::kernels::{Examples, Length, Pass};
use coresift::{
    Classes, CpuPool, Details, Features, Objective, Pool, Refine, Sas, Selector, Similarity,
    Storage,
};
use serde_json::Value;

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
                let options = Sas {
                    storage,
                    block,
                    ..sas(&case)
                };
                let at = format!("{} {storage:?} block {block} on {device}", name(&case));
                check_greedy(&case, pool, &options, &at);
                check_refined(&case, pool, &options, &at);
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 6);
}

/// Greedy picks, their gains and what they come to; those after labelled rows; and row sums.
fn check_greedy(case: &Value, pool: &dyn Pool, options: &Sas, at: &str) {
    let unit = unit(case);
    let gains = |key: &str| -> Vec<f64> {
        let gains = integers(&case[key]).into_iter();
        gains.map(|gain| gain as f64 * unit).collect()
    };
    let got = options.select(pool, 32).unwrap();
    assert_eq!(got.picks, indices(&case["picks"]), "{at}");
    assert_eq!(got.scores, gains("gains"), "{at}");
    for (budget, value) in integers(&case["value"]).into_iter().enumerate() {
        let Details::Sas(got) = options.select(pool, budget).unwrap().details else {
            panic!("{at}: no details of SAS")
        };
        assert_eq!(got[0].value, value as f64 * unit, "{at} budget {budget}");
    }
    let labelled = Sas {
        labelled: indices(&case["labelled"]),
        ..options.clone()
    };
    let got = labelled.select(pool, 12).unwrap();
    assert_eq!(got.picks, indices(&case["picks_labelled"]), "{at}");
    assert_eq!(got.scores, gains("gains_labelled"), "{at}");
    let row_sum = Sas {
        objective: Objective::RowSum,
        ..options.clone()
    };
    let got = row_sum.select(pool, 32).unwrap();
    assert_eq!(got.picks, indices(&case["row_sum"]), "{at}");
}

/// What double greedy leaves of the greedy picks, and what makes up for the rest.
fn check_refined(case: &Value, pool: &dyn Pool, options: &Sas, at: &str) {
    for (refine, key) in [
        (Refine::DoubleGreedy, "double_greedy"),
        (Refine::RandomDoubleGreedy, "double_greedy_random_seed3"),
        (Refine::TopUp, "top_up"),
    ] {
        let refined = Sas {
            refine,
            seed: 3,
            ..options.clone()
        };
        let got = refined.select(pool, 32).unwrap();
        assert_eq!(got.picks, indices(&case[key]), "{at} {refine:?}");
    }
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
        let function = kernel_function(threshold);
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
            let mut similarities = pool.similarities(examples, &function).unwrap();
            for (j, column) in want.iter().enumerate() {
                assert_eq!(&similarities.sum_columns(&[j]).unwrap(), column, "{at}");
            }
            if threshold.is_some() && device != "2 KiB bindings" {
                similarities.store(0..1, &Pass::unheard()).unwrap();
                for (j, column) in want.iter().enumerate() {
                    assert_eq!(&similarities.sum_stored(&[j]).unwrap(), column, "{at}");
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
        let pool = CpuPool::new(Features::new(&x, rows, 1).unwrap());
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
