//! What is wrong with a matrix that is refused, and the unit of one that is not.

use crate::error::Error;
use crate::reduce;

pub(super) fn check_shape(values: &[f32], rows: usize, dim: usize) -> Result<(), Error> {
    if rows.checked_mul(dim) != Some(values.len()) {
        let len = values.len();
        return Err(Error::Shape { rows, dim, len });
    }
    if values.is_empty() {
        return Err(Error::Empty { rows, dim });
    }
    Ok(())
}

/// Says what is wrong with a row that failed its check.
pub(crate) fn fault(row: usize, x: &[f32]) -> Error {
    match x.iter().position(|v| !v.is_finite()) {
        Some(column) => Error::NotFinite {
            row,
            column,
            value: x[column],
        },
        None => {
            let norm = reduce::squares(x).sqrt();
            Error::RowOverflow { row, norm }
        }
    }
}

/// The power of two that brings a length, given squared, into `[1, 2)`; 1 for length 0.
/// Held to what an `f32` holds without a subnormal: 2⁻¹²⁶ … 2¹²⁶.
pub(crate) fn scale_for(norm_sq: f64) -> f32 {
    if norm_sq == 0.0 {
        return 1.0;
    }
    let exponent = -libm::ilogb(norm_sq.sqrt());
    f32::exp2(exponent.clamp(-126, 126) as f32)
}
