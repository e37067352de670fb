//! Rows as points in f64: in pool unit, or at length 1.

use super::gather::gather;
use super::metric::Metric;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::select::gather::gather_units;
use rayon::prelude::*;

/// Values that one thread makes, at least: fewer are not worth waking another for.
const AT_LEAST: usize = 1 << 13;

/// The rows of a pool as points, the same to the bit on every device.
#[derive(Clone, Copy)]
pub(crate) struct Points<'a> {
    pub(crate) pool: &'a dyn Pool,
    pub(crate) metric: Metric,
}

impl Points<'_> {
    /// Values a point.
    pub(crate) fn dim(&self) -> usize {
        self.pool.dim()
    }

    /// What a distance is in the caller's unit.
    pub(crate) fn in_unit(&self, distance: f64) -> f64 {
        match self.metric {
            Metric::Euclidean => distance / f64::from(self.pool.scale()),
            Metric::Cosine => distance,
        }
    }

    /// Gives `work` some points in order, in pieces.
    pub(super) fn gather(
        &self,
        rows: &[usize],
        mut work: impl FnMut(&[usize], &[f64]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.metric == Metric::Cosine {
            return gather_units(self.pool, rows, work);
        }
        let (scale, mut points) = (f64::from(self.pool.scale()), Vec::new());
        for piece in gather(self.pool, rows) {
            let (rows, x) = piece?;
            points.resize(x.len(), 0.0);
            (points.par_iter_mut().zip(&x).with_min_len(AT_LEAST))
                .for_each(|(point, &v)| *point = f64::from(v) * scale);
            work(rows, &points)?;
        }
        Ok(())
    }

    /// Some points at once, `rows.len()` x `dim`: few, or they do not fit.
    pub(crate) fn some(&self, rows: &[usize]) -> Result<Vec<f64>, Error> {
        let mut all = Vec::with_capacity(rows.len() * self.dim());
        self.gather(rows, |_, x| {
            all.extend_from_slice(x);
            Ok(())
        })?;
        Ok(all)
    }
}
