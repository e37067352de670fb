//! The orthonormal basis of an epoch's device_bounds, in f64, and when its directions were picked.

use crate::reduce;
use crate::select::settled::Settled;

/// Orthonormal directions in the order of the picks, in pool unit and pool time.
#[derive(Clone)]
pub(super) struct Basis {
    dim: usize,
    directions: Vec<f64>,
    dt: Vec<f64>,
    clock: f64,
    settled: Settled,
}

impl Basis {
    /// No direction of rows of `dim` values; time 0. What is projected out is added to `settled`.
    pub(super) fn new(dim: usize, settled: &Settled) -> Self {
        Self {
            dim,
            directions: Vec::new(),
            dt: Vec::new(),
            clock: 0.0,
            settled: settled.clone(),
        }
    }

    /// Counts directions that are projected out of rows, two multiply-adds a value.
    pub(super) fn count_projected(&self, directions: usize) {
        self.settled.add(2 * directions * self.dim);
    }

    /// Appends the direction of a residual, picked `dt` after the one before.
    ///
    /// The basis has been projected out of it before; once more makes it orthogonal to the last bit
    /// (Kahan's "twice is enough").
    pub(super) fn push(&mut self, residual: &[f64], dt: f64) {
        self.count_projected(self.len());
        let mut direction = residual.to_vec();
        let norm = reduce::vectorised!({
            for q in self.directions.chunks_exact(self.dim) {
                project_out(&mut direction, q);
            }
            reduce::dot(&direction, &direction).sqrt()
        });
        self.directions.extend(direction.iter().map(|v| v / norm));
        self.dt.push(dt);
        self.clock += dt;
    }

    /// Values of a direction.
    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    /// Number of directions.
    pub(super) fn len(&self) -> usize {
        self.dt.len()
    }

    /// Whether the directions span everything: then no row has a residual.
    pub(super) fn is_full(&self) -> bool {
        self.len() == self.dim
    }

    /// Time of the last pick.
    pub(super) fn clock(&self) -> f64 {
        self.clock
    }

    /// The directions after the first `known`, a row each, and the time before each.
    pub(super) fn since(&self, known: usize) -> (&[f64], &[f64]) {
        (&self.directions[known * self.dim..], &self.dt[known..])
    }
}

/// Projects a unit vector `q` out of `x`; gives their inner product.
#[inline(always)]
pub(super) fn project_out(x: &mut [f64], q: &[f64]) -> f64 {
    let c = reduce::dot(x, q);
    reduce::subtract(x, c, q);
    c
}
