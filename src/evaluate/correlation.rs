//! How two numbers of many subsets go together: the mean norm and the accuracy, say.

use super::evaluation::refuse;
use crate::error::Error;

/// Pearson's correlation of pairs of numbers, and where it lies in 95 of 100 cases.
///
/// ```
/// use coresift::evaluate::Correlation;
///
/// let (norms, accuracies) = ([1.0, 2.0, 3.0, 4.0, 5.0], [0.2, 0.1, 0.4, 0.3, 0.5]);
/// let found = Correlation::of(&norms, &accuracies)?;
/// assert!((found.value - 0.8).abs() < 1e-12 && found.low < 0.0 && found.high > 0.98);
/// # Ok::<(), coresift::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlation {
    /// From −1 to 1.
    pub value: f64,
    /// The lower end of the interval, by Fisher's z.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Correlation {
    /// Of `x` and `y`, pair by pair.
    ///
    /// # Errors
    ///
    /// [`Error::Argument`] for lists that are not of one length, of fewer than four pairs, with a number that is not
    /// finite, or of one number alone.
    pub fn of(x: &[f64], y: &[f64]) -> Result<Self, Error> {
        /// Of a normal variable 95 % lie within so many standard deviations of the mean.
        const WITHIN: f64 = 1.959_963_984_540_054;
        if y.len() != x.len() {
            let expected = format!("{}, as in x", x.len());
            return refuse("y", format!("{} numbers", y.len()), expected);
        }
        if x.len() < 4 {
            let found = format!("{} numbers", x.len());
            return refuse("x", found, "at least 4");
        }
        let (x, y) = (centred("x", x)?, centred("y", y)?);
        let products: f64 = x.iter().zip(&y).map(|(x, y)| x * y).sum();
        let value = products.clamp(-1.0, 1.0);
        let (z, off) = (libm::atanh(value), WITHIN / (x.len() as f64 - 3.0).sqrt());
        Ok(Self {
            value,
            low: libm::tanh(z - off),
            high: libm::tanh(z + off),
        })
    }
}

/// Numbers less their mean, together of length 1.
fn centred(argument: &'static str, numbers: &[f64]) -> Result<Vec<f64>, Error> {
    if let Some(at) = numbers.iter().position(|number| !number.is_finite()) {
        let found = format!("{} at place {at}", numbers[at]);
        return refuse(argument, found, "finite numbers");
    }
    if numbers.iter().all(|&number| number == numbers[0]) {
        let found = format!("{} alone", numbers[0]);
        return refuse(argument, found, "different numbers");
    }
    let mean = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let off: Vec<f64> = numbers.iter().map(|number| number - mean).collect();
    let length = off.iter().map(|off| off * off).sum::<f64>().sqrt();
    Ok(off.iter().map(|off| off / length).collect())
}
