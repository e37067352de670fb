//! Real pools: the f64 loop over all pairs, and the same on every device.

use crate::common::{npy, with_features_lent};
use crate::{Graph, check};
use coresift::Features;

/// Every pair of rows is much for a software adapter: the first rows have to do, the fewer the longer they are.
fn check_real_pool(stored: &npy::Stored) {
    const PRODUCTS: usize = 1 << 26;
    let (dim, some) = (stored.dim, (PRODUCTS / stored.dim).isqrt());
    let rows = stored.rows.min(600).min(some);
    let x = &stored.values[..rows * dim];
    let features = Features::new(x, rows, dim).unwrap();
    let mut found = 0;
    for threshold in [1.0, 0.99, 0.95, 0.9, 0.7] {
        let graph = Graph::new(x, dim, threshold);
        found += graph.pairs().len();
        with_features_lent(features.clone(), |device, pool| {
            check(
                pool,
                threshold,
                &graph,
                &format!("{} on {device}", stored.name),
            );
        });
    }
    assert!(found > 0, "{}", stored.name);
}

#[test]
fn real_pools_are_those_of_all_pairs() {
    npy::small_pools().iter().for_each(check_real_pool);
}

#[test]
fn large_pools_are_those_of_all_pairs() {
    npy::large_pools().iter().for_each(check_real_pool);
}
