//! What lists may hold: whole numbers, or any.

use std::str::FromStr;

/// An entry of a list.
pub(crate) trait Entry: Copy + Default + FromStr {
    /// One of them in words.
    const NUMBER: &str;

    /// A whole number, where it may be an entry.
    fn whole(number: i128) -> Option<Self>;

    /// A number that need not be whole, where it may be an entry.
    fn real(number: f64) -> Option<Self>;
}

impl Entry for usize {
    const NUMBER: &str = "whole number";

    fn whole(number: i128) -> Option<Self> {
        number.try_into().ok()
    }

    fn real(_: f64) -> Option<Self> {
        None
    }
}

impl Entry for i64 {
    const NUMBER: &str = "whole number";

    fn whole(number: i128) -> Option<Self> {
        number.try_into().ok()
    }

    fn real(_: f64) -> Option<Self> {
        None
    }
}

impl Entry for f64 {
    const NUMBER: &str = "number";

    fn whole(number: i128) -> Option<Self> {
        Some(number as Self)
    }

    fn real(number: f64) -> Option<Self> {
        Some(number)
    }
}
