//! Latent classes: k-means, few labels, prompts, and selections stratified by them.

mod alone;
mod assigned;
mod bad_input;
#[path = "../common/mod.rs"]
mod common;
mod k_means;
mod strata;

use common::{Noisy, fractions, npy, on_every_device, oracle};
use coresift::{Classes, CpuPool, Features, Pool, Selector, Uniform};
use serde_json::Value;

const POOLS: [&str; 2] = ["digits", "fmnist_simclr_2000"];

fn stored(name: &str) -> npy::Stored {
    let path = format!("examples/data/{name}.npy");
    npy::read(&npy::repository(&path), usize::MAX)
}

fn fixture(name: &str) -> Value {
    let path = npy::repository(&format!("tests/fixtures/{name}.json"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn indices(value: &Value) -> Vec<usize> {
    let values = value.as_array().unwrap().iter();
    values.map(|v| v.as_u64().unwrap() as usize).collect()
}

/// Every device, and the CPU with scores that are off by about as much as they may be.
fn on_every_pool(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    check(
        "noisy cpu",
        &Noisy::around(&CpuPool::new(features.clone()), 5e-7),
    );
    on_every_device(features, check);
}

/// Every row's class, read off a stratified selection of all rows.
fn classes_of(classes: &Classes, pool: &dyn Pool) -> Vec<usize> {
    let uniform = Uniform {
        classes: Some(classes.clone()),
        ..Uniform::default()
    };
    let chosen = uniform.select(pool, pool.rows()).unwrap();
    let mut found = vec![usize::MAX; pool.rows()];
    let mut picks = chosen.picks.into_iter();
    for share in chosen.classes {
        assert_eq!((share.picks, share.budget), (share.rows, share.rows));
        for row in picks.by_ref().take(share.picks) {
            found[row] = share.class;
        }
    }
    found
}

/// A row at length 1, or of zeros.
fn unit(x: &[f32]) -> Vec<f64> {
    let x = oracle::wide(x);
    let length = oracle::dot(&x, &x).sqrt();
    x.iter().map(|v| v / length.max(1e-300)).collect()
}

/// Rows of directions a few degrees apart, of many lengths; every eleventh is zeros.
fn rows_of_all_lengths(rows: usize, dim: usize) -> Vec<f32> {
    let mut x = fractions(3, rows * dim);
    for (row, x) in x.chunks_mut(dim).enumerate() {
        let scale = if row % 11 == 10 {
            0.0
        } else {
            2f32.powi(-(row as i32 % 40))
        };
        x.iter_mut().for_each(|v| *v *= scale);
    }
    x
}
