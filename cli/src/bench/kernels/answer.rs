//! What a kernel says, and when two devices say the same.

use coresift::kernels::{Assignment, Due, NearMasks, Round, Totals};

/// What a kernel says.
#[derive(Clone, Debug)]
pub enum Answer {
    /// Numbers that may be off by rounding.
    Norms(Vec<f32>),
    /// Rows, to the bit.
    Rows(Vec<f32>),
    /// Rows that are due.
    Due(Due),
    /// Totals of residuals.
    Totals(Totals),
    /// The nearest vectors.
    Assignment(Vec<Assignment>),
    /// Products with the closest rows.
    KNearest(Vec<Vec<f32>>),
    /// Exact sums.
    Sums(Vec<i64>),
    /// Exact rounds.
    Rounds(Vec<Vec<Round>>),
    /// Exact counts.
    Counts(Vec<u32>),
    /// Exact marks.
    NearMasks(Vec<NearMasks>),
    /// Exact products.
    Products(Vec<i32>),
}

impl Answer {
    /// Whether two devices say the same, but for rounding where the contract allows it.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Norms(a), Self::Norms(b)) => all(a, b, |a, b| near((*a).into(), (*b).into())),
            (Self::Rows(a), Self::Rows(b)) => a == b,
            (Self::Due(a), Self::Due(b)) => a.count == b.count && sorted(a) == sorted(b),
            (Self::Totals(a), Self::Totals(b)) => {
                near(a.rate, b.rate) && near(a.residual_sq, b.residual_sq)
            }
            // Between scores that close any vector may be named.
            (Self::Assignment(a), Self::Assignment(b)) => all(a, b, |a, b| {
                (a.best - b.best).abs() < 1e-3 && (a.second - b.second).abs() < 1e-3
            }),
            (Self::KNearest(a), Self::KNearest(b)) => {
                all(a, b, |a, b| all(a, b, |a, b| (a - b).abs() < 1e-5))
            }
            (Self::Sums(a), Self::Sums(b)) => a == b,
            (Self::Rounds(a), Self::Rounds(b)) => a == b,
            (Self::Counts(a), Self::Counts(b)) => a == b,
            (Self::NearMasks(a), Self::NearMasks(b)) => a == b,
            (Self::Products(a), Self::Products(b)) => a == b,
            _ => false,
        }
    }
}

fn all<T>(a: &[T], b: &[T], same: impl Fn(&T, &T) -> bool) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs() + 1e-9
}

fn sorted(due: &Due) -> Vec<usize> {
    let mut rows = due.rows.clone();
    rows.sort_unstable();
    rows
}
