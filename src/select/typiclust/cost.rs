//! What TypiClust takes.

use super::{KMeans, MOST_CLUSTERS, TypiClust};
use crate::plan::{Cost, Outline, Span, Work};
use crate::select::classes::Partition;

/// Rows of a cluster that are settled for each pick.
const SETTLED: f64 = 4.0;

impl TypiClust {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        let (rows, dim) = (pool.rows, pool.dim);
        if budget == 0 {
            return Cost::default();
        }
        let (sizes, found) = self.clusters_of(pool, budget);
        let mut cost = Cost::default();
        cost.pass(2);
        let pairs: f64 = sizes.iter().map(|&size| (size as f64).powi(2)).sum();
        // Clusters that are found differ in size.
        let pairs = match &self.clusters {
            Some(_) => Span::of(pairs),
            None => Span {
                least: pairs,
                likely: 1.5 * pairs,
                most: 4.0 * pairs,
            },
        };
        cost.add(Work::KNearest, 1, pairs, dim);
        // Rows are laid along lines, and brought about the middle of their cluster.
        cost.add(Work::Move, 2, 2 * rows, dim);
        let picks = budget as f64;
        let settled = Span::within(SETTLED * picks, 3.0);
        let met = settled * (rows as f64 / sizes.len().max(1) as f64);
        cost.add(Work::GatherRows, settled, met * 0.5, dim);
        cost.add(Work::Settle, 0, met, dim);
        let (largest, row) = (sizes.iter().copied().max().unwrap_or(0), 4 * dim);
        if pool.is_host {
            cost.reads += Span::of(pool.reads_for_pairs(largest, row) - 1.0);
        } else {
            cost.device_bytes = pool.row_bytes();
        }
        let lists = 4 * self.neighbours as u64 * rows as u64;
        cost.host_bytes = 80 * rows as u64 + lists + pool.bytes_for_pairs(rows, row);
        cost.then(found)
    }

    /// How large the clusters are, and what it takes to find them.
    fn clusters_of(&self, pool: &Outline, budget: usize) -> (Vec<usize>, Cost) {
        if let Some(clusters) = &self.clusters {
            let classes = Partition::of(clusters).classes;
            let sizes = classes.iter().map(|class| class.rows.len()).collect();
            return (sizes, Cost::default());
        }
        let count = (self.labelled.len() + budget).min(MOST_CLUSTERS);
        let k_means = KMeans {
            convergence: self.convergence,
            ..KMeans::new(count, self.seed)
        };
        let mut cost = k_means.cost(pool);
        cost.passes += Span::of(-1.0); // rows are measured once for both
        (vec![pool.rows.div_ceil(count.max(1)); count], cost)
    }
}
