//! Workers that are lost.

use crate::common::npy;
use crate::common::ways::{by_similarity, selectors};
use crate::workers::{Workers, pool_of};
use coresift::{CpuPool, Error, Features, MissingRows, Selector, Stop};
use std::sync::Arc;

/// A worker lost at any moment is replaced, and the picks are the same; so they are of a class for which no worker has
/// the memory.
#[test]
fn a_worker_is_replaced_wherever_it_is_lost() {
    let stored = &npy::small_pools()[0];
    let mut all = selectors(stored.rows, stored.dim);
    let count = all.len();
    all.extend(by_similarity());
    for (at, (name, selector)) in all.into_iter().enumerate() {
        let integers = 2 * stored.rows * stored.dim.next_multiple_of(16);
        let (memory, picks) = match at < count {
            true => (u64::MAX, 40),
            false => (integers as u64, 10),
        };
        check_lost(stored, (name, &*selector, picks), memory);
    }
}

/// With workers of so much memory.
fn check_lost(
    stored: &npy::Stored,
    (name, selector, picks): (&str, &dyn Selector, usize),
    memory: u64,
) {
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let want = selector
        .select(&CpuPool::new(features.clone()), picks)
        .unwrap();
    let sizes = [stored.rows / 3, stored.rows - stored.rows / 3];
    let select = |workers: &Arc<Workers>| {
        selector
            .select(&pool_of(workers, &Stop::default()), picks)
            .unwrap()
    };
    let made = || Workers::new(&features, &sizes).with_memory(memory);
    let count = Arc::new(made());
    select(&count);
    let calls = count.calls(0);
    let messages = count.messages(0);
    let longest = messages.iter().map(Vec::len).enumerate();
    let longest = longest.max_by_key(|(_, bytes)| *bytes).unwrap().0 as u64;
    // When it is asked what its pool is, then with the first question, in the middle, where rows visit it if any do (they
    // are the longest message), and with the last.
    for at in [0, 1, calls / 4, calls / 2, longest, calls - 1] {
        let at = at.min(calls - 1);
        let workers = Arc::new(made().lose(0, vec![at, at / 2]));
        let got = select(&workers);
        let place = format!("{name}, {memory} bytes, lost after {at} of {calls} calls");
        assert_eq!(got.picks, want.picks, "{place}");
        assert_eq!(got.scores, want.scores, "{place}");
        assert!(!workers.revived().is_empty(), "{place}");
    }
}

/// One that does not come back ends the run, with the picks made and the rows that lack.
#[test]
fn one_that_does_not_come_back_is_named() {
    let stored = &npy::small_pools()[0];
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let whole = CpuPool::new(features.clone());
    let sizes = [300, stored.rows - 300];
    let lacking = MissingRows {
        rows: 300..stored.rows,
        reason: "worker 1 is lost for good: none is left".to_owned(),
    };
    for (name, selector) in selectors(stored.rows, stored.dim) {
        let want = selector.select(&whole, 40).unwrap();
        for calls in [1, 3, 9, 20] {
            let workers = Workers::new(&features, &sizes)
                .lose(1, vec![calls])
                .for_good();
            let pool = pool_of(&Arc::new(workers), &Stop::default());
            match selector.select(&pool, 40) {
                Err(Error::Interrupted { missing, partial }) => {
                    assert_eq!(missing.as_ref(), Some(&lacking), "{name}");
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
