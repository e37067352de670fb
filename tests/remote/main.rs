//! Pools behind messages: the same picks with any number of workers, whatever becomes of them.

mod alike;
#[path = "../common/mod.rs"]
mod common;
mod lost;
mod messages;
mod resumed;
mod rounds;
#[path = "../common/workers.rs"]
mod workers;
