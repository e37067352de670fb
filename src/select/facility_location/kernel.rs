//! How similar two rows are, as an option.

use crate::error::Error;
use crate::names::{UnknownName, names};
use std::fmt::{self, Display};
use std::str::FromStr;

/// How similar two rows at length 1 are. Values are rounded to 16 bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kernel {
    /// exp(−d²/2σ²), d being their distance.
    #[default]
    Rbf,
    /// Their cosine, and 0 where that is negative.
    Cosine,
}

names!(Kernel {
    Rbf = "rbf", "exp(-d^2 / (2 sigma^2)) of the distance d";
    Cosine = "cosine", "The cosine, where it is positive";
});

/// The bandwidth σ of [`Kernel::Rbf`], of rows at length 1.
///
/// As text it is the number, `20nn` for 20 neighbours, or `auto`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(try_from = "String", into = "String"))]
pub enum Bandwidth {
    /// As [`Neighbours`](Self::Neighbours), with rows over picks of them: as many as a pick stands for. Rows
    /// are those of the class, and picks those of it and its labelled rows.
    #[default]
    Auto,
    /// The median, over 1024 evenly spaced rows or all, of the distance to the nearest row but so many less
    /// one, the row itself left out. Where that is 0, the least that is not, or 1.
    Neighbours(usize),
    /// This, above 0. Below 0.003 integer rows are too coarse for it.
    Fixed(f64),
}

/// How a bandwidth that is found is written, and the ending of one by neighbours.
const AUTO: &str = "auto";
const NEIGHBOURS: &str = "nn";

impl Bandwidth {
    pub(crate) fn check(self) -> Result<(), Error> {
        let expected = match self {
            Self::Fixed(sigma) if !(sigma > 0.0 && sigma.is_finite()) => "a number above 0",
            Self::Neighbours(0) => "1 neighbour at least",
            _ => return Ok(()),
        };
        Err(Error::Argument {
            argument: "sigma",
            found: self.to_string(),
            expected: expected.to_owned(),
        })
    }
}

impl Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.pad(AUTO),
            Self::Neighbours(count) => write!(f, "{count}{NEIGHBOURS}"),
            Self::Fixed(sigma) => sigma.fmt(f),
        }
    }
}

impl FromStr for Bandwidth {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let refuse = || UnknownName {
            found: text.to_owned(),
            expected: format!("a number, a whole number and {NEIGHBOURS}, or {AUTO}"),
        };
        if text == AUTO {
            return Ok(Self::Auto);
        }
        if let Some(count) = text.strip_suffix(NEIGHBOURS) {
            return count.parse().map(Self::Neighbours).map_err(|_| refuse());
        }
        text.parse().map(Self::Fixed).map_err(|_| refuse())
    }
}

#[cfg(feature = "serde")]
impl From<Bandwidth> for String {
    fn from(bandwidth: Bandwidth) -> Self {
        bandwidth.to_string()
    }
}

#[cfg(feature = "serde")]
impl TryFrom<String> for Bandwidth {
    type Error = UnknownName;

    fn try_from(text: String) -> Result<Self, UnknownName> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bandwidths_have_texts() {
        for (text, bandwidth) in [
            ("auto", Bandwidth::Auto),
            ("20nn", Bandwidth::Neighbours(20)),
            ("0.5", Bandwidth::Fixed(0.5)),
        ] {
            assert_eq!(text.parse(), Ok(bandwidth));
            assert_eq!(bandwidth.to_string(), text);
        }
        for text in ["", "nn", "-1nn", "x", "0.5nn"] {
            assert!(text.parse::<Bandwidth>().is_err(), "{text}");
        }
        assert!(Bandwidth::Fixed(f64::NAN).check().is_err());
    }
}
