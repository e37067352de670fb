//! Chooses which training examples are worth having.

mod cpu;
mod error;
mod features;
#[cfg(feature = "gpu")]
mod gpu;
mod order;
mod pool;
mod random;
mod select;
mod selection;

pub use cpu::CpuPool;
pub use error::Error;
pub use features::Features;
#[cfg(feature = "gpu")]
pub use gpu::{Adapter, Gpu, GpuPool};
pub use pool::{Due, Lp, Pool, Rate, Residuals, RowState, Totals, guard, guard_factor, norm_bounds};
pub use select::{GramSchmidt, Norm, OnExhaustion, Uniform};
pub use selection::{Selection, Selector, Shortfall, ShortfallReason};
#[cfg(feature = "gpu")]
pub use wgpu;
