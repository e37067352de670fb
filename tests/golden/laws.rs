//! The laws of draws by chi-square, against tables of all outcomes; a wrong law must fail.

use crate::common::with;
use crate::{cases, features, indices};
use coresift::{CpuPool, Features, GramSchmidt, Norm, Selector, Uniform};
use serde_json::Value;
use std::collections::HashMap;

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
    let mut seen = HashMap::<Vec<usize>, f64>::new();
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
    let pool = CpuPool::new(Features::new(x, x.len() / dim, dim).unwrap());
    chi_square(&table(case), 40_000, |seed| {
        selector(seed).select(&pool, 3).unwrap().picks
    })
}

#[test]
fn gram_schmidt_follows_its_law() {
    let case = &cases("gs_probs")[0];
    let (x, dim) = features(case);
    for block in [1, 64] {
        let by = |seed| with(|s: &mut GramSchmidt| (s.seed, s.block) = (seed, block));
        let off = law_of(by, &x, dim, case);
        assert!(
            off.abs() < REJECT,
            "block {block}: {off} standard deviations"
        );
    }
    let squared = |seed| with(|s: &mut GramSchmidt| (s.seed, s.power) = (seed, 2.0));
    assert!(
        law_of(squared, &x, dim, case) > REJECT,
        "power 2 must fail the table of power 1"
    );
    let norms = |seed| with(|s: &mut Norm| s.seed = seed);
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
    let norms = |seed| with(|s: &mut Norm| s.seed = seed);
    let off = law_of(norms, &w, 1, case);
    assert!(off.abs() < REJECT, "{off} standard deviations");
    let uniform = |seed| with(|s: &mut Uniform| s.seed = seed);
    assert!(
        law_of(uniform, &w, 1, case) > REJECT,
        "uniform sampling must fail the table"
    );
}
