//! Picks that others have made: apricot's greedy graph cut, and the released code's ranking.

use crate::common::{npy, oracle};
use crate::{greedy, of};
use coresift::{Classes, CpuPool, Features, Objective, Sas, Selector, Storage};

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
