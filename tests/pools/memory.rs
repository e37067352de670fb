//! Bounds on the memory that a pool on the processor takes besides its features.

use crate::common::npy;
use crate::selectors::{assert_same, selectors};
use coresift::{CpuPool, Error, Features, Sas, Selector, Storage};

#[test]
fn every_selector_picks_alike_within_any_bound() {
    for stored in npy::small_pools() {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let unbounded = CpuPool::new(features);
        for (name, selector, budget) in selectors(stored.rows) {
            let want = selector.select(&unbounded, budget).unwrap();
            for bytes in [1, 100_000, 1 << 20] {
                let bounded = unbounded.clone().with_memory_limit(bytes);
                let at = format!("{name} of {} in {bytes} bytes", stored.name);
                assert_same(&selector.select(&bounded, budget).unwrap(), &want, &at);
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
