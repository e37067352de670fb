//! The directions of an epoch's picks, in f64, and when they were picked: an orthonormal basis, or with a
//! ridge somewhat shorter ones.

use crate::reduce;
use crate::select::settled::Settled;

/// Directions in the order of the picks, in pool time.
///
/// Without a ridge they are orthonormal. With one, λ, the direction of a pick f of residual r is
/// g / √(λ + r²), where g is what f leaves of its products with the directions before, all taken of f
/// itself and once: then r² of every row falls by the square of its product with the direction
/// (Sherman and Morrison's formula for the inverse of λI + Σffᵀ). They are shorter than 1, and not at
/// right angles: what is right for a basis, to project out twice, is wrong for them.
#[derive(Clone)]
pub(super) struct Basis {
    dim: usize,
    /// λ, in pool unit, squared.
    lambda: Option<f64>,
    directions: Vec<f64>,
    dt: Vec<f64>,
    clock: f64,
    settled: Settled,
}

impl Basis {
    /// No direction of rows of `dim` values, with a ridge's λ; time 0. What is projected out is added to
    /// `settled`.
    pub(super) fn new(dim: usize, lambda: Option<f64>, settled: &Settled) -> Self {
        Self {
            dim,
            lambda,
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

    /// Counts products of rows with directions.
    pub(super) fn count_products(&self, products: usize) {
        self.settled.add(products * self.dim);
    }

    /// Whether there is a ridge.
    pub(super) fn has_ridge(&self) -> bool {
        self.lambda.is_some()
    }

    /// Appends the direction of a residual, of a squared length, picked `dt` after the one before.
    ///
    /// The basis has been projected out of it before; once more makes it orthogonal to the last bit
    /// (Kahan's "twice is enough"). With a ridge the values are the row's own.
    pub(super) fn push(&mut self, (values, sq): (&[f64], f64), dt: f64) {
        self.count_projected(self.len());
        let mut direction = values.to_vec();
        let length = reduce::vectorised!({
            let directions = self.directions.chunks_exact(self.dim);
            if let Some(lambda) = self.lambda {
                for q in directions {
                    reduce::subtract(&mut direction, reduce::dot(values, q), q);
                }
                (lambda + sq).sqrt()
            } else {
                for q in directions {
                    project_out(&mut direction, q);
                }
                reduce::dot(&direction, &direction).sqrt()
            }
        });
        self.directions.extend(direction.iter().map(|v| v / length));
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

    /// Directions that there may still be: those of a basis span everything in the end, and then no row has
    /// a residual.
    pub(super) fn room(&self) -> usize {
        if self.has_ridge() {
            usize::MAX
        } else {
            self.dim - self.len()
        }
    }

    /// Whether there is no room for another.
    pub(super) fn is_full(&self) -> bool {
        self.room() == 0
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
