//! Lists of row indices, of classes, of pairs of both, of weights and of priorities, in the forms that `--out` writes.

use crate::columns::{Column, Fault, Table, room};
use crate::entry::Entry;
use crate::error::Error;
use crate::file;
use crate::json::json;
use crate::npy::{Npy, name, show};
use crate::target::{Format, Target};
use half::f16;
use npyz::{Endianness, TypeChar};
use std::fs::File;
use std::io::{BufReader, Read as _};

/// Rows of the features.
pub(crate) const ROWS: Column = Column {
    entry: "row index",
    titles: &[["index", "indices"], ["row", "rows"]],
    first_wins: false,
};

/// What `--classes` lists.
pub const CLASSES: Column = Column {
    entry: "class",
    titles: &[CLASS, CLUSTER, LABEL, TARGET],
    first_wins: true,
};

/// What `--given-clusters` lists.
pub const CLUSTERS: Column = Column {
    entry: "cluster",
    titles: &[CLUSTER, CLASS, LABEL, TARGET],
    first_wins: true,
};

/// What `--few-labels` lists beside rows.
const LABELS: Column = Column {
    entry: "class",
    titles: &[LABEL, CLASS, CLUSTER, TARGET],
    first_wins: true,
};

/// What lists of weights have.
const WEIGHTS: Column = Column {
    entry: "weight",
    titles: &[["weight", "weights"]],
    first_wins: false,
};

/// What lists of priorities have.
const PRIORITIES: Column = Column {
    entry: "priority",
    titles: &[["priority", "priorities"], ["score", "scores"]],
    first_wins: true,
};

pub(crate) const CLASS: [&str; 2] = ["class", "classes"];
pub(crate) const CLUSTER: [&str; 2] = ["cluster", "clusters"];
pub(crate) const LABEL: [&str; 2] = ["label", "labels"];
pub(crate) const TARGET: [&str; 2] = ["target", "targets"];

/// Reads the row indices that `argument` names; of JSON the `picks` of a record, too.
///
/// # Errors
///
/// [`Error::File`] for what is no such list, or may be read in two ways.
pub fn rows(list: &Target, argument: &'static str) -> Result<Vec<usize>, Error> {
    let [rows] = read(list, argument, ROWS.entry, |file| match list.format {
        Format::Json => json(file, ROWS.entry, true),
        _ => {
            let table = Table::open(file, list.format, &[&ROWS])?;
            let places = table.find([0])?;
            table.numbers(places, [ROWS.entry])
        }
    })?;
    Ok(rows)
}

/// Reads what every row has of `column`: in the order of the rows, unless a table says otherwise.
///
/// # Errors
///
/// As [`rows`].
pub fn of_rows(
    list: &Target,
    argument: &'static str,
    column: &Column,
) -> Result<Vec<usize>, Error> {
    entries_of_rows(list, argument, column)
}

/// Reads the weight of every row, any number, as [`of_rows`] reads what a row has.
///
/// # Errors
///
/// As [`rows`].
pub fn weights(list: &Target, argument: &'static str) -> Result<Vec<f64>, Error> {
    entries_of_rows(list, argument, &WEIGHTS)
}

/// Reads the priority of every row, any number, as [`of_rows`] reads what a row has.
///
/// # Errors
///
/// As [`rows`].
pub fn priorities(list: &Target, argument: &'static str) -> Result<Vec<f64>, Error> {
    entries_of_rows(list, argument, &PRIORITIES)
}

fn entries_of_rows<T: Entry>(
    list: &Target,
    argument: &'static str,
    column: &Column,
) -> Result<Vec<T>, Error> {
    let [entries] = read(list, argument, column.entry, |file| match list.format {
        Format::Json => json(file, column.entry, false),
        _ => of_table(Table::open(file, list.format, &[column, &ROWS])?, column),
    })?;
    Ok(entries)
}

/// Reads the rows and the classes of some labels: a pair a line, a JSON list of pairs, or an array of
/// two columns.
///
/// # Errors
///
/// As [`rows`].
pub fn labels(list: &Target, argument: &'static str) -> Result<[Vec<usize>; 2], Error> {
    read(list, argument, "row index or class", |file| {
        match list.format {
            Format::Json => json(file, "pair of row index and class", false),
            _ => {
                let table = Table::open(file, list.format, &[&ROWS, &LABELS])?;
                let places = table.find([0, 1])?;
                table.numbers(places, [ROWS.entry, LABELS.entry])
            }
        }
    })
}

/// Reads `N` lists that stand side by side in a file, by `text` unless it is an array.
fn read<T: Entry, const N: usize>(
    list: &Target,
    argument: &'static str,
    entry: &str,
    text: impl FnOnce(File) -> Result<[Vec<T>; N], Fault>,
) -> Result<[Vec<T>; N], Error> {
    if list.format == Format::Npy {
        return npy(&Npy::open(&list.path, argument)?, entry);
    }
    of_text(list, argument, text)
}

/// What is made of a file's text.
pub(crate) fn of_text<T>(
    list: &Target,
    argument: &'static str,
    text: impl FnOnce(File) -> Result<T, Fault>,
) -> Result<T, Error> {
    let path = &list.path;
    let (file, _) = file::open(path).map_err(|why| Error::unopened(path, argument, why))?;
    text(file).map_err(|fault| match fault {
        Fault::Content(problem) => Error::file(path, argument, problem),
        Fault::System(e) => Error::io(path, argument, "cannot read the file", e),
    })
}

/// The entries of a table; where it has a column of rows, each in the place of its row.
fn of_table<T: Entry>(table: Table<'_>, column: &Column) -> Result<[Vec<T>; 1], Fault> {
    let [at] = table.find([0])?;
    if let Some(rows) = table.titled(1)? {
        let (rows, entries) = table.numbers_of_rows([rows, at], [ROWS.entry, column.entry])?;
        return Ok([placed(rows, entries)?]);
    }
    if !table.is_first_nameless() {
        return table.numbers([at], [column.entry]);
    }
    let entry = [UNTITLED, column.entry];
    let (rows, entries) = table.numbers_of_rows([0, at], entry)?;
    check_untitled(&rows)?;
    Ok([entries])
}

/// What a first column without a title may hold.
pub(crate) const UNTITLED: &str = "row number (its column has no title)";

/// Refuses such a column if it is not 0, 1, 2 and so on: the index that pandas writes may be that of rows that were
/// chosen or mixed before the features were made of them, or after.
pub(crate) fn check_untitled(rows: &[usize]) -> Result<(), Fault> {
    if rows.iter().copied().eq(0..rows.len()) {
        return Ok(());
    }
    let problem = "a first column without a title, and not 0, 1, 2, ..., found, one named index (then \
                   it says whose each entry is) or none expected";
    Err(Fault::Content(problem.to_owned()))
}

/// Every entry in the place of its row; each row must have one.
pub(crate) fn placed<T>(mut rows: Vec<usize>, mut entries: Vec<T>) -> Result<Vec<T>, String> {
    let count = rows.len();
    for at in 0..count {
        while rows[at] != at {
            let to = rows[at];
            let problem = match rows.get(to) {
                Some(&row) if row != to => {
                    rows.swap(at, to);
                    entries.swap(at, to);
                    continue;
                }
                Some(_) => "found twice",
                None => "found",
            };
            return Err(format!(
                "row {to} {problem}, each of {count} rows from 0 on expected once"
            ));
        }
    }
    Ok(entries)
}

/// The `N` lists of an array: all of it, or its columns. An empty one may be of any type: numpy makes
/// it of float64.
pub(crate) fn npy<T: Entry, const N: usize>(npy: &Npy, entry: &str) -> Result<[Vec<T>; N], Error> {
    let shape = &npy.header.shape[..];
    let expected = match (N, shape) {
        (1, [_]) | (_, [0]) => None,
        (1, _) => Some("rank 1"),
        (_, &[_, columns]) if columns == N as u64 => None,
        _ => Some("rows of two entries"),
    };
    if let Some(expected) = expected {
        let found = show(shape);
        return Err(npy
            .origin
            .failure(format!("shape {found} found, {expected} expected")));
    }
    let count = npy.check_size()?;
    let mut lists = room(count / N).map_err(|e| npy.origin.io(e))?;
    let dtype = &npy.header.dtype;
    let kind = dtype.type_char();
    let is_known = match (kind, dtype.size_field()) {
        (TypeChar::Int | TypeChar::Uint, _) => true,
        (TypeChar::Float, 2 | 4 | 8) => T::real(0.0).is_some(),
        _ => false,
    };
    if count > 0 && !is_known {
        let (found, expected) = (name(dtype), T::NUMBER);
        return Err(npy
            .origin
            .failure(format!("{found} found, {expected}s expected")));
    }
    let big_endian = dtype.endianness() == Endianness::Big;
    let mut file = BufReader::new(npy.payload.reader());
    let mut bytes = [0; 8];
    for at in 0..count {
        let bytes = &mut bytes[..dtype.size_field() as usize];
        file.read_exact(bytes).map_err(|e| npy.origin.io(e))?;
        let value = integer(bytes, big_endian, kind == TypeChar::Int);
        let number = match kind {
            TypeChar::Float => T::real(float(value, bytes.len())),
            _ => T::whole(value),
        };
        let number = number.ok_or_else(|| {
            npy.origin.failure(format!(
                "{value} found at position {at}, a {entry} expected"
            ))
        })?;
        let list = if npy.header.fortran {
            at / (count / N)
        } else {
            at % N
        };
        lists[list].push(number);
    }
    Ok(lists)
}

/// The number whose bits in so many bytes are these.
fn float(bits: i128, bytes: usize) -> f64 {
    match bytes {
        2 => f16::from_bits(bits as u16).to_f64(),
        4 => f32::from_bits(bits as u32).into(),
        _ => f64::from_bits(bits as u64),
    }
}

/// An integer of up to eight bytes.
fn integer(bytes: &[u8], big_endian: bool, signed: bool) -> i128 {
    let push = |value: i128, &byte: &u8| value << 8 | i128::from(byte);
    let value = if big_endian {
        bytes.iter().fold(0, push)
    } else {
        bytes.iter().rev().fold(0, push)
    };
    let bits = 8 * bytes.len();
    if signed && value >> (bits - 1) == 1 {
        value - (1 << bits)
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_of_any_width() {
        assert_eq!(integer(&(-3i16).to_le_bytes(), false, true), -3);
        assert_eq!(integer(&(-3i64).to_be_bytes(), true, true), -3);
        assert_eq!(integer(&[253], false, false), 253);
        assert_eq!(
            integer(&u64::MAX.to_le_bytes(), false, false),
            i128::from(u64::MAX)
        );
    }

    #[test]
    fn floats_of_any_width() {
        assert_eq!(float(f16::from_f32(-1.5).to_bits().into(), 2), -1.5);
        assert_eq!(float(0.1f32.to_bits().into(), 4), f64::from(0.1f32));
        assert_eq!(float((-0.1f64).to_bits().into(), 8), -0.1);
    }
}
