//! What the picks' directions leave of a row, in f64 on the host.

use super::basis::{Basis, project_out};
use crate::reduce;

/// Residuals are computed in f64: below this share of the length they are its rounding.
pub(super) const LEAST_RANK_TOL: f64 = 1e-12;

/// Share of a squared length: where less is left, the basis is projected out once more.
const SHORT: f64 = 1e-3;
/// Share of a squared length that a ridge leaves at least: it leaves something of every row but zeros,
/// however little of that rounding does.
const LEAST: f64 = f64::EPSILON * f64::EPSILON;

/// A row with a basis projected out, one direction after the other, to about 2⁻⁴⁷ of what is left.
///
/// A direction leaves an error of about 2⁻⁵³ of the length within the span; where the length has
/// fallen much since, the whole basis is projected out again. That depends on the row and the
/// directions alone: a row has the same bits however many steps brought it there, and so have
/// rows that are alike.
///
/// With a ridge the values stay those of the row, and its squared residual is ‖F_i‖² less the squares of
/// its products with the directions, in the order of the picks: off by about 2⁻⁵³ ‖F_i‖² for each.
pub(super) struct Residual {
    values: Vec<f64>,
    /// ‖F_i‖.
    norm: f64,
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
        let sq = reduce::vectorised!(reduce::squares(x));
        Self {
            values: x.iter().map(|&v| f64::from(v)).collect(),
            norm: sq.sqrt(),
            known: 0,
            sq,
            falling_sq: sq,
            sound_sq: sq,
        }
    }

    /// The residual itself; with a ridge the row.
    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values and their squared length.
    pub(super) fn picked(&self) -> (&[f64], f64) {
        (&self.values, self.sq)
    }

    /// ‖F_i‖².
    pub(super) fn norm_sq(&self) -> f64 {
        self.norm * self.norm
    }

    /// Whether it is more than rounding.
    pub(super) fn is_live(&self, tol: f64) -> bool {
        self.sq.sqrt() > tol * self.norm
    }

    /// Directions projected out.
    pub(super) fn known(&self) -> usize {
        self.known
    }

    /// Squared length.
    pub(super) fn sq(&self) -> f64 {
        self.sq
    }

    /// Brings the row to the basis as it is now; gives its inner products with the directions that
    /// were new to it, each as it was projected out.
    pub(super) fn advance(&mut self, basis: &Basis) -> Vec<f64> {
        let mut products = Vec::with_capacity(basis.len() - self.known);
        if basis.has_ridge() {
            self.shrink(basis, &mut products);
            return products;
        }
        basis.count_projected(basis.len() - self.known);
        reduce::vectorised!({
            for q in basis.since(self.known).0.chunks_exact(self.values.len()) {
                let c = project_out(&mut self.values, q);
                products.push(c);
                self.known += 1;
                self.falling_sq -= c * c;
                if self.falling_sq < SHORT * self.sound_sq {
                    self.make_good(basis);
                }
            }
            self.sq = reduce::dot(&self.values, &self.values);
        });
        products
    }

    /// The same with a ridge.
    fn shrink(&mut self, basis: &Basis, products: &mut Vec<f64>) {
        basis.count_products(basis.len() - self.known);
        let least = LEAST * self.norm_sq();
        reduce::vectorised!({
            for q in basis.since(self.known).0.chunks_exact(self.values.len()) {
                let c = reduce::dot(&self.values, q);
                products.push(c);
                self.sq = (self.sq - c * c).max(least);
            }
        });
        self.known = basis.len();
    }

    /// With a ridge: takes up a row of which nothing is known where it stood after so many directions.
    pub(super) fn take_up(&mut self, known: usize, sq: f64) {
        (self.known, self.sq) = (known, sq);
    }

    /// Projects the basis out once more.
    #[inline(always)]
    fn make_good(&mut self, basis: &Basis) {
        basis.count_projected(self.known);
        let dim = self.values.len();
        for q in basis.since(0).0[..self.known * dim].chunks_exact(dim) {
            project_out(&mut self.values, q);
        }
        self.sound_sq = reduce::dot(&self.values, &self.values);
        self.falling_sq = self.sound_sq;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::select::settled::Settled;

    /// Of the third row the ones before leave 2⁻⁸, of the fourth 2⁻²⁰, of the sixth nothing; the last loses
    /// nine tenths of its length in each of the first steps.
    fn rows() -> Vec<Vec<f32>> {
        let value = |i: u32| (i.wrapping_mul(2_654_435_761) >> 8) as f32 / 16_777_216.0 - 0.4;
        let row = |seed: u32| -> Vec<f32> { (0..37).map(|j| value(seed * 37 + j + 1)).collect() };
        let near = |x: &[f32], y: &[f32], share: f32| -> Vec<f32> {
            x.iter().zip(y).map(|(x, y)| x + share * y).collect()
        };
        let (a, b, c) = (row(1), row(2), row(3));
        let (close, closest) = (near(&a, &c, 0.004), near(&b, &row(4), 1e-6));
        let falling = near(&near(&a, &b, 0.1), &near(&c, &row(4), 0.1), 0.01);
        vec![a.clone(), b, close, closest, c, a, row(5), falling]
    }

    #[test]
    fn bits_are_the_same_in_however_many_steps() {
        let rows = rows();
        let mut basis = Basis::new(37, None, &Settled::default());
        let mut stepwise: Vec<Residual> = rows.iter().map(|x| Residual::new(x)).collect();
        for picked in 0..5 {
            let mut pick = Residual::new(&rows[picked]);
            pick.advance(&basis);
            basis.push(pick.picked(), 0.0);
            for (x, steps) in rows.iter().zip(&mut stepwise) {
                let mut at_once = Residual::new(x);
                let products = at_once.advance(&basis);
                assert_eq!(products.len(), basis.len());
                assert_eq!(*products.last().unwrap(), steps.advance(&basis)[0]);
                assert_eq!(at_once.values(), steps.values());
                assert_eq!(at_once.sq(), steps.sq());
            }
        }
        // What is left of the picks and of the copy is rounding; the last row is orthogonal.
        for (x, left) in rows[..6].iter().zip(&stepwise) {
            assert!(left.sq() < 1e-28 * reduce::squares(x), "{}", left.sq());
        }
        let last = &stepwise[6];
        assert!(last.sq() > 0.1 * reduce::squares(&rows[6]));
        for q in basis.since(0).0.chunks_exact(37) {
            assert!(reduce::dot(last.values(), q).abs() < 1e-14 * last.sq().sqrt());
        }
    }

    /// With a ridge, too; and as little as it leaves of copies, it leaves something.
    #[test]
    fn a_ridge_leaves_something() {
        let rows = rows();
        let mut basis = Basis::new(37, Some(1e-30), &Settled::default());
        let mut stepwise: Vec<Residual> = rows.iter().map(|x| Residual::new(x)).collect();
        for picked in [0, 5, 1, 4, 0] {
            let mut pick = Residual::new(&rows[picked]);
            pick.advance(&basis);
            basis.push(pick.picked(), 0.0);
            for (x, steps) in rows.iter().zip(&mut stepwise) {
                let (mut at_once, mut again) = (Residual::new(x), Residual::new(x));
                again.take_up(steps.known(), steps.sq());
                let products = [&mut at_once, &mut again, steps].map(|one| one.advance(&basis));
                assert_eq!(products[0].len(), basis.len());
                assert_eq!(products[1], products[2]);
                assert_eq!([at_once.sq(), again.sq()], [steps.sq(); 2]);
                assert!(steps.sq() > 0.0 && steps.sq() <= steps.norm_sq());
            }
        }
    }

    #[test]
    fn directions_are_orthonormal() {
        let mut basis = Basis::new(37, None, &Settled::default());
        for x in &rows()[..5] {
            let mut pick = Residual::new(x);
            pick.advance(&basis);
            basis.push(pick.picked(), 0.0);
        }
        let directions: Vec<&[f64]> = basis.since(0).0.chunks_exact(37).collect();
        for (i, a) in directions.iter().enumerate() {
            for (j, b) in directions.iter().enumerate() {
                let want = f64::from(u8::from(i == j));
                assert!((reduce::dot(a, b) - want).abs() < 1e-15, "{i} {j}");
            }
        }
    }
}
