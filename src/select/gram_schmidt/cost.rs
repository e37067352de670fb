//! What Gram-Schmidt takes.

use super::options::GramSchmidt;
use crate::lp::Lp;
use crate::plan::{Cost, Outline, Span, Work};
use crate::select::by_class::cost_by_class;

/// Rows that the race holds for each pick.
const HELD: f64 = 3.0;
/// How often it asks for the rows that are due: once in so many picks.
const PICKS_OF_LIST: f64 = 16.0;
/// Greedy picks made between two passes.
const PICKS_OF_PASS: f64 = 12.0;
/// Rows among which the host looks for the largest.
const CANDIDATES: u64 = 192;
/// Rows that greedy picks are settled among, for each pick that is there, over two.
const AMONG: f64 = 17.0;
/// The same with a ridge, where they are not projected but multiplied; and of drawn picks.
const AMONG_WITH_RIDGE: f64 = 12.0;
const HELD_WITH_RIDGE: f64 = 4.5;

impl GramSchmidt {
    /// Of the rows of an outline.
    pub(super) fn cost_of(&self, pool: &Outline, budget: usize) -> Cost {
        cost_by_class(
            pool,
            (self.classes.as_ref(), self.labelled.len()),
            (budget, self.min_per_class),
            |pool, budget, labelled| self.of_rows(pool, budget, labelled),
        )
    }

    /// Without classes.
    fn of_rows(&self, pool: &Outline, budget: usize, labelled: usize) -> Cost {
        let mut cost = Cost::default();
        if budget == 0 {
            return cost;
        }
        if self.norm != Lp::L2 {
            return self.plain(pool, budget, labelled);
        }
        cost.pass(1);
        cost.reads = 0.into(); // the check of the features comes by the norms
        // An epoch ends where the picks span all rows, and with a ridge they never do.
        let epochs = match self.ridge {
            Some(_) => 1,
            None => budget.div_ceil(pool.dim),
        };
        let in_epoch = budget as f64 / epochs as f64;
        let picks = budget as f64;
        let states = size_of::<crate::kernels::residuals::RowState>() as u64;
        let rows = pool.rows as u64;
        // Directions in f64, and once more as the device has them; and the rows that are held.
        let basis = (12 + 8) * pool.dim as u64 * in_epoch as u64;
        // A row's norm, its state and what its state lacks.
        let row = 4 + states + 4 + 1;
        if self.greedy {
            self.add_greedy(&mut cost, pool, picks, in_epoch);
            let among = 2 * CANDIDATES * size_of::<f64>() as u64 * pool.dim as u64;
            // Its bound, and what sorts it; its state once more, as the host reads it.
            cost.host_bytes = (row + states + 24) * rows + basis + among;
        } else {
            self.add_race(&mut cost, pool, (picks, in_epoch), epochs);
            // Its random number; its state once more as it begins, when there is no direction yet.
            cost.host_bytes = ((row + states + 8) * rows).max((row + 8) * rows + basis);
        }
        if !pool.is_host {
            cost.device_bytes = pool.row_bytes() + 24 * pool.rows as u64;
        }
        if self.ridge.is_some() {
            cost.pass(1);
            cost.add(Work::GatherRows, 1, pool.rows, pool.dim);
            cost.add(Work::Settle, 0, pool.rows, pool.dim);
            if self.greedy {
                cost.host_bytes += 16 * rows; // what each row's residual was
            }
        }
        if labelled > 0 {
            cost.add(Work::Deflate, 1, pool.rows * labelled, pool.dim);
            cost.pass(1);
        }
        cost
    }

    /// Most rows are never looked at after their norms.
    fn add_race(
        &self,
        cost: &mut Cost,
        pool: &Outline,
        (picks, in_epoch): (f64, f64),
        epochs: usize,
    ) {
        let (rows, dim) = (pool.rows, pool.dim);
        cost.add(Work::Draw, epochs, rows * epochs, 1);
        let lists = Span::within(picks / PICKS_OF_LIST + epochs as f64, 3.0);
        cost.add(Work::DueRows, lists, lists * rows as f64, 1);
        let held = Span::within((HELD * picks).min((rows * epochs) as f64), 3.0);
        cost.add(Work::GatherRows, lists, held, dim);
        // Each is brought up to date as picks come, again and again.
        let again = match self.ridge {
            Some(_) => HELD_WITH_RIDGE,
            None => 5.0 + 6.0 * in_epoch / dim as f64,
        };
        let settled = Span::within(again * picks * in_epoch / 2.0, 3.0);
        cost.add(Work::Settle, 0, settled, dim);
        // Where too many were held in vain all rows are deflated.
        let passes = Span {
            most: (picks / 64.0).ceil(),
            ..Span::default()
        };
        cost.add(Work::Deflate, passes, passes * (64.0 * rows as f64), dim);
        cost.pass(passes);
    }

    /// All rows are deflated by a block of picks, and the best settled.
    fn add_greedy(&self, cost: &mut Cost, pool: &Outline, picks: f64, in_epoch: f64) {
        let (rows, dim) = (pool.rows as f64, pool.dim);
        let likely = (picks / PICKS_OF_PASS).ceil();
        let (passes, among) = match self.ridge {
            // The larger it is, the less does a pick change.
            Some(_) => (
                Span {
                    least: 0.0,
                    likely,
                    most: 4.0 * likely,
                },
                AMONG_WITH_RIDGE,
            ),
            None => (Span::within(likely, 3.0), AMONG),
        };
        cost.pass(passes);
        let share = Span {
            least: 0.3,
            likely: 0.75,
            most: 1.5, // refreshed besides
        };
        cost.add(Work::Deflate, passes, share * (picks * rows), dim);
        cost.add(Work::Weigh, 0, passes * rows, 1);
        let settled = Span::within(among * picks * in_epoch / 2.0, 3.0);
        cost.add(Work::Settle, 0, settled, dim);
        cost.add(Work::GatherRows, passes, passes * 130.0, dim);
    }

    /// Every pick goes over a copy of all rows in f64.
    fn plain(&self, pool: &Outline, budget: usize, labelled: usize) -> Cost {
        let (rows, dim) = (pool.rows, pool.dim);
        let mut cost = Cost::default();
        let epochs = budget.div_ceil(dim);
        cost.pass(epochs);
        cost.add(Work::GatherRows, epochs, rows * epochs, dim);
        let picks = budget + labelled;
        cost.add(Work::Rewrite, picks, 2 * rows * picks, dim);
        cost.host_bytes = rows as u64 * (8 * dim as u64 + 96);
        cost
    }
}
