//! Measures of picks: against scikit-learn and scipy, by hand, on every device, and what they refuse.

#[path = "../common/mod.rs"]
mod common;

mod bad_input;
mod by_hand;
mod by_pick;
mod devices;
mod large;
mod reference;

use common::npy;
use coresift::{CpuPool, Features};
use serde_json::Value;

/// A pool with labels and the rows to test on, and what others measured.
struct Reference {
    stored: npy::Stored,
    labels: Vec<u32>,
    train: usize,
    fixture: Value,
}

impl Reference {
    /// All there are: `tests/fixtures/README.md`.
    fn all() -> Vec<Self> {
        let of_pool = |stored: npy::Stored| {
            let stem = stored.name.rsplit_once('/').unwrap().1;
            let stem = stem.trim_end_matches(".npy");
            let path = npy::repository(&format!("tests/fixtures/evaluate_{stem}.json"));
            let fixture: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let labels = npy::labels(&stored);
            Self {
                labels: labels.into_iter().map(|label| label as u32).collect(),
                train: fixture["train"].as_u64().unwrap() as usize,
                stored,
                fixture,
            }
        };
        npy::small_pools().into_iter().map(of_pool).collect()
    }

    fn features(&self) -> Features<'_> {
        let stored = &self.stored;
        Features::new(&stored.values, stored.rows, stored.dim).unwrap()
    }

    /// The rows that are selected from, and those to test on.
    fn parts(&self) -> [Features<'_>; 2] {
        let all = self.features();
        [all.part(0..self.train), all.part(self.train..all.rows())]
    }

    fn cases(&self) -> &[Value] {
        self.fixture["cases"].as_array().unwrap()
    }
}

fn picks(case: &Value) -> Vec<usize> {
    let picks = case["picks"].as_array().unwrap().iter();
    picks.map(|v| v.as_u64().unwrap() as usize).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|v| v.as_f64().unwrap()).collect()
}

/// Asserts that numbers are those of the reference, to a millionth of the largest.
fn assert_near(found: &[f64], want: &[f64], at: &str) {
    assert_eq!(found.len(), want.len(), "{at}");
    let size = want.iter().fold(1e-3, |size: f64, v| size.max(v.abs()));
    for (place, (found, want)) in found.iter().zip(want).enumerate() {
        let off = (found - want).abs();
        assert!(off <= 1e-6 * size, "{at} at {place}: {found}, {want}");
    }
}

/// A pool of some rows, `dim` values each.
fn pool(x: &[f32], dim: usize) -> CpuPool<'_> {
    CpuPool::new(Features::new(x, x.len() / dim, dim).unwrap())
}
