//! How long rows are.

use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::rank;
use crate::reduce;
use crate::select::gather::gather;
use rayon::prelude::*;

/// The length of every row, in the caller's unit, in f64. One pass.
///
/// # Errors
///
/// [`Error::DeviceLost`], [`Error::Unreadable`], [`Error::Interrupted`] and [`Error::OutOfMemory`] from the pool.
pub fn norms(pool: &dyn Pool) -> Result<Vec<f64>, Error> {
    let all: Vec<usize> = (0..pool.rows()).collect();
    let mut norms = Vec::with_capacity(all.len());
    for piece in gather(pool, &all) {
        let (_, x) = piece?;
        let norm = |x: &[f32]| reduce::vectorised!(reduce::squares(x)).sqrt();
        norms.par_extend(x.par_chunks_exact(pool.dim()).map(norm));
        pool.stop().check()?;
    }
    Ok(norms)
}

/// How some lengths are distributed.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct NormStatistics {
    /// Their mean.
    pub mean: f64,
    /// Their standard deviation, of squares over one less than their number; 0 of a single one.
    pub deviation: f64,
    /// The least, what 5 %, a quarter, half, three quarters and 95 % of them do not surpass, and the largest: on the
    /// line between two where the place falls between them.
    pub quantiles: [f64; 7],
}

impl NormStatistics {
    /// The shares that [`quantiles`](Self::quantiles) are of.
    pub const SHARES: [f64; 7] = [0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0];

    /// Of some lengths; `None` where there is none.
    #[must_use]
    pub fn of(norms: &[f64]) -> Option<Self> {
        let last = norms.len().checked_sub(1)?;
        let mean = norms.iter().sum::<f64>() / norms.len() as f64;
        let squares: f64 = norms.iter().map(|norm| (norm - mean).powi(2)).sum();
        let mut sorted: Vec<(f64, usize)> = norms.iter().copied().zip(0..).collect();
        rank::sort_by_key(&mut sorted, |&norm| norm);
        let quantile = |share: f64| {
            let place = share * last as f64;
            let (low, above) = (place.floor() as usize, place.ceil() as usize);
            let (low, between) = (sorted[low].0, place - low as f64);
            low + between * (sorted[above].0 - low)
        };
        Some(Self {
            mean,
            deviation: (squares / last.max(1) as f64).sqrt(),
            quantiles: Self::SHARES.map(quantile),
        })
    }
}
