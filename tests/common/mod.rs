#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test binary uses its own part"
)]
pub mod npy;
mod race;
mod span;
mod wrap;
pub use wrap::{Lost, Noisy};
pub mod oracle {
    pub use super::race::gram_schmidt;
    pub use super::span::Span;
}
use coresift::{CpuPool, Features, Pool};
pub fn on_every_device(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    check("cpu", &CpuPool::new(features));
}
