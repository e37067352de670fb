//! Labels of rows: whole numbers or names, in the forms in which lists are read.

use crate::columns::{Column, Fault, Table};
use crate::error::Error;
use crate::fields::FIELD;
use crate::indices::{
    CLASS, CLUSTER, LABEL, ROWS, TARGET, UNTITLED, check_untitled, npy, of_text, placed,
};
use crate::json;
use crate::npy::Npy;
use crate::target::{Format, Target};
use serde::de::{Deserialize, DeserializeSeed};
use serde::de::{Deserializer, SeqAccess, Visitor};
use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::io::BufReader;

/// What a label may be.
const ENTRY: &str = "whole number or a name of at most 64 bytes";

/// What `--labels` lists.
pub const LABELS: Column = Column {
    entry: ENTRY,
    titles: &[LABEL, CLASS, CLUSTER, TARGET],
    first_wins: true,
};

/// What lists of latent classes have, by number or name.
pub const NAMED_CLASSES: Column = Column {
    entry: ENTRY,
    titles: &[CLASS, CLUSTER, LABEL, TARGET],
    first_wins: true,
};

/// A label. Numbers come first, ascending; then names, in the order of their text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// A whole number, below 0 too.
    Number(i64),
    /// A name: a text that is no number, without blanks around.
    Name(String),
}

impl Label {
    /// The label that a text is: no number that is not whole, and at most [`FIELD`] bytes, which are all of a field
    /// that is looked at.
    fn of(text: &str) -> Option<Self> {
        let is_short = text.len() <= FIELD;
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return Some(Self::Number(number));
        }
        let is_name = is_short && !text.is_empty() && text.parse::<f64>().is_err();
        is_name.then(|| Self::Name(text.to_owned()))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// The label of every row. Each different one is kept once.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    different: Vec<Label>,
    places: HashMap<Label, u32>,
    /// The place of each row's.
    of_rows: Vec<u32>,
}

impl Labels {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.of_rows.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of_rows.is_empty()
    }

    /// The label of each row.
    pub fn iter(&self) -> impl Iterator<Item = &Label> {
        let of_row = |&place: &u32| &self.different[place as usize];
        self.of_rows.iter().map(of_row)
    }

    fn add(&mut self, label: Label) {
        let next = self.different.len() as u32;
        let place = *self.places.entry(label).or_insert_with_key(|label| {
            self.different.push(label.clone());
            next
        });
        self.of_rows.push(place);
    }

    /// Adds the label that a text is, if it is one.
    fn add_text(&mut self, text: &str) -> bool {
        Label::of(text).map(|label| self.add(label)).is_some()
    }
}

/// Reads the label of every row: in the order of the rows, unless a table says otherwise.
///
/// # Errors
///
/// [`Error::File`] for what is no such list, or may be read in two ways.
pub fn read(list: &Target, argument: &'static str, column: &Column) -> Result<Labels, Error> {
    match list.format {
        Format::Npy => {
            let [numbers] = npy::<i64, 1>(&Npy::open(&list.path, argument)?, column.entry)?;
            let mut labels = Labels::default();
            let numbers = numbers.into_iter().map(Label::Number);
            numbers.for_each(|label| labels.add(label));
            Ok(labels)
        }
        Format::Json => of_text(list, argument, |file| {
            let mut labels = Labels::default();
            let each = Each(&mut labels);
            json::list(BufReader::new(file), column.entry, each)?;
            Ok(labels)
        }),
        format => of_text(list, argument, |file| of_table(file, format, column)),
    }
}

/// The labels of a table; where it has a column of rows, each in the place of its row.
fn of_table(file: File, format: Format, column: &Column) -> Result<Labels, Fault> {
    let columns = [column, &ROWS];
    let table = Table::open_of_names(file, format, &columns)?;
    let [at] = table.find([0])?;
    let mut labels = Labels::default();
    let named = table.titled(1)?;
    let Some(rows_at) = named.or(table.is_first_nameless().then_some(0)) else {
        table.each([at], [column.entry], |_, text| labels.add_text(text))?;
        return Ok(labels);
    };
    let mut rows: Vec<usize> = Vec::new();
    let entry = if named.is_some() {
        ROWS.entry
    } else {
        UNTITLED
    };
    table.each(
        [rows_at, at],
        [entry, column.entry],
        |which, text| match which {
            0 => text.parse().map(|row| rows.push(row)).is_ok(),
            _ => labels.add_text(text),
        },
    )?;
    if named.is_none() {
        check_untitled(&rows)?;
        return Ok(labels);
    }
    labels.of_rows = placed(rows, labels.of_rows)?;
    Ok(labels)
}

/// Adds the labels of a JSON list.
struct Each<'a>(&'a mut Labels);

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Each<'_> {
    type Value = ();

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        words.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(label) = list.next_element()? {
            self.0.add(label);
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_any(LabelVisitor)
    }
}

struct LabelVisitor;

impl Visitor<'_> for LabelVisitor {
    type Value = Label;

    fn expecting(&self, words: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(words, "a {ENTRY}")
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Label, E> {
        let number = number
            .try_into()
            .map_err(|_| E::custom("a number above 2^63 found"))?;
        Ok(Label::Number(number))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Label, E> {
        Ok(Label::Number(number))
    }

    // serde would repeat it in its message, however long.
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Label, E> {
        Label::of(text).ok_or_else(|| E::custom("a string that is neither"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names() {
        let of = |text: &str| Label::of(text);
        assert_eq!(of(" -7 "), Some(Label::Number(-7)));
        assert_eq!(of("007"), Some(Label::Number(7)));
        assert_eq!(
            of("T-shirt/top"),
            Some(Label::Name("T-shirt/top".to_owned()))
        );
        assert!(of(&"x".repeat(FIELD)).is_some());
        for text in ["", " ", "1.5", "1e3", "nan", "-inf", "9223372036854775808"] {
            assert_eq!(of(text), None, "{text}");
        }
        assert_eq!(of(&"x".repeat(FIELD + 1)), None);
        assert!(of("10") > of("9") && of("a") > of("10"));
    }
}
