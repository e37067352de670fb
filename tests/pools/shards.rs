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

/// A shard whose device is lost ends the run, whatever it was asked at that time: with the picks made, and
/// the shard by its number and rows.
#[test]
fn a_lost_shard_is_named_and_leaves_the_picks_made() {
    let stored = &npy::small_pools()[0];
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let (rows, pool) = (stored.rows, CpuPool::new(features.clone()));
    let broken = CpuPool::new(features.part(900..rows));
    let name = format!("shard 1 (rows 900 to {}): unplugged", rows - 1);
    for (selector_name, selector, budget) in selectors(rows) {
        let want = selector.select(&pool, budget).unwrap();
        for calls in [0, 1, 2, 3, 5, 8, 13, 60] {
            let sound = CpuPool::new(features.part(0..900));
            let lost = Lost::after(&broken, calls);
            let shards = Shards::new(vec![Box::new(sound), Box::new(lost)]).unwrap();
            match selector.select(&shards, budget) {
                Err(Error::DeviceLost { reason, partial }) => {
                    assert_eq!(reason, name, "{selector_name}, {calls} calls");
                    if partial.classes.is_empty() {
                        assert!(want.picks.starts_with(&partial.picks), "{selector_name}");
                    }
                }
                Err(other) => panic!("{selector_name}, {calls} calls: {other}"),
                // It may be asked less often than that.
                Ok(got) => {
                    assert!(calls > 0 || selector_name == "uniform", "{selector_name}");
                    assert_eq!(got.picks, want.picks, "{selector_name}");
                }
            }
        }
    }
    let lost = Lost::after(&broken, 60);
    let sound = CpuPool::new(features.part(0..900));
    let shards = Shards::new(vec![Box::new(sound), Box::new(lost)]).unwrap();
    let error = GramSchmidt::default().select(&shards, 500).unwrap_err();
    let said = error.to_string();
    assert!(
        said.starts_with(&format!("device lost: {name} (")),
        "{said}"
    );
    let Error::DeviceLost { partial, .. } = error else {
        panic!("{error}");
    };
    assert!((1..500).contains(&partial.picks.len()), "{said}");
}
