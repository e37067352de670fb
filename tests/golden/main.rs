//! The reference cases, pick by pick, on every device.
//!
//! `cases/` was written by a slow f64 reference that shares no code with this crate.

#[path = "../common/mod.rs"]
mod common;
mod coverage;
mod duplicates;
mod facility_location;
mod gram_schmidt;
mod herding;
mod k_center;
mod kernel_functions;
mod laws;
mod norm;
mod prob_cover;
mod ridge;
mod sas;
mod typiclust;
mod weights;
#[cfg(feature = "remote")]
#[path = "../common/workers.rs"]
mod workers;

use coresift::{Features, Pool};
use serde_json::Value;

/// Every device of the tests, and one so tight that even these cases cross panels.
fn on_every_device(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    #[cfg(feature = "gpu")]
    check(
        "2 KiB bindings",
        &common::devices::cut().pool(features.clone()).unwrap(),
    );
    #[cfg(feature = "remote")]
    check("3 workers", &workers::workers(&features, 3));
    common::on_every_device(features, check);
}

/// All cases whose name begins so.
fn cases(prefix: &str) -> Vec<Value> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/cases");
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
