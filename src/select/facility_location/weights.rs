//! Target weights of rows, in whole numbers.

use crate::error::Error;

/// The largest weight.
const MOST: f64 = 65_535.0;

/// Refuses weights that are not one a row, negative, not finite, or 0 for all.
pub(in crate::select) fn check_weights(weights: Option<&[f64]>, rows: usize) -> Result<(), Error> {
    let Some(weights) = weights else {
        return Ok(());
    };
    let refuse = |found: String, expected: String| {
        Err(Error::Argument {
            argument: "target-weights",
            found,
            expected,
        })
    };
    if weights.len() != rows {
        return refuse(
            format!("{} weights", weights.len()),
            format!("{rows}, one a row"),
        );
    }
    let is_wrong = |weight: &f64| !(*weight >= 0.0 && weight.is_finite());
    if let Some(row) = weights.iter().position(is_wrong) {
        let expected = "a finite number, 0 at least".to_owned();
        return refuse(format!("{} for row {row}", weights[row]), expected);
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        return refuse("0 for every row".to_owned(), "one above 0".to_owned());
    }
    Ok(())
}

/// The weights of some rows, the largest as 65535 and none but 0 as 0; and what one of those units is.
pub(super) fn whole_weights(weights: &[f64], rows: &[usize]) -> (Vec<u16>, f64) {
    let largest = rows.iter().map(|&row| weights[row]).fold(0.0, f64::max);
    if largest == 0.0 {
        return (vec![0; rows.len()], 0.0);
    }
    let scale = MOST / largest;
    let whole = |&row: &usize| match weights[row] {
        0.0 => 0,
        weight => (weight * scale).round_ties_even().max(1.0) as u16,
    };
    (rows.iter().map(whole).collect(), 1.0 / scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_whole() {
        let (whole, unit) = whole_weights(&[2.0, 9.0, 1e-9, 0.0, 1.0], &[0, 2, 3, 4]);
        assert_eq!(whole, [65_535, 1, 0, 32_768]); // half to even
        assert_eq!(unit, 2.0 / 65_535.0);
        assert_eq!(whole_weights(&[0.0, 1.0], &[0]).0, [0]);
    }

    #[test]
    fn weights_are_checked() {
        let error = |weights: &[f64]| check_weights(Some(weights), 2).unwrap_err().to_string();
        assert!(check_weights(Some(&[0.0, 1e-300]), 2).is_ok());
        assert_eq!(
            error(&[1.0]),
            "target-weights: 1 weights found, 2, one a row expected"
        );
        assert_eq!(
            error(&[1.0, -1.0]),
            "target-weights: -1 for row 1 found, a finite number, 0 at least expected"
        );
        assert_eq!(
            error(&[f64::NAN, 1.0]),
            "target-weights: NaN for row 0 found, a finite number, 0 at least expected"
        );
        assert_eq!(
            error(&[0.0, 0.0]),
            "target-weights: 0 for every row found, one above 0 expected"
        );
    }
}
