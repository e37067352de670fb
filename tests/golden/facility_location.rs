//! Facility location by every kernel, with labelled rows, weights and neither, however similarities are kept.

use crate::common::on_every_device;
use crate::{cases, features, indices, name};
use coresift::{
    Bandwidth, Details, Error, FacilityLocation, Features, Kernel, Selection, Selector, Storage,
};
use serde_json::Value;

/// The kernels of a case, and what a score is in the unit of whole similarities.
fn kernels() -> [(&'static str, FacilityLocation, f64); 4] {
    let rbf = |sigma| FacilityLocation {
        sigma: Bandwidth::Fixed(sigma),
        ..FacilityLocation::default()
    };
    let cosine = FacilityLocation {
        kernel: Kernel::Cosine,
        ..FacilityLocation::default()
    };
    [
        ("rbf_05", rbf(0.5), 65_535.0),
        ("rbf_002", rbf(0.02), 65_535.0),
        ("rbf_2", rbf(2.0), 65_535.0),
        ("cosine", cosine, 65_536.0),
    ]
}

fn check(at: &str, got: Result<Selection, Error>, want: &Value, unit: f64) {
    if let Some(row) = want.get("row") {
        let zero = got.unwrap_err();
        let is_it = matches!(zero, Error::ZeroRow { row: found, .. } if *row == found);
        assert!(is_it, "{at}: {zero}");
        return;
    }
    let got = got.unwrap();
    assert_eq!(got.picks, indices(&want["picks"]), "{at}");
    let gains = want["gains"].as_array().unwrap();
    assert_eq!(gains.len(), got.scores.len());
    for (score, gain) in got.scores.iter().zip(gains) {
        assert_eq!(*gain, (score * unit).round() as u64, "{at}");
    }
    let Details::Cover(covers) = &got.details else {
        panic!("{at}: no cover");
    };
    let idle = gains.iter().filter(|&gain| *gain == 0).count();
    assert_eq!(covers[0].idle, idle, "{at}");
}

#[test]
fn facility_location_picks() {
    let mut checked = 0;
    for case in cases("objectives_") {
        let kernels_of_case = &case["kernels"];
        let (x, dim) = features(&case);
        let rows = x.len() / dim;
        let labelled = indices(&case["labelled"]);
        let weights = case["weights"].as_array().unwrap();
        let weights: Vec<f64> = weights.iter().map(|v| v.as_f64().unwrap()).collect();
        let largest = weights.iter().copied().fold(0.0, f64::max);
        let budget = case["budget"].as_u64().unwrap() as usize;
        let left = budget.min(rows - labelled.len());
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            for (key, plain, unit) in kernels() {
                let want = &kernels_of_case[key];
                let of = |part: &str| match want.get("row") {
                    Some(_) => want.clone(),
                    None => want[part].clone(),
                };
                for storage in [Storage::Auto, Storage::OnTheFly] {
                    let at = format!("{} {key} {storage} on {device}", name(&case));
                    let plain = FacilityLocation {
                        storage,
                        ..plain.clone()
                    };
                    check(&at, plain.select(pool, rows), &of("fl"), unit);
                    let some = FacilityLocation {
                        labelled: labelled.clone(),
                        ..plain.clone()
                    };
                    check(&at, some.select(pool, left), &of("fl_labelled"), unit);
                    let target_weights = Some(weights.clone());
                    let weighed = FacilityLocation {
                        target_weights,
                        ..plain.clone()
                    };
                    let unit = unit * 65_535.0 / largest;
                    check(&at, weighed.select(pool, budget), &of("fl_weights"), unit);
                }
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 11);
}
