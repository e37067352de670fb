//! Pools larger than the memory that a device may take: panels of them come and go.

use crate::common::devices::SOFTWARE;
use crate::common::{npy, whole_numbers};
use crate::selectors::{assert_same, selectors};
use coresift::{CpuPool, Error, Features, Gpu, Pool, Selector, TypiClust};

/// The software adapter, on a device of its own that counts its memory, of which it may take so much.
fn limited(bytes: u64) -> Gpu {
    let gpu = Gpu::open_recorded(&SOFTWARE.parse().unwrap()).unwrap();
    gpu.with_memory_limit(bytes)
}

#[test]
fn every_selector_picks_alike_from_a_quarter_of_the_memory() {
    for stored in npy::small_pools() {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let limit = (4 * stored.values.len() / 4) as u64;
        for (name, selector, budget) in selectors(stored.rows) {
            let want = selector
                .select(&CpuPool::new(features.clone()), budget)
                .unwrap();
            let gpu = limited(limit);
            let pool = gpu.pool(features.clone()).unwrap();
            let at = format!("{name} of {}", stored.name);
            let got = selector
                .select(&pool, budget)
                .unwrap_or_else(|e| panic!("{at}: {e}"));
            assert_same(&got, &want, &at);
            let peak = gpu.take_record().unwrap().unwrap().peak_bytes;
            assert!(
                peak <= limit,
                "{at}: {peak} bytes, at most {limit} expected"
            );
        }
    }
}

/// Centres may take more than the rows: they are sent in parts then.
#[test]
fn more_vectors_than_fit_meet_every_row() {
    let (rows, dim, count) = (700, 64, 500);
    let (x, vectors) = (whole_numbers(3, rows * dim), whole_numbers(4, count * dim));
    let features = Features::new(&x, rows, dim).unwrap();
    let assigned = |pool: &dyn Pool| {
        let rows = pool.assigner(vec![1.0; rows]).unwrap();
        rows.assign(&vectors, &vec![0.5; count]).unwrap()
    };
    let want = assigned(&CpuPool::new(features.clone()));
    let gpu = limited(90_000); // the rows take 179,200 bytes, the vectors 128,000
    assert_eq!(assigned(&gpu.pool(features).unwrap()), want);
    let peak = gpu.take_record().unwrap().unwrap().peak_bytes;
    assert!(peak <= 90_000, "{peak} bytes");
}

/// Where not even one panel fits the error says what it takes, and what there is.
#[test]
fn too_little_for_one_panel_is_said() {
    let (rows, dim) = (100, 64);
    let x = whole_numbers(3, rows * dim);
    let features = Features::new(&x, rows, dim).unwrap();
    let found = TypiClust::default().select(&limited(3000).pool(features).unwrap(), 5);
    match found {
        Err(Error::OutOfMemory {
            needed, available, ..
        }) => assert!(needed > 3000 && available.is_some_and(|had| had <= 3000)),
        other => panic!("{other:?}"),
    }
}
