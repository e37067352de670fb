//! Coverage, refined in every way, with labelled rows and without.

use crate::common::on_every_device;
use crate::{cases, features, indices, name};
use coresift::{Coverage, Details, Error, Features, Refinement, Selector};

#[test]
fn coverage_picks() {
    let mut checked = 0;
    for case in cases("objectives_") {
        let (x, dim) = features(&case);
        let rows = x.len() / dim;
        let labelled = indices(&case["labelled"]);
        on_every_device(Features::new(&x, rows, dim).unwrap(), |device, pool| {
            for (key, want) in case["coverage"].as_object().unwrap() {
                let at = format!("{} {key} on {device}", name(&case));
                let parts: Vec<&str> = key.split('_').collect();
                let is_labelled = parts[1] == "labelled";
                let selector = Coverage {
                    refine: parts[0].parse::<Refinement>().unwrap(),
                    labelled: if is_labelled {
                        labelled.clone()
                    } else {
                        Vec::new()
                    },
                    ..Coverage::default()
                };
                let asked: usize = parts[parts.len() - 1].parse().unwrap();
                let budget = asked.min(rows - selector.labelled.len());
                let got = selector.select(pool, budget);
                if let Some(row) = want.get("row") {
                    let zero = got.unwrap_err();
                    let is_it = matches!(zero, Error::ZeroRow { row: found, .. } if *row == found);
                    assert!(is_it, "{at}: {zero}");
                    continue;
                }
                let got = got.unwrap();
                assert_eq!(got.picks, indices(&want["picks"]), "{at}");
                let Details::Cover(covers) = &got.details else {
                    panic!("{at}: no cover");
                };
                let Some(cover) = covers.first() else {
                    assert_eq!(budget, 0, "{at}");
                    continue;
                };
                assert_eq!(cover.sigma, want["sigma"].as_f64(), "{at}");
                let gains = want["gains"].as_array().unwrap();
                let gained: u64 = gains.iter().map(|gain| gain.as_u64().unwrap()).sum();
                assert_eq!((cover.gains * 65_535.0).round() as u64, gained, "{at}");
                let Some(refined) = &cover.refined else {
                    assert_eq!(selector.refine, Refinement::None, "{at}");
                    continue;
                };
                assert_eq!(refined.start, indices(&want["start"]), "{at}");
                let steps = want.get("sweeps").or(want.get("swaps")).unwrap();
                assert_eq!(*steps, refined.steps, "{at}");
                let sizes: Vec<f64> = refined.sizes.iter().map(|&size| size as f64).collect();
                assert_eq!(got.scores, sizes, "{at}");
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 11);
}
