//! Products of rows: exact ones of 16-bit integers, rough ones of 8 bits, and those of a few floats.

mod bytes;
mod floats;
mod tile;
mod words;
#[cfg(target_arch = "x86_64")]
pub(crate) mod x86;

pub(crate) use bytes::{RoughColumns, RoughRows, Rounding, rough_products};
pub(crate) use floats::{FloatColumns, float_products};
pub(crate) use tile::{Columns, LANES, TILE};
pub(crate) use words::{product, products};
