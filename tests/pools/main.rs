//! Pools that are not in one piece: every selector makes the same picks.

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "gpu")]
mod left_out;
mod memory;
#[cfg(feature = "gpu")]
mod panels;
#[cfg(feature = "gpu")]
mod read_back;
#[cfg(feature = "gpu")]
mod reader;
mod selectors;
mod shards;
mod table;
