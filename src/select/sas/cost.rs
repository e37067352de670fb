//! What SAS takes.

use super::Sas;
use super::storage::Room;
use crate::kernels::cut::{Objective, Refine};
use crate::kernels::similarities::stored_bytes;
use crate::plan::{Cost, Outline, Span, Work};
use crate::quantise::{ClassRanges, IntegerRows};
use crate::select::classes::Classes;
use crate::select::selector::apportion;
use crate::selection::Storage;
use std::ops::Range;

/// Picks between two passes where similarities are not kept.
const PICKS_OF_PASS: f64 = 9.0;

/// The classes as they are expected, and the budget of each.
struct Shares {
    sizes: Vec<usize>,
    budgets: Vec<usize>,
}

impl Shares {
    /// Pairs of rows of some classes.
    fn pairs(&self, classes: Range<usize>) -> usize {
        self.sizes[classes].iter().map(|size| size.pow(2)).sum()
    }

    /// Pairs of the picks with the rows of their classes.
    fn pairs_with_picks(&self, classes: Range<usize>) -> f64 {
        let pairs = self.sizes[classes.clone()]
            .iter()
            .zip(&self.budgets[classes]);
        pairs.map(|(&size, &budget)| (size * budget) as f64).sum()
    }

    fn picks(&self, classes: Range<usize>) -> f64 {
        self.budgets[classes].iter().sum::<usize>() as f64
    }
}

impl Sas {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        let examples = pool.rows / self.views;
        let of_examples = pool.of_rows(examples);
        let means = if self.views == 1 { pool } else { &of_examples };
        let (sizes, found) = Classes::cost(Some(&self.classes), means);
        let budgets = apportion(&sizes, budget, self.min_per_class);
        let shares = Shares { sizes, budgets };
        let mut cost = Cost::default();
        cost.pass(1);
        cost.add(Work::Integers, 1, examples, self.views * pool.dim);
        let room = Room {
            most: pool.room,
            together: pool.batch,
        };
        let all = 0..shares.sizes.len();
        let groups = self.groups(&shares.sizes, &room, |_| all.clone());
        let is_on_the_fly = |(_, storage): &&(Range<usize>, Storage)| *storage != Storage::Dense;
        if groups.iter().any(|group| is_on_the_fly(&group)) && self.threshold.is_some() {
            cost.add(Work::RowSums, 1, shares.pairs(all.clone()), pool.dim);
        }
        for (classes, storage) in &groups {
            match storage {
                Storage::Dense => self.add_kept(&mut cost, pool, &shares, classes.clone()),
                _ => self.add_on_the_fly(&mut cost, pool, &shares, classes.clone()),
            }
        }
        self.add_memory(&mut cost, pool, &shares, &groups);
        cost.then(found)
    }

    /// How often each pick meets the rows of its class once more: double greedy looks back at all picks, and
    /// what it drops is filled up.
    fn again(&self) -> (Span, Span) {
        let none = (Span::of(0.0), Span::of(0.0));
        match self.refine {
            _ if self.worst || self.objective == Objective::RowSum => none,
            Refine::None => none,
            Refine::DoubleGreedy | Refine::RandomDoubleGreedy => (Span::of(0.9), Span::of(0.0)),
            Refine::TopUp => {
                let looked_at = Span {
                    least: 0.8,
                    likely: 1.7,
                    most: 2.0,
                };
                let filled = Span {
                    least: 0.0,
                    likely: 0.2,
                    most: 0.6,
                };
                (looked_at, filled)
            }
        }
    }

    /// Similarities are kept: every pair once, then rounds.
    fn add_kept(&self, cost: &mut Cost, pool: &Outline, shares: &Shares, classes: Range<usize>) {
        let pairs = shares.pairs(classes.clone());
        cost.add(Work::StoreSimilarities, 1, pairs, pool.dim);
        cost.add(Work::SumStored, 1, pairs, 1);
        let with_picks = shares.pairs_with_picks(classes.clone());
        if self.objective == Objective::RowSum {
            cost.add(Work::SumStored, 1, Span::of(with_picks), 1);
            return;
        }
        let (again, filled) = self.again();
        let rounds = Span::of(1.0) + filled;
        cost.add(Work::GreedyRounds, 1, rounds * with_picks, 1);
        cost.add(Work::SumStored, again * 10.0, again * with_picks, 1);
        let looked_back = if again.most > 0.0 { 2.0 } else { 0.0 };
        cost.add(
            Work::Block,
            0,
            Span::of(looked_back * shares.picks(classes)),
            pool.dim,
        );
    }

    /// Similarities are made anew for every block of picks.
    fn add_on_the_fly(
        &self,
        cost: &mut Cost,
        pool: &Outline,
        shares: &Shares,
        classes: Range<usize>,
    ) {
        let with_picks = shares.pairs_with_picks(classes.clone());
        if self.objective == Objective::RowSum {
            cost.add(Work::SumColumns, 1, Span::of(with_picks), pool.dim);
            return;
        }
        let (again, filled) = self.again();
        let met = Span::of(1.0) + filled + again;
        let most = shares.budgets[classes.clone()].iter().max().copied();
        let blocks = Span::within(most.unwrap_or(0) as f64 / PICKS_OF_PASS, 3.0);
        let passes = blocks * (Span::of(1.0) + filled);
        cost.add(Work::SumColumns, passes, met * with_picks, pool.dim);
        let per_block = |class: usize| {
            let candidates = self.block.min(shares.sizes[class]);
            candidates as f64 * shares.budgets[class] as f64 / PICKS_OF_PASS
        };
        let candidates = classes.map(per_block).sum();
        let candidates = Span::within(candidates, 3.0) * (Span::of(1.0) + filled);
        cost.add(Work::Block, passes, candidates, pool.dim);
    }

    /// Integer rows, and the similarities of the classes that are worked on together.
    fn add_memory(
        &self,
        cost: &mut Cost,
        pool: &Outline,
        shares: &Shares,
        groups: &[(Range<usize>, Storage)],
    ) {
        let row = 2 * IntegerRows::pitch_of(pool.dim) as u64;
        let ranges = ClassRanges::new(shares.sizes.iter().copied());
        let largest = shares.sizes.iter().copied().max().unwrap_or(0) as u64;
        let all = row * ranges.places() as u64;
        let kept = |(classes, storage): &(Range<usize>, Storage)| -> u64 {
            let sizes = shares.sizes[classes.clone()].iter();
            match storage {
                Storage::Dense => sizes.map(|&size| stored_bytes(size)).sum(),
                _ => 0,
            }
        };
        let kept = groups.iter().map(kept).max().unwrap_or(0);
        // Picks that are looked back at go to the rows in one go where nothing is kept.
        let looks_back =
            self.again().0.most > 0.0 && groups.iter().any(|group| group.1 != Storage::Dense);
        let picks = if looks_back {
            shares.budgets.iter().sum::<usize>() as u64
        } else {
            0
        };
        let beside = 120 * ranges.places() as u64 + row * picks * 7 / 10;
        if pool.is_host {
            let integers = all.min(pool.integer_bytes.max(row * largest));
            if all > pool.integer_bytes {
                // Lengths and sums of all classes, and then each group has its own.
                cost.reads += Span::of(2.0);
            }
            cost.host_bytes = integers + kept + beside;
        } else {
            cost.device_bytes = pool.row_bytes() + all + kept;
            cost.host_bytes = beside;
        }
        for storage in [Storage::Dense, Storage::OnTheFly] {
            let of_storage = groups.iter().filter(|group| group.1 == storage);
            let classes: usize = of_storage.map(|group| group.0.len()).sum();
            if classes > 0 {
                cost.storage.push((storage, classes));
            }
        }
        cost.storage_reason = Some(self.reason(largest as usize, pool.room));
    }

    /// Why similarities are kept, or are not.
    fn reason(&self, largest: usize, room: u64) -> String {
        let needed = stored_bytes(largest);
        match self.storage {
            _ if self.threshold.is_none() => "without a threshold nothing is kept".to_owned(),
            Storage::Auto if needed <= room => {
                format!("the largest class takes {needed} bytes, {room} are there for similarities")
            }
            Storage::Auto => format!(
                "the largest class would take {needed} bytes, {room} are there for similarities"
            ),
            asked => format!("{asked} is asked for"),
        }
    }
}
