//! Every selector on workers.

use crate::common::npy;
use crate::common::ways::{by_similarity, selectors};
use crate::workers::{Workers, pool_of, workers};
use coresift::{CpuPool, Features, Stop};
use std::sync::Arc;

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

/// A class for which no worker has the memory stays where its rows are: all its rows in memory, or none.
#[test]
fn classes_too_large_for_a_worker_are_picked_from_alike() {
    for stored in npy::small_pools() {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let whole = CpuPool::new(features.clone());
        let all = 2 * (stored.rows * stored.dim.next_multiple_of(16)) as u64;
        let sizes = [stored.rows / 3, 7, stored.rows - stored.rows / 3 - 7];
        for (name, selector) in by_similarity() {
            let want = selector.select(&whole, 15).unwrap();
            for memory in [all, 2] {
                let workers = Workers::new(&features, &sizes).with_memory(memory);
                let pool = pool_of(&Arc::new(workers), &Stop::default());
                let got = selector.select(&pool, 15).unwrap();
                let at = format!("{name}, {memory} bytes, {}", stored.name);
                assert_eq!(got.picks, want.picks, "{at}");
                assert_eq!(got.scores, want.scores, "{at}");
            }
        }
    }
}
