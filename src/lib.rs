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
mod sums;

pub use cpu::CpuPool;
pub use error::Error;
pub use features::Features;
#[cfg(feature = "gpu")]
pub use gpu::{Adapter, Gpu, GpuPool};
pub use pool::{
    DOWN_DATE_ERROR, Due, Lp, Pool, Rate, Residuals, RowState, Totals, inner_error, norm_bounds,
    slip,
};
pub use select::{GramSchmidt, Norm, OnExhaustion, Uniform};
pub use selection::{Selection, Selector, Shortfall, ShortfallReason};
#[cfg(feature = "gpu")]
pub use wgpu;
