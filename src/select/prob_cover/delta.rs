//! The distance within which a row covers others, as an option.

use crate::names::UnknownName;
use std::fmt::{self, Display};
use std::str::FromStr;

/// The distance within which a row covers others.
///
/// In text a number or `auto`, which leaves the clusters open: they are an option of their own there.
/// With serde a number, `"auto"`, or `{"clusters": 10}`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(from = "Form", into = "Form"))]
pub enum Delta {
    /// A distance of rows at length 1, in (0, 2].
    Fixed(f64),
    /// The largest δ such that at least 95 % of the rows have only rows of their own cluster within
    /// δ (purity 0.95 of the paper, section 4.3, with clusters in the place of labels): the
    /// distance of a row to the nearest of another cluster, at the 5 % quantile of the rows. Which
    /// row that is, is told by distances rounded to some 10⁻⁴; its own is exact.
    Auto {
        /// Clusters of k-means, or as many as there are different rows, where those are fewer.
        /// `None`: as many as the budget, from 2 to 100. The number of classes, where it is known,
        /// serves better: more clusters lie closer, and δ is then small.
        clusters: Option<usize>,
    },
}

impl Default for Delta {
    /// Auto, with clusters by the budget.
    fn default() -> Self {
        Self::Auto { clusters: None }
    }
}

/// How a distance that is found is written.
const AUTO: &str = "auto";

impl Display for Delta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(delta) => delta.fmt(f),
            Self::Auto { .. } => f.pad(AUTO),
        }
    }
}

impl FromStr for Delta {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        if text == AUTO {
            return Ok(Self::default());
        }
        text.parse().map(Self::Fixed).map_err(|_| UnknownName {
            found: text.to_owned(),
            expected: format!("a number or {AUTO}"),
        })
    }
}

/// The three ways in which serde has a distance.
#[cfg(feature = "serde")]
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
enum Form {
    Number(f64),
    Clusters {
        clusters: usize,
    },
    #[serde(with = "crate::names::text")]
    Text(Delta),
}

#[cfg(feature = "serde")]
impl From<Delta> for Form {
    fn from(delta: Delta) -> Self {
        match delta {
            Delta::Fixed(delta) => Self::Number(delta),
            Delta::Auto {
                clusters: Some(clusters),
            } => Self::Clusters { clusters },
            Delta::Auto { clusters: None } => Self::Text(delta),
        }
    }
}

#[cfg(feature = "serde")]
impl From<Form> for Delta {
    fn from(form: Form) -> Self {
        match form {
            Form::Number(delta) => Self::Fixed(delta),
            Form::Clusters { clusters } => Self::Auto {
                clusters: Some(clusters),
            },
            Form::Text(delta) => delta,
        }
    }
}
