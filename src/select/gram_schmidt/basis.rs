//! The orthonormal basis of an epoch's span, in f64, and when its directions were picked.

use crate::sums;

/// Share of a squared length under which a residual is projected a second time.
const SHORT: f64 = 1e-3;

/// Orthonormal directions in the order of the picks, in pool unit and pool time.
pub(super) struct Basis {
    dim: usize,
    directions: Vec<f64>,
    dt: Vec<f64>,
    clock: f64,
}

impl Basis {
    /// No direction of rows of `dim` values; time 0.
    pub(super) fn new(dim: usize) -> Self {
        Self {
            dim,
            directions: Vec::new(),
            dt: Vec::new(),
            clock: 0.0,
        }
    }

    /// Appends the direction of a residual, picked `dt` after the one before.
    pub(super) fn push(&mut self, residual: &[f64], dt: f64) {
        let mut direction = residual.to_vec();
        self.project_out_twice(&mut direction);
        let norm = sums::dot(&direction, &direction).sqrt();
        self.directions.extend(direction.iter().map(|v| v / norm));
        self.dt.push(dt);
        self.clock += dt;
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

    /// The direction pushed last.
    pub(super) fn last(&self) -> &[f64] {
        &self.directions[self.directions.len() - self.dim..]
    }

    /// Projects all directions out of `x`: orthogonal to the last bit.
    fn project_out_twice(&self, x: &mut [f64]) {
        let mut products = vec![0.0; self.len()];
        sums::vectorised!({
            once(x, &self.directions, &mut products);
            once(x, &self.directions, &mut products);
        });
    }
}

/// Projects an orthonormal basis (a row a direction) out of `x`, to about 2⁻⁴⁷ of what is left;
/// gives the squared length of that, and adds to `products` the inner products.
pub(super) fn project_out(x: &mut [f64], basis: &[f64], products: &mut [f64]) -> f64 {
    sums::vectorised!({
        let before = sums::dot(x, x);
        once(x, basis, products);
        let after = sums::dot(x, x);
        if after >= SHORT * before {
            return after;
        }
        once(x, basis, products);
        sums::dot(x, x)
    })
}

/// One round, which leaves an error of about 2⁻⁵²‖x‖ within the span. All products come before
/// any subtraction, so that a second round corrects the first.
#[inline(always)]
fn once(x: &mut [f64], basis: &[f64], products: &mut [f64]) {
    let directions = basis.chunks_exact(x.len());
    let round: Vec<f64> = directions.clone().map(|q| sums::dot(x, q)).collect();
    for ((q, c), product) in directions.zip(round).zip(products) {
        sums::subtract(x, c, q);
        *product += c;
    }
}
