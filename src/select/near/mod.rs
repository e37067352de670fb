//! Which rows of a pool, at length 1, are near to each other: exactly, by kernels that bound or by products on
//! the host.

mod answers;
mod by_kernels;
mod exact;
mod found;

pub(crate) use answers::{Near, Reach, each_bit};
pub(crate) use by_kernels::ByKernels;
pub(crate) use exact::Exact;
pub(crate) use found::Found;
