//! Rows that the race holds on the host, each as exact as it has had to be.

use super::super::norm::power;
use super::basis::Basis;
use super::residual::Residual;
use crate::control::Stop;
use crate::error::Error;
use crate::rank;
use rayon::prelude::*;
use std::cmp::Ordering;

/// Multiplications below which a second thread is not worth waking.
const AT_LEAST: usize = 1 << 17;

/// A row as it stood when it was last brought up to date, in pool unit.
pub(super) struct Held {
    pub(super) row: usize,
    pub(super) residual: Residual,
    /// E_i − Λ_i.
    pub(super) left: f64,
    /// When the row would fire if no more were: never too late, since residuals only shrink.
    pub(super) fires: f64,
}

impl Held {
    /// A row that no direction has been projected out of.
    pub(super) fn new(row: usize, x: &[f32], number: f64) -> Self {
        Self {
            row,
            residual: Residual::new(x),
            left: number,
            fires: 0.0,
        }
    }

    /// Brings the row to the basis as it is now.
    ///
    /// With c_m = ⟨residual, q_m⟩ for the directions that are new to it, the squared residual before
    /// direction k was r² + Σ_{m≥k} c_m²: the hazard of the time that has passed follows from
    /// the products, and nothing has to be done for a row while nobody asks.
    pub(super) fn advance(&mut self, basis: &Basis, exponent: f64) {
        let dt = basis.since(self.residual.known()).1;
        let products = self.residual.advance(basis);
        let mut residual_sq = self.residual.sq();
        for (c, dt) in products.iter().zip(dt).rev() {
            residual_sq += c * c;
            self.left -= dt * power(residual_sq.sqrt(), exponent);
        }
        self.fires = basis.clock() + self.wait(exponent);
    }

    /// Time until the row fires if its residual stays.
    pub(super) fn wait(&self, exponent: f64) -> f64 {
        (self.left / power(self.residual.sq().sqrt(), exponent)).max(0.0)
    }

    /// The row's place in the order of firing.
    fn turn(&self) -> (f64, usize) {
        (self.fires, self.row)
    }
}

/// Brings rows up to date.
pub(super) fn advance(
    rows: &mut [Held],
    basis: &Basis,
    power: f64,
    stop: &Stop,
) -> Result<(), Error> {
    let Some(held) = rows.first() else {
        return Ok(());
    };
    let work = (basis.len() - held.residual.known() + 1) * held.residual.values().len();
    (stop.over(rows.par_iter_mut()))
        .with_min_len(AT_LEAST.div_ceil(work))
        .try_for_each(|held| {
            held?.advance(basis, power);
            Ok(())
        })
}

/// A row that waits: the larger, the sooner it would fire.
pub(super) struct InTurn(pub(super) Held);

impl Ord for InTurn {
    fn cmp(&self, other: &Self) -> Ordering {
        rank::by_key(other.0.turn(), self.0.turn())
    }
}

impl PartialOrd for InTurn {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for InTurn {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for InTurn {}
