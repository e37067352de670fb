//! Pools that are not in one piece: every selector makes the same picks.

#[path = "../common/mod.rs"]
mod common;
#[cfg(feature = "gpu")]
mod panels;
mod selectors;
mod shards;
