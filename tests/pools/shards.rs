//! Several pools as one: every selector's picks, whatever the cut and the devices, and bad input.

use crate::common::devices::shards;
use crate::common::{Lost, npy};
use crate::selectors::{assert_same, selectors};
use coresift::{CpuPool, Error, Features, GramSchmidt, Selector, Shards};

#[test]
fn every_selector_picks_alike_in_any_cut() {
    for stored in npy::small_pools() {
        let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
        let whole = CpuPool::new(features.clone());
        for (name, selector, budget) in selectors(stored.rows) {
            let want = selector.select(&whole, budget).unwrap();
            for count in [1, 2, 3, 7] {
                let got = selector.select(&shards(&features, count), budget).unwrap();
                let at = format!("{name}, {count} shards of {}", stored.name);
                assert_same(&got, &want, &at);
            }
        }
    }
}

#[test]
fn shards_that_do_not_fit_are_refused() {
    let x: Vec<f32> = (1..=24).map(|v| v as f32).collect();
    let features = Features::new(&x, 8, 3).unwrap();
    let cpu = |features| Box::new(CpuPool::new(features)) as Box<dyn coresift::Pool + '_>;
    let refused = |pools| match Shards::new(pools) {
        Err(Error::Argument {
            argument: "shards",
            found,
            expected,
        }) => format!("{found} found, {expected} expected"),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(Vec::new()), "none found, at least one expected");
    let narrow = Features::new(&x, 12, 2).unwrap();
    assert_eq!(
        refused(vec![cpu(features.part(0..4)), cpu(narrow)]),
        "shard 1 of 2 values a row found, 3, as in shard 0 expected"
    );
    // A matrix of its own has a unit of its own.
    let first = Features::new(&x[..12], 4, 3).unwrap();
    let said = refused(vec![cpu(first), cpu(features.part(4..8))]);
    assert!(said.starts_with("shard 1 in a unit of "), "{said}");
    assert!(Shards::new(vec![cpu(features.part(0..1)), cpu(features.part(1..8))]).is_ok());
}

/// A shard whose device is lost ends the run, with the picks made.
#[test]
fn a_lost_shard_leaves_the_picks_made() {
    let stored = &npy::small_pools()[0];
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let (first, second) = (features.part(0..900), features.part(900..stored.rows));
    let (sound, broken) = (CpuPool::new(first), CpuPool::new(second));
    let lost = Lost::after(&broken, 60);
    let shards = Shards::new(vec![Box::new(sound), Box::new(lost)]).unwrap();
    let selector = GramSchmidt::default();
    let want = selector
        .select(&CpuPool::new(features.clone()), 500)
        .unwrap();
    match selector.select(&shards, 500) {
        Err(Error::DeviceLost { partial, .. }) => {
            assert!(!partial.picks.is_empty() && partial.picks.len() < 500);
            assert_eq!(partial.picks, want.picks[..partial.picks.len()]);
        }
        other => panic!("{other:?}"),
    }
}
