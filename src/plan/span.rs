//! A number that is not known before the rows are.

use std::ops::{Add, AddAssign, Mul};

/// A number: what it is likely to be, and between what it may lie for the data that people have. Where
/// all three are the same it depends on no data.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Span {
    /// The least that is to be expected.
    pub least: f64,
    /// What is likely.
    pub likely: f64,
    /// The most that is to be expected.
    pub most: f64,
}

impl Span {
    /// A number that is known.
    #[must_use]
    pub fn of(number: f64) -> Self {
        Self {
            least: number,
            likely: number,
            most: number,
        }
    }

    /// One that is known but for a factor.
    #[must_use]
    pub fn within(likely: f64, factor: f64) -> Self {
        Self {
            least: likely / factor,
            likely,
            most: likely * factor,
        }
    }

    /// Whether it depends on no data.
    #[must_use]
    pub fn is_certain(self) -> bool {
        self.least == self.most
    }

    /// What `of` makes of each.
    #[must_use]
    pub(crate) fn map(self, of: impl Fn(f64) -> f64) -> Self {
        Self {
            least: of(self.least),
            likely: of(self.likely),
            most: of(self.most),
        }
    }
}

impl From<usize> for Span {
    fn from(number: usize) -> Self {
        Self::of(number as f64)
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            least: self.least + other.least,
            likely: self.likely + other.likely,
            most: self.most + other.most,
        }
    }
}

impl AddAssign for Span {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<f64> for Span {
    type Output = Self;

    fn mul(self, factor: f64) -> Self {
        self.map(|number| number * factor)
    }
}

impl Mul for Span {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self {
            least: self.least * other.least,
            likely: self.likely * other.likely,
            most: self.most * other.most,
        }
    }
}
