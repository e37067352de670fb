//! What some rows span.

use super::basis::Basis;
use super::residual::{LEAST_RANK_TOL, Residual};
use crate::control::Stop;
use crate::error::Error;
use crate::select::settled::Settled;

/// An orthonormal basis of what some rows of `dim` values span, in f64, a direction after another; and which of the rows
/// brought each direction, ascending.
///
/// # Errors
///
/// Once it is stopped.
pub(crate) fn span(x: &[f32], dim: usize, stop: &Stop) -> Result<(Vec<f64>, Vec<usize>), Error> {
    let mut basis = Basis::new(dim, None, &Settled::default());
    let mut bringers = Vec::new();
    for (place, row) in x.chunks_exact(dim).enumerate() {
        if basis.is_full() {
            break;
        }
        stop.check()?;
        let mut residual = Residual::new(row);
        residual.advance(&basis);
        if residual.is_live(LEAST_RANK_TOL) {
            basis.push(residual.picked(), 0.0);
            bringers.push(place);
        }
    }
    Ok((basis.since(0).0.to_vec(), bringers))
}
