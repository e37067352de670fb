//! Files of nothing but values, row after row, lowest byte first: what numpy's `tofile` and memmaps leave.

use super::fixed::Fixed;
use super::{Kind, Stored};
use crate::error::{Error, Origin};
use crate::stretch::Stretch;
use std::fmt;
use std::str::FromStr;

/// What such a file does not say of itself, as in `f32,512`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw {
    /// Type of the values.
    pub kind: Kind,
    /// Values a row, at least one.
    pub dim: usize,
}

/// Types by their names here.
const KINDS: [(&str, Kind); 6] = [
    ("i8", Kind::I8),
    ("u8", Kind::U8),
    ("f16", Kind::F16),
    ("bf16", Kind::Bf16),
    ("f32", Kind::F32),
    ("f64", Kind::F64),
];

impl fmt::Display for Raw {
    /// The text that reads as the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = KINDS.into_iter().find(|(_, kind)| *kind == self.kind);
        let name = named.map_or("", |(name, _)| name);
        write!(f, "{name},{}", self.dim)
    }
}

impl FromStr for Raw {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = || {
            let (kind, dim) = text.split_once(',')?;
            let (_, kind) = KINDS.into_iter().find(|(name, _)| *name == kind.trim())?;
            let dim = dim.trim().parse().ok().filter(|&dim| dim > 0)?;
            Some(Self { kind, dim })
        };
        parse().ok_or_else(|| {
            format!(
                "{text:?} found, f16, bf16, f32, f64, i8 or u8 and the values a row expected, as in f32,512"
            )
        })
    }
}

/// The matrix that is all of a file.
pub(crate) fn open(bytes: Stretch, raw: Raw, origin: Origin) -> Result<Fixed, Error> {
    let Raw { kind, dim } = raw;
    let row = (dim as u64).saturating_mul(kind.bytes() as u64);
    let len = bytes.len();
    if len == 0 || !len.is_multiple_of(row) {
        return Err(origin.failure(format!(
            "{len} bytes found, a multiple of {row} expected (rows of {dim} {} values)",
            kind.name()
        )));
    }
    let stored = Stored {
        swapped: cfg!(target_endian = "big"),
        ..Stored::plain(kind)
    };
    Fixed::new(bytes, stored, &[len / row, dim as u64], origin)
}
