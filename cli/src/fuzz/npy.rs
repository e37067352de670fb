//! `.npy` files, in every way of writing their headers, as features.

use super::changes::changed;
use super::{SLACK, fuzz, measured, put};
use coresift_io::features::{FeatureFile, Values};
use proptest::prelude::*;
use proptest::sample::select;
use std::path::Path;

/// How a header may be written.
#[derive(Clone, Debug)]
struct Header {
    version: u8,
    /// Before every string.
    prefix: &'static str,
    quote: char,
    /// After every integer.
    suffix: &'static str,
    blank: &'static str,
    keys: Vec<&'static str>,
    trailing_comma: bool,
    padding: usize,
}

fn header() -> impl Strategy<Value = Header> {
    (
        1..4u8,
        select(&["", "u", "U"][..]),
        select(&['\'', '"'][..]),
        select(&["", "L"][..]),
        select(&["", " ", "\t", "\n ", "  "][..]),
        Just(vec!["descr", "fortran_order", "shape"]).prop_shuffle(),
        any::<bool>(),
        0..200usize,
    )
        .prop_map(
            |(version, prefix, quote, suffix, blank, keys, trailing_comma, padding)| Header {
                version,
                prefix,
                quote,
                suffix,
                blank,
                keys,
                trailing_comma,
                padding,
            },
        )
}

impl Header {
    fn file(&self, descr: &str, fortran: bool, shape: &[u64], payload: &[u8]) -> Vec<u8> {
        let Self {
            prefix,
            quote,
            suffix,
            blank,
            ..
        } = self;
        let axes: String = shape
            .iter()
            .map(|axis| format!("{axis}{suffix},{blank}"))
            .collect();
        let mut entries: Vec<String> = Vec::new();
        for key in &self.keys {
            let value = match *key {
                "descr" => format!("{prefix}{quote}{descr}{quote}"),
                "shape" => format!("({axes})"),
                _ if fortran => "True".to_owned(),
                _ => "False".to_owned(),
            };
            entries.push(format!("{prefix}{quote}{key}{quote}{blank}:{blank}{value}"));
        }
        let comma = if self.trailing_comma { "," } else { "" };
        let text = format!(
            "{{{blank}{}{comma}{blank}}}",
            entries.join(&format!("{blank},{blank}"))
        );
        let text = format!("{text}{}\n", " ".repeat(self.padding));
        let length = (text.len() as u32).to_le_bytes();
        let width = if self.version == 1 { 2 } else { 4 };
        [
            b"\x93NUMPY",
            &[self.version, 0][..],
            &length[..width],
            text.as_bytes(),
            payload,
        ]
        .concat()
    }
}

/// The code of a type, and the bytes of a number in it, the highest first or last.
pub(super) type Type = (&'static str, fn(u8, bool) -> Vec<u8>);

/// A `.npy` file of some numbers, their shape, and the numbers row by row.
pub(super) fn numbers(
    types: &'static [Type],
    shape: impl Strategy<Value = Vec<u64>>,
) -> impl Strategy<Value = (Vec<u8>, Vec<u64>, Vec<u8>)> {
    let values = shape.prop_flat_map(|shape| {
        let count = shape.iter().product::<u64>() as usize;
        (Just(shape), prop::collection::vec(0..128u8, count))
    });
    let order = select(&["<", ">", "=", "|", ""][..]);
    (header(), select(types), order, any::<bool>(), values).prop_map(
        |(header, (code, bytes), order, fortran, (shape, values))| {
            let is_big = order == ">" || order != "<" && cfg!(target_endian = "big");
            let stored: Vec<u8> = match shape[..] {
                [rows, columns] if fortran => (0..columns)
                    .flat_map(|c| (0..rows).map(move |r| (r * columns + c) as usize))
                    .map(|at| values[at])
                    .collect(),
                _ => values.clone(),
            };
            let payload: Vec<u8> = stored
                .iter()
                .flat_map(|&value| bytes(value, is_big))
                .collect();
            let file = header.file(&format!("{order}{code}"), fortran, &shape, &payload);
            (file, shape, values)
        },
    )
}

fn turned<const N: usize>(little: [u8; N], is_big: bool) -> Vec<u8> {
    let mut bytes = little.to_vec();
    if is_big {
        bytes.reverse();
    }
    bytes
}

const NUMBERS: &[Type] = &[
    ("i1", |v, _| vec![v]),
    ("u1", |v, _| vec![v]),
    ("f2", |v, big| turned(half::f16::from(v).to_le_bytes(), big)),
    ("f4", |v, big| turned(f32::from(v).to_le_bytes(), big)),
    ("f8", |v, big| turned(f64::from(v).to_le_bytes(), big)),
];

pub(super) const INTEGERS: &[Type] = &[
    ("i1", |v, _| vec![v]),
    ("u1", |v, _| vec![v]),
    ("i2", |v, big| turned(i16::from(v).to_le_bytes(), big)),
    ("u4", |v, big| turned(u32::from(v).to_le_bytes(), big)),
    ("i8", |v, big| turned(i64::from(v).to_le_bytes(), big)),
    ("u8", |v, big| turned(u64::from(v).to_le_bytes(), big)),
];

fn matrices() -> impl Strategy<Value = (Vec<u8>, Vec<u64>, Vec<u8>)> {
    numbers(NUMBERS, prop::collection::vec(1..20u64, 2))
}

fn features(path: &Path) -> Option<(usize, usize, Values)> {
    let file = FeatureFile::open(&[path.to_owned()], "features", None).ok()?;
    let values = file.read(|_| {}).ok()?;
    Some((file.rows, file.dim, values))
}

#[test]
fn features_are_read_however_their_header_is_written() {
    fuzz(matrices(), |folder, (bytes, shape, values)| {
        let read = features(&put(folder, "x.npy", &bytes));
        let (rows, dim, read) = read.ok_or_else(|| TestCaseError::fail("refused"))?;
        prop_assert_eq!([rows as u64, dim as u64], &shape[..]);
        let values: Vec<f32> = values.into_iter().map(f32::from).collect();
        prop_assert_eq!(&read[..], &values[..]);
        Ok(())
    });
}

#[test]
fn features_that_are_almost_right() {
    fuzz(
        changed(matrices().prop_map(|file| file.0)),
        |folder, bytes| {
            let path = put(folder, "x.npy", &bytes);
            let (read, memory) = measured(|| features(&path));
            let most = 4 * bytes.len() as u64;
            prop_assert!(memory <= most + SLACK, "{memory} bytes for {}", bytes.len());
            if let Some((rows, dim, values)) = read {
                prop_assert!(rows > 0 && dim > 0 && values.len() == rows * dim);
                // Their memory is not from the allocator.
                prop_assert!(4 * values.len() as u64 <= most, "{rows} x {dim}");
            }
            Ok(())
        },
    );
}
