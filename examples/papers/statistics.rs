//! Means over seeds, and how far they may be off.

/// The mean of some numbers, and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Mean {
    /// The mean.
    pub(crate) value: f64,
    /// Its standard error: √(Σ(x − mean)² / (n − 1) / n).
    pub(crate) error: f64,
}

impl Mean {
    /// Of some numbers, two at least.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Self {
        let numbers: Vec<f64> = numbers.into_iter().collect();
        let count = numbers.len() as f64;
        let value = numbers.iter().sum::<f64>() / count;
        let squares: f64 = numbers.iter().map(|number| (number - value).powi(2)).sum();
        Self {
            value,
            error: (squares / (count - 1.0) / count).sqrt(),
        }
    }

    /// Whether it is above 0 by more than two standard errors, below 0 by more, or neither.
    pub(crate) fn sign(self) -> i32 {
        match self.value {
            value if value > 2.0 * self.error => 1,
            value if value < -2.0 * self.error => -1,
            _ => 0,
        }
    }

    /// The mean and in brackets its error, to so many decimals.
    pub(crate) fn show(self, decimals: usize) -> String {
        format!("{:.decimals$} ({:.decimals$})", self.value, self.error)
    }

    /// The same of a difference, with its sign.
    pub(crate) fn show_signed(self, decimals: usize) -> String {
        format!("{:+.decimals$} ({:.decimals$})", self.value, self.error)
    }
}
