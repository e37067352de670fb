//! Lists of row indices, of classes, and of pairs of both, in the forms that `--out` writes.

use crate::columns::{Column, Fault, Table, most_numbers, room};
use crate::error::Error;
use crate::file;
use crate::npy::{Npy, name, show};
use crate::target::{Format, Target};
use npyz::{Endianness, TypeChar};
use serde::de::{self, DeserializeSeed, Error as _, IgnoredAny, Unexpected};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};

/// Rows of the features.
const ROWS: Column = Column {
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

const CLASS: [&str; 2] = ["class", "classes"];
const CLUSTER: [&str; 2] = ["cluster", "clusters"];
const LABEL: [&str; 2] = ["label", "labels"];
const TARGET: [&str; 2] = ["target", "targets"];

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
fn read<const N: usize>(
    list: &Target,
    argument: &'static str,
    entry: &str,
    text: impl FnOnce(File) -> Result<[Vec<usize>; N], Fault>,
) -> Result<[Vec<usize>; N], Error> {
    let path = &list.path;
    if list.format == Format::Npy {
        return npy(&Npy::open(path, argument)?, entry);
    }
    let (file, _) = file::open(path).map_err(|why| Error::unopened(path, argument, why))?;
    text(file).map_err(|fault| match fault {
        Fault::Content(problem) => Error::file(path, argument, problem),
        Fault::System(e) => Error::io(path, argument, "cannot read the file", e),
    })
}

/// The entries of a table; where it has a column of rows, each in the place of its row.
fn of_table(table: Table<'_>, column: &Column) -> Result<[Vec<usize>; 1], Fault> {
    let [at] = table.find([0])?;
    if let Some(rows) = table.titled(1)? {
        let lists = table.numbers([rows, at], [ROWS.entry, column.entry])?;
        return Ok([placed(lists)?]);
    }
    if !table.is_first_nameless() {
        return table.numbers([at], [column.entry]);
    }
    // The index that pandas writes may be that of rows that were chosen or mixed before the features
    // were made of them, or after.
    let [rows, entries] = table.numbers(
        [0, at],
        ["row number (its column has no title)", column.entry],
    )?;
    if rows.iter().copied().eq(0..rows.len()) {
        return Ok([entries]);
    }
    let problem = "a first column without a title, and not 0, 1, 2, ..., found, one named index (then \
                   it says whose each entry is) or none expected";
    Err(Fault::Content(problem.to_owned()))
}

/// Every entry in the place of its row; each row must have one.
fn placed([mut rows, mut entries]: [Vec<usize>; 2]) -> Result<Vec<usize>, String> {
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

/// The `N` lists of a JSON list, each entry of which has a number of each.
fn json<const N: usize>(
    file: File,
    entry: &str,
    is_record_allowed: bool,
) -> Result<[Vec<usize>; N], Fault> {
    let mut file = BufReader::new(file);
    let mut lists = room(most_numbers(&mut file)? / N)?;
    if file.fill_buf()?.starts_with("\u{feff}".as_bytes()) {
        file.consume(3);
    }
    let each = Each {
        lists: &mut lists,
        is_record_allowed,
    };
    let mut json = serde_json::Deserializer::from_reader(file);
    let read = each.deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|e| match e.classify() {
        serde_json::error::Category::Io => Fault::System(e.into()),
        _ => Fault::Content(format!(
            "no list found ({e}), a list expected, each entry a {entry}"
        )),
    })?;
    Ok(lists)
}

/// Fills lists as a JSON list is read: they have room already, which one of serde's would not.
struct Each<'a, const N: usize> {
    lists: &'a mut [Vec<usize>; N],
    /// Whether the list may be the `picks` of an object.
    is_record_allowed: bool,
}

impl<'de, const N: usize> DeserializeSeed<'de> for Each<'_, N> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Each<'_, N> {
    type Value = ();

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(Numbers(numbers)) = list.next_element::<Numbers<N>>()? {
            for (list, number) in self.lists.iter_mut().zip(numbers) {
                list.push(number);
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<(), A::Error> {
        if !self.is_record_allowed {
            return Err(A::Error::invalid_type(Unexpected::Map, &self));
        }
        let mut picks = Some(Each {
            is_record_allowed: false,
            ..self
        });
        while let Some(key) = object.next_key::<String>()? {
            if key != "picks" {
                object.next_value::<IgnoredAny>()?;
                continue;
            }
            let picks = (picks.take()).ok_or_else(|| A::Error::duplicate_field("picks"))?;
            object.next_value_seed(picks)?;
        }
        match picks {
            Some(_) => Err(A::Error::missing_field("picks")),
            None => Ok(()),
        }
    }
}

/// An entry: a number from 0 up, or a list of `N`.
struct Numbers<const N: usize>([usize; N]);

impl<'de, const N: usize> Deserialize<'de> for Numbers<N> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(NumbersVisitor)
    }
}

struct NumbersVisitor<const N: usize>;

impl<'de, const N: usize> Visitor<'de> for NumbersVisitor<N> {
    type Value = Numbers<N>;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str(if N == 1 {
            "a whole number"
        } else {
            "a list of two whole numbers"
        })
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Numbers<N>, E> {
        let whole = usize::try_from(number).ok().filter(|_| N == 1);
        let whole = whole.ok_or_else(|| E::invalid_type(Unexpected::Unsigned(number), &self))?;
        Ok(Numbers([whole; N]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Numbers<N>, A::Error> {
        if N == 1 {
            return Err(A::Error::invalid_type(Unexpected::Seq, &self));
        }
        let mut numbers = [0; N];
        for (at, number) in numbers.iter_mut().enumerate() {
            let Numbers([next]) = (list.next_element::<Numbers<1>>()?)
                .ok_or_else(|| A::Error::invalid_length(at, &self))?;
            *number = next;
        }
        Ok(Numbers(numbers))
    }

    // serde would repeat it in its message, however long.
    fn visit_str<E: de::Error>(self, _: &str) -> Result<Numbers<N>, E> {
        Err(E::invalid_type(Unexpected::Other("a string"), &self))
    }
}

/// The `N` lists of an array: all of it, or its columns. An empty one may be of any type: numpy makes
/// it of float64.
fn npy<const N: usize>(npy: &Npy, entry: &str) -> Result<[Vec<usize>; N], Error> {
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
    if count > 0 && !matches!(kind, TypeChar::Int | TypeChar::Uint) {
        return Err(npy
            .origin
            .failure(format!("{} found, whole numbers expected", name(dtype))));
    }
    let big_endian = dtype.endianness() == Endianness::Big;
    let mut file = BufReader::new(npy.payload.reader());
    let mut bytes = [0; 8];
    for at in 0..count {
        let bytes = &mut bytes[..dtype.size_field() as usize];
        file.read_exact(bytes).map_err(|e| npy.origin.io(e))?;
        let value = integer(bytes, big_endian, kind == TypeChar::Int);
        let number = usize::try_from(value).map_err(|_| {
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
}
