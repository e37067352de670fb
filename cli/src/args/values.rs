//! Values that are no plain numbers: budgets, sizes, thresholds, threads.

use std::num::NonZeroUsize;
use std::str::FromStr;

/// Threads asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Threads(pub(crate) NonZeroUsize);

impl FromStr for Threads {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.parse().map(Self);
        number.map_err(|_| format!("{text:?} found, a whole number of at least 1 expected"))
    }
}

/// What similarities must exceed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Threshold(pub(crate) Option<f64>);

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let number = text.parse().ok();
        number
            .map(|t| Self(Some(t)))
            .ok_or_else(|| format!("{text:?} found, a number or none expected"))
    }
}

/// The cosine of an angle of less than 90 degrees.
pub(super) fn cosine(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|&t: &f64| t > 0.0 && t <= 1.0);
    number.ok_or_else(|| format!("{text:?} found, a cosine above 0 and at most 1 expected"))
}

/// A distance between rows at length 1.
pub(super) fn distance(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|&d: &f64| d > 0.0 && d <= 2.0);
    number.ok_or_else(|| format!("{text:?} found, a number above 0 and at most 2 expected"))
}

/// What is added to the diagonal of a covariance.
pub(super) fn ridge(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|&r: &f64| r > 0.0 && r <= 1e50);
    number.ok_or_else(|| format!("{text:?} found, a number above 0 and at most 1e50 expected"))
}

/// How many rows to pick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// So many.
    Count(usize),
    /// `part / whole` of all rows. A fraction, since 29% of 100 is 28 in binary floating point.
    Share {
        /// Numerator.
        part: u64,
        /// Denominator, a power of ten.
        whole: u64,
    },
}

impl Budget {
    /// Picks out of `rows`: a share is rounded down, to at least 1.
    pub(crate) fn of(self, rows: usize) -> usize {
        match self {
            Self::Count(count) => count,
            Self::Share { part, whole } => {
                let picks = rows as u128 * u128::from(part) / u128::from(whole);
                usize::try_from(picks)
                    .expect("a share is at most all rows")
                    .max(1)
            }
        }
    }
}

impl FromStr for Budget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = match text.strip_suffix('%') {
            Some(percent) => share(percent),
            None => text.parse().ok().map(Self::Count),
        };
        parsed.ok_or_else(|| {
            format!("{text:?} found, a count (500) or a share above 0% and up to 100% expected")
        })
    }
}

/// A share of all rows, which leaves some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share(Budget);

impl Share {
    /// So many of `rows`: rounded down, to at least 1.
    pub(crate) fn of(self, rows: usize) -> usize {
        self.0.of(rows)
    }
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = text.strip_suffix('%').and_then(share);
        let found = found.filter(|share| share.of(usize::MAX) < usize::MAX);
        found.map(Self).ok_or_else(|| {
            format!("{text:?} found, a share above 0% and below 100% expected, such as 25%")
        })
    }
}

/// A decimal percentage in (0, 100].
fn share(percent: &str) -> Option<Budget> {
    let (units, decimals) = percent.split_once('.').unwrap_or((percent, ""));
    let digits = format!("{units}{decimals}");
    if decimals.len() > 12 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let part = digits.parse().ok()?;
    let whole = 100 * 10u64.pow(u32::try_from(decimals.len()).ok()?);
    (0 < part && part <= whole).then_some(Budget::Share { part, whole })
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

impl FromStr for Bytes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let split = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(split);
        let unit = match unit.trim() {
            "" | "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            "TiB" => Some(1 << 40),
            _ => None,
        };
        let bytes = number
            .parse()
            .ok()
            .zip(unit)
            .and_then(|(n, u): (u64, u64)| n.checked_mul(u));
        bytes.map(Self).ok_or_else(|| {
            format!("{text:?} found, a whole number of B, KiB, MiB, GiB or TiB expected")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn budgets() {
        let of = |text: &str, rows| text.parse::<Budget>().map(|b| b.of(rows));
        assert_eq!(of("500", 1000), Ok(500));
        assert_eq!(of("0", 1000), Ok(0));
        assert_eq!(of("29%", 100), Ok(29));
        assert_eq!(of("20%", 1797), Ok(359));
        assert_eq!(of("0.1%", 10), Ok(1));
        assert_eq!(of("12.5%", 80), Ok(10));
        assert_eq!(of("100%", usize::MAX), Ok(usize::MAX));
        for text in [
            "", "%", ".%", "abc", "-1", "1.5", "0%", "100.1%", "1e1%", "+5%", "5%%",
        ] {
            assert!(text.parse::<Budget>().is_err(), "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!("4GiB".parse(), Ok(Bytes(4 << 30)));
        assert_eq!("17 MiB".parse(), Ok(Bytes(17 << 20)));
        assert_eq!("12".parse(), Ok(Bytes(12)));
        for text in ["", "GiB", "4GB", "-1", "1.5GiB", "99999999999TiB"] {
            assert!(text.parse::<Bytes>().is_err(), "{text}");
        }
    }
}
