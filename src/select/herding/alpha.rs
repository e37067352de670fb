//! How much the mean of all rows counts, as an option.

use crate::error::Error;
use crate::names::UnknownName;
use std::fmt::{self, Display};
use std::str::FromStr;

/// How much the mean of all rows counts in [`Herding`](crate::Herding), against how alike picks are.
///
/// As text it is the number, or `auto`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub enum Alpha {
    /// 1 − 1/√m, m being the budget and the labelled rows: RDSS's. Picks of a smaller budget are then others.
    #[default]
    Auto,
    /// This, from 0 to 1, in steps of 1/65536; 1 is plain kernel herding.
    Fixed(f64),
}

/// How the one that goes by the budget is written.
const AUTO: &str = "auto";

impl Alpha {
    /// Units of 1.
    pub(super) const UNIT: u32 = 1 << 16;

    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            Self::Fixed(alpha) if !(0.0..=1.0).contains(&alpha) => Err(Error::Argument {
                argument: "alpha",
                found: alpha.to_string(),
                expected: "a number from 0 to 1".to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// In whole units, rounded half to even, where so many rows are chosen in the end.
    pub(super) fn units(self, chosen: usize) -> u32 {
        let alpha = match self {
            Self::Auto => 1.0 - 1.0 / (chosen.max(1) as f64).sqrt(),
            Self::Fixed(alpha) => alpha,
        };
        (f64::from(Self::UNIT) * alpha).round_ties_even() as u32
    }
}

impl Display for Alpha {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad(AUTO),
            Self::Fixed(alpha) => alpha.fmt(f),
        }
    }
}

impl FromStr for Alpha {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if text == AUTO {
            return Ok(Self::Auto);
        }
        text.parse().map(Self::Fixed).map_err(|_| UnknownName {
            found: text.to_owned(),
            expected: format!("a number or {AUTO}"),
        })
    }
}

#[cfg(feature = "serde")]
impl From<Alpha> for String {
    fn from(alpha: Alpha) -> Self {
        alpha.to_string()
    }
}

#[cfg(feature = "serde")]
impl TryFrom<String> for Alpha {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}
