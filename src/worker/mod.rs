//! A worker: a pool that answers the messages of a driver elsewhere.
//!
//! What a driver asks for is said in [`remote`](crate::remote), and so is how the two go together. A worker does more
//! than its pool does: whole steps of selectors that need no rows but its own.

mod asked;
mod coming;
mod handles;
mod link;
mod open_residuals;
mod open_similarities;
mod open_visited;
mod room;
mod steps;

use crate::kernels::pool::Pool;
pub use link::Link;
use room::enter;

/// Answers the messages that a [`RemotePool`](crate::remote::RemotePool) sends, until there are no more.
///
/// Messages are not trusted: what does not fit the pool is refused, and a message that makes a kernel panic
/// ends the worker after an answer that says so.
pub fn serve(pool: &dyn Pool, link: &mut dyn Link) {
    enter(0, pool, None, link);
}
