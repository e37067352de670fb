//! Every selector on workers.

use crate::common::ways::{by_similarity, selectors};
use crate::common::{npy, with};
use crate::workers::{Workers, pool_of, workers};
use coresift::{CpuPool, FacilityLocation, Features, Stop};
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
        let weighted = with(|s: &mut FacilityLocation| {
            s.labelled = vec![5, stored.rows - 1];
            s.target_weights = Some((0..stored.rows).map(|row| (row % 7) as f64).collect());
        });
        for (name, selector) in by_similarity().into_iter().chain([("weighted", weighted)]) {
            for (memory, picks) in [(all, 15), (2, 3)] {
                let want = selector.select(&whole, picks).unwrap();
                let workers = Workers::new(&features, &sizes).with_memory(memory);
                let pool = pool_of(&Arc::new(workers), &Stop::default());
                let got = selector.select(&pool, picks).unwrap();
                let at = format!("{name}, {memory} bytes, {}", stored.name);
                assert_eq!(got.picks, want.picks, "{at}");
                assert_eq!(got.scores, want.scores, "{at}");
            }
        }
    }
}
