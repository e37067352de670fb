//! The CPU pool: each kernel as a blocked, threaded loop over borrowed rows. No algorithm.

mod arrangement;
mod assign;
mod assigner;
mod block_pairs;
mod blocks;
mod class_rows;
mod count_within;
mod deflate;
mod deflate_largest;
mod due_rows;
mod gather_rows;
mod greedy_rounds;
mod k_nearest;
mod large_class;
mod margins;
mod mark_within;
mod nearest_other_label;
mod neighbours;
mod outline;
mod pool;
mod quantise;
mod read_rows;
mod refresh;
mod residuals;
mod row_norms;
mod row_sums;
mod similarities;
mod store_similarities;
mod sum_columns;
mod sum_stored;
mod tiles;
mod totals;
mod unit_integers;
mod visitors;

pub use pool::CpuPool;
