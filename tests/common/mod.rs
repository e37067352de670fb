#![allow(dead_code, reason = "each test binary uses its own part")]
mod span;
mod wrap;
pub use wrap::{Lost, Noisy};
pub mod oracle {
    pub use super::span::Span;
}
use coresift::{CpuPool, Features, Pool};
pub fn on_every_device(features: Features<'_>, check: impl Fn(&str, &dyn Pool)) {
    check("cpu", &CpuPool::new(features));
}
