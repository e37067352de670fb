//! Target weights: how much each row counts for.

use crate::error::Error;

/// Refuses target weights that are not one finite number from 0 up a row, some above 0.
pub(crate) fn check_target_weights(weights: &[f64], rows: usize) -> Result<(), Error> {
    let refuse = |found: String, expected: String| {
        Err(Error::Argument {
            argument: "target_weights",
            found,
            expected,
        })
    };
    if weights.len() != rows {
        let found = format!("{} weights", weights.len());
        return refuse(found, format!("one for each of {rows} rows"));
    }
    let is_good = |weight: f64| weight >= 0.0 && weight.is_finite();
    if let Some(row) = weights.iter().position(|&weight| !is_good(weight)) {
        let found = format!("{} at row {row}", weights[row]);
        return refuse(found, "a finite number from 0 up".to_owned());
    }
    if weights.iter().all(|&weight| weight == 0.0) {
        let expected = "at least one weight above 0".to_owned();
        return refuse("zeros alone".to_owned(), expected);
    }
    Ok(())
}
