//! Options that are one of a few names: in text, on a command line and in records the same.

use std::fmt;

/// An option that is one of a few names.
///
/// `Display` writes the name, `FromStr` reads it, and so do serde's traits with the feature `serde`.
///
/// ```
/// use coresift::{Named, Refine};
///
/// assert_eq!("double-greedy".parse(), Ok(Refine::DoubleGreedy));
/// assert_eq!(Refine::TopUp.to_string(), "top-up");
/// let names: Vec<&str> = Refine::ALL.iter().map(|refine| refine.name()).collect();
/// assert_eq!(names, ["top-up", "none", "double-greedy", "random-double-greedy"]);
/// let error = "bottom-up".parse::<Refine>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "\"bottom-up\" found, top-up, none, double-greedy or random-double-greedy expected"
/// );
/// ```
pub trait Named: Copy + 'static {
    /// Every value there is.
    const ALL: &'static [Self];

    /// The name, in small letters and hyphens.
    fn name(self) -> &'static str;

    /// What the value means, in a few words, as a help text lists them.
    fn meaning(self) -> &'static str;
}

/// A text that is no value of an option.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} found, {expected} expected")]
pub struct UnknownName {
    /// The text.
    pub found: String,
    /// What is understood.
    pub expected: String,
}

/// The value of a name.
pub(crate) fn parse<T: Named>(text: &str) -> Result<T, UnknownName> {
    let mut all = T::ALL.iter().copied();
    all.find(|value| value.name() == text)
        .ok_or_else(|| UnknownName {
            found: text.to_owned(),
            expected: alternatives::<T>(),
        })
}

/// Every name: "a, b or c".
fn alternatives<T: Named>() -> String {
    let names: Vec<&str> = T::ALL.iter().map(|value| value.name()).collect();
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// Writes a value in text; by `pad`, so that a width counts.
pub(crate) fn write(value: impl Named, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.pad(value.name())
}

/// Reads and writes values as text with serde: for all that has `Display` and `FromStr`.
#[cfg(feature = "serde")]
pub(crate) mod text {
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(crate) fn serialize<S: Serializer>(
        value: &impl Display,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, D, T>(deserializer: D) -> Result<T, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

/// Gives the variants of an enum their names and meanings, from which all else follows.
macro_rules! names {
    ($Type:ident { $($Variant:ident = $name:literal, $meaning:literal;)+ }) => {
        impl $crate::names::Named for $Type {
            const ALL: &'static [Self] = &[$(Self::$Variant),+];

            fn name(self) -> &'static str {
                match self {
                    $(Self::$Variant => $name,)+
                }
            }

            fn meaning(self) -> &'static str {
                match self {
                    $(Self::$Variant => $meaning,)+
                }
            }
        }

        impl std::fmt::Display for $Type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                $crate::names::write(*self, f)
            }
        }

        impl std::str::FromStr for $Type {
            type Err = $crate::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $crate::names::parse(text)
            }
        }

        #[cfg(feature = "serde")]
        impl serde::Serialize for $Type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::names::text::serialize(self, serializer)
            }
        }

        #[cfg(feature = "serde")]
        impl<'de> serde::Deserialize<'de> for $Type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::names::text::deserialize(deserializer)
            }
        }
    };
}

pub(crate) use names;
