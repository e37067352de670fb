//! Rows of a matrix that no pool is to have.

use crate::error::Error;

/// Rows that are left out of a matrix before anything is made of it: they are no picks, and count for no
/// other row either.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// These rows, in any order. Their values are not looked at.
    pub rows: Vec<usize>,
    /// Rows with a value that is NaN or infinite, or longer than an f32 can hold the square of.
    pub invalid: bool,
    /// Rows of zeros, which have no direction.
    pub zeros: bool,
}

impl LeftOut {
    /// Whether rows are left out by their values.
    pub(super) fn by_value(&self) -> bool {
        self.invalid || self.zeros
    }

    /// Whether a row of this squared length is left out.
    pub(super) fn has(&self, norm_sq: f64) -> bool {
        self.invalid && !is_in_range(norm_sq) || self.zeros && norm_sq == 0.0
    }

    /// Those of so many rows that are not left out by their numbers; none where that is all.
    pub(super) fn others(&self, rows: usize) -> Result<Option<Vec<usize>>, Error> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let mut is_kept = vec![true; rows];
        for &row in &self.rows {
            let Some(is_kept) = is_kept.get_mut(row) else {
                return Err(Error::Argument {
                    argument: "exclude",
                    found: format!("row {row}"),
                    expected: format!("indices below {rows}"),
                });
            };
            *is_kept = false;
        }
        Ok(Some((0..rows).filter(|&row| is_kept[row]).collect()))
    }
}

/// Whether a squared length is that of a row of finite values which an f32 holds. A NaN compares false.
pub(super) fn is_in_range(norm_sq: f64) -> bool {
    norm_sq <= f64::from(f32::MAX)
}
