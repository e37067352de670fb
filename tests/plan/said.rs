//! What is said of selections, and what it comes to in time.

use crate::{BUDGET, SHAPE, classes, pool, selectors};
use coresift::plan::{Ceiling, Outline, Rates, Work};
use coresift::{CpuPool, Named as _, Progress, Sas, Selector, Storage, Uniform};
use std::ops::ControlFlow;

/// Only what the values have a part in depends on them.
#[test]
fn it_is_said_what_depends_on_the_values() {
    for (name, selector, depends) in selectors() {
        let cost = selector.cost(&CpuPool::outline(SHAPE, false, u64::MAX), BUDGET);
        assert_eq!(!cost.unwrap().is_certain(), depends, "{name}");
    }
}

/// Similarities are stored as a selection says when it begins, whatever memory there is.
#[test]
fn storage_is_that_of_the_selection() {
    let sas = Sas {
        classes: classes(),
        ..Sas::default()
    };
    for memory in [u64::MAX, 500_000, 100_000] {
        let pool = pool().with_memory_limit(memory);
        let mut stored = Vec::new();
        let mut listen = |progress: Progress<'_>| {
            if let Progress::Plan { storage, .. } = progress {
                stored = storage.to_vec();
            }
            ControlFlow::Continue(())
        };
        sas.select_with(&pool, BUDGET, &mut listen).unwrap();
        let cost = sas.cost(&CpuPool::outline(SHAPE, false, memory), BUDGET);
        let cost = cost.unwrap();
        for storage in [Storage::Dense, Storage::OnTheFly] {
            let count = |&&(said, _): &&(Storage, usize)| said == storage;
            let said: usize = cost.storage.iter().filter(count).map(|of| of.1).sum();
            let made = stored.iter().filter(|&&made| made == storage).count();
            assert_eq!(said, made, "{storage} within {memory}");
        }
        assert!(cost.storage_reason.is_some_and(|why| why.contains("bytes")));
    }
}

/// Seconds are those of calls, of items and of what is in them, added up.
#[test]
fn time_is_the_sum_of_all_work() {
    let ceiling = |call, item, multiply_add| Ceiling {
        call,
        item,
        multiply_add,
    };
    let rates = Work::ALL.iter().map(|&work| (work, ceiling(0.0, 0.0, 0.0)));
    let mut rates = Rates(rates.collect());
    assert!(rates.is_complete());
    rates.0.insert(Work::Draw, ceiling(1.0, 0.25, 0.5));
    let outline = CpuPool::outline(SHAPE, false, u64::MAX);
    let cost = Uniform::default().cost(&outline, BUDGET).unwrap();
    assert_eq!(rates.seconds(&cost).likely, 1.0 + 0.75 * SHAPE[0] as f64);
    assert!(!Rates::default().is_complete());
}

#[test]
fn parts_of_a_pool_make_one() {
    let part = |rows| CpuPool::outline([rows, 8], false, 1 << 20);
    let whole = Outline::of_parts(&[part(300), part(600)]).unwrap();
    assert_eq!((whole.rows, whole.dim, whole.row_bytes()), (900, 8, 28_800));
    assert_eq!(Outline::of_parts(&[]), None);
}
