//! Every selector on workers.

use crate::common::npy;
use crate::common::ways::selectors;
use crate::workers::workers;
use coresift::{CpuPool, Features};

#[test]
fn every_selector_picks_alike_on_any_number_of_workers() {
    for stored in npy::small_pools() {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let whole = CpuPool::new(features.clone());
        for (name, selector) in selectors(stored.rows, stored.dim) {
            let want = selector.select(&whole, 40).unwrap();
            for count in [1, 2, 4] {
                let got = selector.select(&workers(&features, count), 40).unwrap();
                let at = format!("{name}, {count} workers of {}", stored.name);
                assert_eq!(got.picks, want.picks, "{at}");
                assert_eq!(got.scores, want.scores, "{at}");
                assert_eq!(got.restarts, want.restarts, "{at}");
                assert_eq!(got.classes, want.classes, "{at}");
            }
        }
    }
}
