//! Lists of row indices, of classes, and of pairs of both, in the forms that `--out` writes.

use super::failure::Failure;
use super::npy::{Npy, name, show};
use super::write::{Format, Target};
use npyz::{Endianness, TypeChar};
use serde_json::Value;
use std::io::Read as _;
use std::path::Path;

/// Reads the list that `argument` names; `entry` is what it lists, in the singular.
pub(crate) fn read(
    list: &Target,
    argument: &'static str,
    entry: &str,
) -> Result<Vec<usize>, Failure> {
    if list.format == Format::Npy {
        return npy(&list.path, argument, entry);
    }
    let text = text_of(list, argument)?;
    let indices = if list.format == Format::Json {
        json(&text, entry)
    } else {
        lines(&text, list.format, entry)
    };
    indices.map_err(|problem| Failure::file(&list.path, argument, problem))
}

/// Reads pairs of a row index and a class: in `.csv` and `.txt` a pair a line, in `.json` an array
/// of pairs, in `.npy` two columns.
pub(crate) fn read_pairs(
    list: &Target,
    argument: &'static str,
) -> Result<(Vec<usize>, Vec<usize>), Failure> {
    let fail = |problem| Failure::file(&list.path, argument, problem);
    let entries = match list.format {
        Format::Npy => return npy_pairs(&list.path, argument),
        Format::Json => json_pairs(&text_of(list, argument)?),
        Format::Csv | Format::Txt => line_pairs(&text_of(list, argument)?, list.format),
    };
    Ok(entries.map_err(fail)?.into_iter().unzip())
}

fn text_of(list: &Target, argument: &'static str) -> Result<String, Failure> {
    std::fs::read_to_string(&list.path)
        .map_err(|e| Failure::io(&list.path, argument, "cannot read the file", e))
}

/// A pair a line, with a comma or with blanks between; of a `.csv` under an optional header line.
fn line_pairs(text: &str, format: Format) -> Result<Vec<(usize, usize)>, String> {
    let mut pairs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let split = |c: char| c == ',' || c.is_whitespace();
        let fields: Vec<&str> = line
            .split(split)
            .filter(|field| !field.is_empty())
            .collect();
        let is_title = format == Format::Csv && number == 1 && fields.first() == Some(&"index");
        if is_title || fields.is_empty() {
            continue;
        }
        let numbers: Vec<usize> = fields
            .iter()
            .filter_map(|field| field.parse().ok())
            .collect();
        match (&fields[..], &numbers[..]) {
            ([_, _], &[row, class]) => pairs.push((row, class)),
            _ => {
                return Err(format!(
                    "{line:?} found on line {number}, a row index and a class expected"
                ));
            }
        }
    }
    Ok(pairs)
}

fn json_pairs(text: &str) -> Result<Vec<(usize, usize)>, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| format!("no JSON found ({e}), a list expected"))?;
    let list = value
        .as_array()
        .ok_or("no list found, a list of pairs expected")?;
    let pair = |(at, value): (usize, &Value)| {
        let numbers: Vec<usize> = (value.as_array().into_iter().flatten())
            .filter_map(|v| usize::try_from(v.as_u64()?).ok())
            .collect();
        match (value.as_array().map(Vec::len), &numbers[..]) {
            (Some(2), &[row, class]) => Ok((row, class)),
            _ => Err(format!(
                "{value} found at position {at}, a row index and a class expected"
            )),
        }
    };
    list.iter().enumerate().map(pair).collect()
}

/// One index a line; of a `.csv` the first column, under an optional header line.
fn lines(text: &str, format: Format, entry: &str) -> Result<Vec<usize>, String> {
    let mut indices = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let field = match format {
            Format::Csv => line.split(',').next().unwrap_or(line),
            _ => line,
        };
        let field = field.trim().trim_matches('"');
        let is_title = format == Format::Csv && number == 1 && (field == "index" || field == entry);
        if is_title || line.trim().is_empty() {
            continue;
        }
        indices.push(
            field
                .parse()
                .map_err(|_| format!("{field:?} found on line {number}, a {entry} expected"))?,
        );
    }
    Ok(indices)
}

/// An array of indices, or an object that has one as `picks`.
fn json(text: &str, entry: &str) -> Result<Vec<usize>, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|e| format!("no JSON found ({e}), a list expected"))?;
    let list = value.get("picks").unwrap_or(&value).as_array();
    let list =
        list.ok_or_else(|| format!("no list found, a list expected, each entry a {entry}"))?;
    let index = |(at, value): (usize, &Value)| {
        let index = value.as_u64().and_then(|index| usize::try_from(index).ok());
        index.ok_or_else(|| format!("{value} found at position {at}, a {entry} expected"))
    };
    list.iter().enumerate().map(index).collect()
}

fn npy(path: &Path, argument: &'static str, entry: &str) -> Result<Vec<usize>, Failure> {
    let npy = Npy::open(path, argument)?;
    let shape = &npy.header.shape;
    if shape.len() != 1 {
        return Err(npy.failure(format!("shape {} found, rank 1 expected", show(shape))));
    }
    whole_numbers(npy, entry)
}

fn npy_pairs(path: &Path, argument: &'static str) -> Result<(Vec<usize>, Vec<usize>), Failure> {
    let npy = Npy::open(path, argument)?;
    let &[count, 2] = &npy.header.shape[..] else {
        let found = show(&npy.header.shape);
        return Err(npy.failure(format!("shape {found} found, rows of two entries expected")));
    };
    let fortran = npy.header.fortran;
    let numbers = whole_numbers(npy, "row index or class")?;
    Ok(if fortran {
        let (rows, classes) = numbers.split_at(count as usize);
        (rows.to_vec(), classes.to_vec())
    } else {
        numbers
            .as_chunks::<2>()
            .0
            .iter()
            .map(|&[row, class]| (row, class))
            .unzip()
    })
}

/// All entries of an array, in file order.
fn whole_numbers(mut npy: Npy, entry: &str) -> Result<Vec<usize>, Failure> {
    let dtype = npy.header.dtype.clone();
    let kind = dtype.type_char();
    if !matches!(kind, TypeChar::Int | TypeChar::Uint) {
        return Err(npy.failure(format!("{} found, whole numbers expected", name(&dtype))));
    }
    npy.check_size()?;
    let mut bytes = Vec::new();
    npy.file.read_to_end(&mut bytes).map_err(|e| npy.io(e))?;
    let big_endian = dtype.endianness() == Endianness::Big;
    let index = |(at, bytes): (usize, &[u8])| {
        let value = integer(bytes, big_endian, kind == TypeChar::Int);
        usize::try_from(value).map_err(|_| {
            npy.failure(format!(
                "{value} found at position {at}, a {entry} expected"
            ))
        })
    };
    let entries = bytes.chunks_exact(dtype.size_field() as usize);
    entries.enumerate().map(index).collect()
}

/// A whole number of up to eight bytes.
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
    fn lists() {
        assert_eq!(
            lines("3\n\n 1\r\n", Format::Txt, "row index"),
            Ok(vec![3, 1])
        );
        assert_eq!(
            lines("index,score\n3,1.5\n1,2\n", Format::Csv, "row index"),
            Ok(vec![3, 1])
        );
        assert_eq!(lines("3\n1\n", Format::Csv, "row index"), Ok(vec![3, 1]));
        assert_eq!(json("[3, 1]", "row index"), Ok(vec![3, 1]));
        assert_eq!(
            json(r#"{"picks": [3, 1], "seed": 0}"#, "row index"),
            Ok(vec![3, 1])
        );
        assert!(lines("3\nindex\n", Format::Csv, "row index").is_err());
        assert!(lines("-1", Format::Txt, "row index").is_err());
        assert!(json("[1.5]", "row index").is_err());
        assert!(json("{}", "row index").is_err());
        assert!(json("[1", "row index").is_err());
    }
    #[test]
    fn pairs() {
        let csv = |text| line_pairs(text, Format::Csv);
        assert_eq!(csv("index,class\n3,1\n\n5, 0\n"), Ok(vec![(3, 1), (5, 0)]));
        assert_eq!(
            line_pairs("3 1\n5\t0\n", Format::Txt),
            Ok(vec![(3, 1), (5, 0)])
        );
        assert_eq!(json_pairs("[[3, 1], [5, 0]]"), Ok(vec![(3, 1), (5, 0)]));
        for text in ["3", "3,1,2", "3,-1", "a,1", "index,class\nindex,class"] {
            assert!(csv(text).is_err(), "{text}");
        }
        for text in ["[3, 1]", "[[3]]", "[[3, 1, 2]]", "[[3, -1]]", "{}", "["] {
            assert!(json_pairs(text).is_err(), "{text}");
        }
    }
}
