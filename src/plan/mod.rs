//! What a selection will cost, told before any row of its pool is read: amounts of a few kinds of work, each
//! bound by one ceiling of a device, and memory.
//!
//! Every selector counts its own work, in a file beside it
//! ([`Selector::cost`](crate::Selector::cost)); a device's ceilings are measured by
//! [`calibrate`](crate::calibrate()).

mod cost;
mod outline;
mod rates;
mod span;
mod work;

pub use cost::Cost;
pub use outline::Outline;
pub use rates::{Ceiling, Rates};
pub use span::Span;
pub use work::{Amount, Work};
