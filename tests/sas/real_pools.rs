//! Real pools: every storage, on every device, picks alike.

use crate::common::{npy, with_features_lent};
use coresift::{Classes, CpuPool, Features, Sas, Selector, Storage};

/// Every storage on every device, thresholds of each kind, small and large budgets: as the CPU, which
/// keeps the similarities.
fn check_real_pool(stored: &npy::Stored, classes: &[usize], budgets: &[usize]) {
    let features = Features::new(&stored.values, stored.rows, stored.dim).unwrap();
    let cpu = CpuPool::new(features.clone());
    for threshold in [Some(0.0), Some(0.5), None] {
        for &percent in budgets {
            let budget = stored.rows * percent / 100;
            let sas = Sas {
                classes: Classes::Given(classes.to_vec()),
                threshold,
                ..Sas::default()
            };
            let want = sas.select(&cpu, budget).unwrap();
            assert_eq!(want.picks.len(), budget);
            let at = format!("{} {threshold:?} {percent} %", stored.name);
            let free = Sas {
                storage: Storage::OnTheFly,
                ..sas.clone()
            };
            let got = free.select(&cpu, budget).unwrap();
            assert_eq!(got.picks, want.picks, "{at} on the fly");
            with_features_lent(features.clone(), |device, pool| {
                if device == "cpu" {
                    return;
                }
                let got = sas.select(pool, budget).unwrap();
                assert_eq!(got.picks, want.picks, "{at} on {device}");
                assert_eq!(got.scores, want.scores, "{at} on {device}");
            });
        }
    }
}

#[test]
fn real_pools_alike_on_every_device() {
    for stored in npy::small_pools() {
        check_real_pool(&stored, &npy::labels(&stored), &[20, 80]);
    }
}

#[test]
fn large_pools_alike_on_every_device() {
    for stored in npy::large_pools() {
        check_real_pool(&stored, &npy::labels(&stored), &[20, 80]);
    }
}
