//! What a basis leaves of a row, in f64 on the host.

use super::basis::Basis;
use crate::sums;

/// Share of a squared length: where less is left, the basis is projected out once more.
const SHORT: f64 = 1e-3;

/// A row with a basis projected out, one direction after the other, to about 2⁻⁴⁷ of what is left.
///
/// A direction leaves an error of about 2⁻⁵³ of the length within the span; where the length has
/// fallen much since, the whole basis is projected out again. That depends on the row and the
/// directions alone: a row has the same bits however many steps brought it there, and so have
/// rows that are alike.
pub(super) struct Residual {
    values: Vec<f64>,
    /// Directions projected out.
    known: usize,
    /// Squared length.
    sq: f64,
    /// The same, down-dated from direction to direction.
    falling_sq: f64,
    /// The same, when the error was last made good.
    sound_sq: f64,
}

impl Residual {
    /// A row that no direction has been projected out of.
    pub(super) fn new(x: &[f32]) -> Self {
        let sq = sums::vectorised!(sums::squares(x));
        Self {
            values: x.iter().map(|&v| f64::from(v)).collect(),
            known: 0,
            sq,
            falling_sq: sq,
            sound_sq: sq,
        }
    }

    /// The residual itself.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// Directions projected out.
    pub(super) fn known(&self) -> usize {
        self.known
    }

    /// Squared length.
    pub(super) fn sq(&self) -> f64 {
        self.sq
    }

    /// Brings the row to the basis as it is now; gives the inner products with the directions that
    /// it had not seen, in whose place they were projected out.
    pub(super) fn advance(&mut self, basis: &Basis) -> Vec<f64> {
        let mut products = Vec::with_capacity(basis.len() - self.known);
        sums::vectorised!({
            for q in basis.since(self.known).0.chunks_exact(self.values.len()) {
                let c = project_out(&mut self.values, q);
                products.push(c);
                self.known += 1;
                self.falling_sq -= c * c;
                if self.falling_sq < SHORT * self.sound_sq {
                    self.make_good(basis);
                }
            }
            self.sq = sums::dot(&self.values, &self.values);
        });
        products
    }

    /// Projects the basis out once more.
    #[inline(always)]
    fn make_good(&mut self, basis: &Basis) {
        let dim = self.values.len();
        for q in basis.since(0).0[..self.known * dim].chunks_exact(dim) {
            project_out(&mut self.values, q);
        }
        self.sound_sq = sums::dot(&self.values, &self.values);
        self.falling_sq = self.sound_sq;
    }
}

/// Projects a unit vector out of another; gives their inner product.
#[inline(always)]
pub(super) fn project_out(x: &mut [f64], q: &[f64]) -> f64 {
    let c = sums::dot(x, q);
    sums::subtract(x, c, q);
    c
}
