//! Pools on a GPU, through wgpu, which stops at this folder's edge.
//!
//! `device`, `memory`, `transfer`, `run` and `clock` know no kernel; `panels`, `float_rows` and `integer_rows`
//! hold the rows that are resident; each kernel's file holds its uniform struct, its buffers and its grid, and
//! decides nothing; `pool` and its handles stand on top.

mod about_centres;
mod adapter;
mod assign;
mod assigner;
mod borrowed;
mod ceilings;
mod class_rows;
mod class_totals;
mod clock;
mod columns;
mod count_within;
mod cover;
mod cover_rounds;
mod deflate;
mod dense;
mod device;
mod directions;
mod due_rows;
mod factor;
mod float_rows;
mod function;
mod gain_columns;
mod gain_stored;
mod gather_rows;
mod greedy_rounds;
mod integer_rows;
mod integer_tile;
mod k_nearest;
#[cfg(test)]
mod layout;
mod linear_row_sums;
mod mark_within;
mod memory;
mod nearest_other_label;
mod neighbours;
mod outline;
mod panels;
mod pool;
mod quantise;
mod raise;
mod record;
mod refresh;
mod residuals;
mod row_norms;
mod row_squares;
mod row_sums;
mod run;
mod similarities;
mod store_similarities;
mod sum_columns;
mod sum_stored;
mod traces;
mod transfer;
mod visited;

pub use adapter::{Adapter, AdapterChoice};
pub use device::Gpu;
pub use pool::GpuPool;
pub use record::{DevicePart, DeviceRecord};
