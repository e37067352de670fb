//! Workers that are lost.

use crate::common::npy;
use crate::common::ways::selectors;
use crate::workers::{Workers, pool_of};
use coresift::{CpuPool, Error, Features, Stop};
use std::sync::Arc;

/// A worker lost at any moment is replaced, and the picks are the same.
#[test]
fn a_worker_is_replaced_wherever_it_is_lost() {
    let stored = &npy::small_pools()[0];
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let whole = CpuPool::new(features.clone());
    let sizes = [stored.rows / 3, stored.rows - stored.rows / 3];
    for (name, selector) in selectors(stored.rows, stored.dim) {
        let want = selector.select(&whole, 40).unwrap();
        let count = Arc::new(Workers::new(&features, &sizes));
        let calls = {
            let pool = pool_of(&count, &Stop::default());
            selector.select(&pool, 40).unwrap();
            count.calls(0)
        };
        // The first message tells about the pool.
        for at in [1, calls / 4, calls / 2, calls - 1] {
            let workers = Workers::new(&features, &sizes).lose(0, vec![at.max(1), at / 2]);
            let workers = Arc::new(workers);
            let got = selector
                .select(&pool_of(&workers, &Stop::default()), 40)
                .unwrap();
            assert_eq!(
                got.picks, want.picks,
                "{name}, lost after {at} of {calls} calls"
            );
            assert_eq!(
                got.scores, want.scores,
                "{name}, lost after {at} of {calls} calls"
            );
            let expected = calls > 1;
            assert_eq!(
                !workers.revived().is_empty(),
                expected,
                "{name}, {at} of {calls}"
            );
        }
    }
}

/// One that does not come back ends the run, with the picks made and the rows that lack.
#[test]
fn one_that_does_not_come_back_is_named() {
    let stored = &npy::small_pools()[0];
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let whole = CpuPool::new(features.clone());
    let sizes = [300, stored.rows - 300];
    let lacking = format!(
        "shard 1 (rows 300 to {}): no worker answers: none is left",
        stored.rows - 1
    );
    for (name, selector) in selectors(stored.rows, stored.dim) {
        let want = selector.select(&whole, 40).unwrap();
        for calls in [1, 3, 9, 20] {
            let workers = Workers::new(&features, &sizes)
                .lose(1, vec![calls])
                .for_good();
            let pool = pool_of(&Arc::new(workers), &Stop::default());
            match selector.select(&pool, 40) {
                Err(Error::DeviceLost { reason, partial }) => {
                    assert_eq!(reason, lacking, "{name}");
                    if partial.classes.is_empty() {
                        assert!(want.picks.starts_with(&partial.picks), "{name}");
                    }
                }
                Err(other) => panic!("{name}, {calls} calls: {other}"),
                Ok(got) => assert_eq!(got.picks, want.picks, "{name}"),
            }
        }
    }
}
