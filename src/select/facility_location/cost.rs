//! What facility location takes.

use super::greedily::Greedily;
use super::{Bandwidth, FacilityLocation, Kernel};
use crate::plan::{Cost, Outline};
use crate::select::classes::Classes;
use crate::select::selector::apportion;

impl FacilityLocation {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        let (sizes, found) = Classes::cost(self.classes.as_ref(), pool);
        let budgets = apportion(&sizes, budget, self.min_per_class);
        let finds_bandwidth =
            self.kernel == Kernel::Rbf && !matches!(self.sigma, Bandwidth::Fixed(_));
        let mut cost = found;
        for (&rows, &budget) in sizes.iter().zip(&budgets) {
            let greedily = Greedily {
                pool,
                rows,
                budget,
                finds_bandwidth,
                is_weighted: self.target_weights.is_some(),
                storage: self.storage,
            };
            cost = cost.then(greedily.cost());
        }
        cost.pass(1 + usize::from(finds_bandwidth));
        cost
    }
}
