//! TypiClust.

use crate::{cases, features, indices, on_every_device};
use coresift::{Features, Selector, TypiClust};

#[test]
fn typiclust_picks() {
    let cases = cases("typiclust");
    assert_eq!(cases.len(), 1);
    for case in cases {
        let (x, dim) = features(&case);
        let features = Features::new(&x, x.len() / dim, dim).unwrap();
        on_every_device(features, |device, pool| {
            for (key, labelled) in [
                ("picks", vec![]),
                ("all", vec![]),
                ("picks_labelled", indices(&case["labelled"])),
            ] {
                let want = indices(&case[key]);
                let selector = TypiClust {
                    clusters: Some(indices(&case["clusters"])),
                    labelled,
                    ..TypiClust::default()
                };
                let got = selector.select(pool, want.len()).unwrap();
                assert_eq!(got.picks, want, "{key} on {device}");
            }
        });
    }
}
