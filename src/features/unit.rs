//! What parts of one matrix have to agree on that were checked each by itself.

use super::check::scale_for;
use super::precision::{Digits, Precision};

/// How long the longest of some rows is, which decides the unit that kernels work in, and what the values look
/// rounded to. Parts of one matrix that are read apart are brought to the unit of all by
/// [`Features::in_unit`](crate::Features::in_unit).
///
/// ```
/// use coresift::{CpuPool, Features, Shards};
///
/// let parts = [Features::new(&[9.0, 0.0], 1, 2)?, Features::new(&[0.5, 0.0, 0.0, 1.0], 2, 2)?];
/// let unit = parts[0].unit().join(parts[1].unit());
/// let pool = |part: &Features<'static>| Box::new(CpuPool::new(part.clone().in_unit(unit))) as _;
/// assert!(Shards::new(parts.iter().map(pool).collect()).is_ok());
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "remote", derive(serde::Serialize, serde::Deserialize))]
pub struct Unit {
    pub(super) longest_sq: f64,
    pub(super) digits: Digits,
}

impl Unit {
    /// That of the rows of both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self {
            longest_sq: self.longest_sq.max(other.longest_sq),
            digits: self.digits.and(other.digits),
        }
    }

    /// What the values look rounded to.
    #[must_use]
    pub fn precision(self) -> Precision {
        self.digits.precision()
    }

    /// The power of two that brings the longest row into `[1, 2)`.
    pub(super) fn scale(self) -> f32 {
        scale_for(self.longest_sq)
    }
}
