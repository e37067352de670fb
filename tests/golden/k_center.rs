//! k-center, by both metrics, with labelled rows and without.

use crate::common::on_every_device;
use crate::{cases, features, indices, name};
use coresift::{Details, Error, Features, KCenter, Metric, Selector};

#[test]
fn k_center_picks() {
    let mut checked = 0;
    for case in cases("objectives_") {
        let (x, dim) = features(&case);
        let labelled = indices(&case["labelled"]);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        on_every_device(features, |device, pool| {
            for (key, want) in case["kcenter"].as_object().unwrap() {
                let (metric, labelled) = match key.split_once('_') {
                    Some((metric, _)) => (metric, &labelled[..]),
                    None => (&**key, &[][..]),
                };
                let selector = KCenter {
                    metric: metric.parse::<Metric>().unwrap(),
                    labelled: labelled.to_vec(),
                    ..KCenter::default()
                };
                let at = format!("{} {key} on {device}", name(&case));
                let got = selector.select(pool, pool.rows() - labelled.len());
                if let Some(row) = want.get("row") {
                    let zero = got.unwrap_err();
                    let is_named = matches!(zero, Error::ZeroRow { row: found, .. } if found as u64 == row.as_u64().unwrap());
                    assert!(is_named, "{at}: {zero}");
                    continue;
                }
                let got = got.unwrap();
                assert_eq!(got.picks, indices(&want["picks"]), "{at}");
                let Details::KCenter(centers) = got.details else {
                    panic!("{at}: no radii");
                };
                let want = want["radii"].as_array().unwrap();
                assert_eq!(centers.radii.len(), want.len(), "{at}");
                for (got, want) in centers.radii.iter().zip(want) {
                    let want = want.as_f64().unwrap();
                    assert!((got - want).abs() <= 1e-12 * want, "{at}: {got}, {want}");
                }
            }
        });
        checked += 1;
    }
    assert_eq!(checked, 11);
}
