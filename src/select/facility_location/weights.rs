//! Target weights of rows, in whole numbers.

/// The largest weight.
const MOST: f64 = 65_535.0;

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
}
