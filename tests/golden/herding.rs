//! Herding by every kernel, with RDSS's weight and the plain one, with labelled rows and without.

use crate::common::on_every_device;
use crate::{cases, features, indices, name};
use coresift::{Alpha, Bandwidth, Details, Error, Features, Herding, Kernel, Selector};

/// The kernels of a case.
fn kernels() -> [(&'static str, Herding); 4] {
    let rbf = |sigma| Herding {
        sigma: Bandwidth::Fixed(sigma),
        ..Herding::default()
    };
    let cosine = Herding {
        kernel: Kernel::Cosine,
        ..Herding::default()
    };
    [
        ("rbf_05", rbf(0.5)),
        ("rbf_002", rbf(0.02)),
        ("rbf_2", rbf(2.0)),
        ("cosine", cosine),
    ]
}

#[test]
fn herding_picks() {
    let mut checked = 0;
    for case in cases("objectives_") {
        let kernels_of_case = &case["kernels"];
        let (x, dim) = features(&case);
        let rows = x.len() / dim;
        let labelled = indices(&case["labelled"]);
        let budget = case["budget"].as_u64().unwrap() as usize;
        let left = budget.min(rows - labelled.len());
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            for (key, selector) in kernels() {
                let want = &kernels_of_case[key];
                let plain = Herding {
                    alpha: Alpha::Fixed(1.0),
                    ..selector.clone()
                };
                let some = Herding {
                    labelled: labelled.clone(),
                    ..selector.clone()
                };
                for (part, selector, budget) in [
                    ("herding", selector, budget.min(rows)),
                    ("herding_plain", plain, budget.min(rows)),
                    ("herding_labelled", some, left),
                ] {
                    let at = format!("{} {key} {part} on {device}", name(&case));
                    let got = selector.select(pool, budget);
                    if let Some(row) = want.get("row") {
                        let zero = got.unwrap_err();
                        let is_it =
                            matches!(zero, Error::ZeroRow { row: found, .. } if *row == found);
                        assert!(is_it, "{at}: {zero}");
                        continue;
                    }
                    let got = got.unwrap();
                    assert_eq!(got.picks, indices(&want[part]), "{at}");
                    if let (Details::Herding(terms), "herding") = (&got.details, part) {
                        let units = (terms[0].alpha * 65_536.0) as u64;
                        assert_eq!(case["alpha"], units, "{at}");
                    }
                }
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 11);
}
