//! Bounds on the memory that a pool on the processor takes besides its features.

use crate::common::npy;
use crate::selectors::{assert_same, selectors};
use crate::table::reader;
use coresift::{CpuPool, Duplicates, Error, Features, Progress, Sas, Selector, Storage};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Rows in memory, and rows that are read: also where memory holds all of them in integers.
#[test]
fn every_selector_picks_alike_within_any_bound() {
    for stored in npy::small_pools() {
        let (rows, dim, values) = (stored.rows, stored.dim, Arc::new(stored.values));
        let held = Features::new(&values, rows, dim).unwrap();
        let read = Features::from_reader(reader(&values, dim, usize::MAX)).unwrap();
        for (name, selector, budget) in selectors(rows) {
            let want = selector
                .select(&CpuPool::new(held.clone()), budget)
                .unwrap();
            for (place, features) in [("held", &held), ("read", &read)] {
                for bytes in [1, 100_000, 1 << 20, 3 << 20] {
                    let bounded = CpuPool::new(features.clone()).with_memory_limit(bytes);
                    let at = format!("{name} of {}, {place}, in {bytes} bytes", stored.name);
                    assert_same(&selector.select(&bounded, budget).unwrap(), &want, &at);
                }
            }
        }
    }
}

/// Near-duplicates of rows that are read by blocks, as of rows in memory.
#[test]
fn duplicates_are_alike_within_any_bound() {
    let mut unheard = |_: Progress<'_>| ControlFlow::Continue(());
    let duplicates = Duplicates { threshold: 0.98 };
    for stored in npy::small_pools() {
        let (rows, dim, values) = (stored.rows, stored.dim, Arc::new(stored.values));
        let held = Features::new(&values, rows, dim).unwrap();
        let read = Features::from_reader(reader(&values, dim, usize::MAX)).unwrap();
        let mut all = |pool: &CpuPool<'_>| {
            let mut pairs = Vec::new();
            let mut take = |row, other| {
                pairs.push((row, other));
                ControlFlow::Continue(())
            };
            duplicates.pairs(pool, &mut unheard, &mut take).unwrap();
            let groups = duplicates.groups(pool, &mut unheard).unwrap();
            let kept = duplicates.keep(pool, &[], &[7], &mut unheard).unwrap();
            (pairs, groups, kept)
        };
        let want = all(&CpuPool::new(held.clone()));
        assert!(want.0.len() > 20 && want.2.kept.len() > rows / 4);
        for features in [&held, &read] {
            for bytes in [1, 100_000, 3 << 20] {
                let bounded = CpuPool::new(features.clone()).with_memory_limit(bytes);
                assert!(all(&bounded) == want, "{} in {bytes} bytes", stored.name);
            }
        }
    }
}

/// What must be kept and does not fit is refused; the lowest row of zeros is named before any work.
#[test]
fn what_does_not_fit_is_refused() {
    let mut x: Vec<f32> = (0..400 * 8).map(|at| (at % 13) as f32 - 6.0).collect();
    let dense = Sas {
        storage: Storage::Dense,
        ..Sas::default()
    };
    fn pool(x: &[f32]) -> CpuPool<'_> {
        CpuPool::new(Features::new(x, 400, 8).unwrap()).with_memory_limit(10_000)
    }
    let refused = dense.select(&pool(&x), 5);
    assert!(
        matches!(
            refused,
            Err(Error::OutOfMemory {
                needed: 320_000,
                available: Some(5000),
                ..
            })
        ),
        "{refused:?}"
    );
    x[300 * 8..302 * 8].fill(0.0);
    let refused = Sas::default().select(&pool(&x), 5);
    assert!(
        matches!(refused, Err(Error::ZeroRow { row: 300, .. })),
        "{refused:?}"
    );
}
