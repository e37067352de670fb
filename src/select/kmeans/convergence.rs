//! When the sweeps of k-means end.

use crate::error::Error;

/// When the sweeps of [`KMeans`](crate::KMeans) end before nothing changes any more. Whatever it says, every device makes
/// the same sweeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convergence {
    /// Sweeps to make at most: 300, but at least 1.
    pub max_sweeps: usize,
    /// No more sweeps are made once one has lowered the inertia by no more than this share of it, from
    /// 0 to 1. At 0, the default, that ends nothing.
    pub tolerance: f64,
}

impl Default for Convergence {
    fn default() -> Self {
        Self {
            max_sweeps: 300,
            tolerance: 0.0,
        }
    }
}

impl Convergence {
    /// Checks the options.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.max_sweeps == 0 {
            return Err(Error::Argument {
                argument: "max_sweeps",
                found: "0".to_owned(),
                expected: "at least 1".to_owned(),
            });
        }
        if !(0.0..=1.0).contains(&self.tolerance) {
            return Err(Error::Argument {
                argument: "tolerance",
                found: self.tolerance.to_string(),
                expected: "a share from 0 to 1".to_owned(),
            });
        }
        Ok(())
    }

    /// Whether a sweep that has brought the inertia from one value to another was the last.
    pub(super) fn is_reached(&self, before: f64, after: f64) -> bool {
        let fall = before - after;
        self.tolerance > 0.0 && before.is_finite() && fall <= self.tolerance * before
    }
}
