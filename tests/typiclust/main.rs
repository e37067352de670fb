//! What holds of TypiClust on every device: the definition, the released code, real pools, bad
//! input.

#[path = "../common/mod.rs"]
mod common;
mod definition;
mod real_pools;
mod runs;

use common::{Noisy, on_every_device};
use coresift::{CpuPool, Features, Pool};

/// Every device, and the CPU with products that are off by about as much as they may be.
fn on_every_pool(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    let noisy = CpuPool::new(features.clone());
    check("noisy cpu", &Noisy::around(&noisy, 5e-7));
    on_every_device(features, check);
}

/// Clusters of 150, 40, 7, 6, 5, 3 and one row, in no order.
fn clusters(rows: usize) -> Vec<usize> {
    let sizes = [(4, 150), (0, 40), (7, 7), (2, 6), (5, 5), (1, 3), (3, 1)];
    let of_sizes = sizes.map(|(cluster, size)| std::iter::repeat_n(cluster, size));
    let sorted: Vec<usize> = of_sizes.into_iter().flatten().collect();
    assert_eq!(sorted.len(), rows);
    // 65 and 212 have no factor in common.
    (0..rows).map(|row| sorted[row * 65 % rows]).collect()
}
