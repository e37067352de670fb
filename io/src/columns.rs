//! Columns of numbers, by their titles, from `.csv` and `.txt` files.

use crate::entry::Entry;
use crate::fields::Fields;
use crate::target::Format;
use std::fs::File;
use std::io;

/// Titles that are quoted where the one that is looked for is not among them.
const QUOTED: usize = 8;

/// What a column holds, and the titles that it is known by.
#[derive(Debug)]
pub struct Column {
    /// An entry, in the singular.
    pub entry: &'static str,
    /// Titles, each in the singular and in the plural.
    pub titles: &'static [[&'static str; 2]],
    /// Whether the first of them is taken where there are others besides.
    pub first_wins: bool,
}

impl Column {
    /// The number of the title that `text` is.
    fn title(&self, text: &str) -> Option<usize> {
        let is_it = |title: &str| title.eq_ignore_ascii_case(text);
        (self.titles.iter()).position(|titles| titles.iter().any(|title| is_it(title)))
    }

    /// Its titles in words.
    fn names(&self) -> String {
        let names: Vec<&str> = self.titles.iter().map(|titles| titles[0]).collect();
        names.join(" or ")
    }
}

/// Why a list could not be read.
#[derive(Debug)]
pub(crate) enum Fault {
    /// What was found, and what was expected.
    Content(String),
    /// What the system says.
    System(io::Error),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl From<String> for Fault {
    fn from(problem: String) -> Self {
        Self::Content(problem)
    }
}

/// A file of which the first line is known.
pub(crate) struct Table<'a> {
    fields: Fields,
    /// Columns that may be asked for.
    columns: &'a [&'a Column],
    /// How many columns the first line has, and which line that is.
    width: usize,
    line: u64,
    /// What it says, if it has titles: if any of its fields is no number.
    title: Option<Title>,
}

/// A title line.
#[derive(Default)]
struct Title {
    /// The first few titles.
    quoted: String,
    /// Whether the first column has none, as pandas writes an index.
    is_first_nameless: bool,
    /// Whether any of its fields is a number, and whether any is none.
    has_number: bool,
    is_no_number: bool,
    /// Where the columns are that may be asked for.
    places: Vec<Place>,
}

/// Where a column is.
#[derive(Default)]
struct Place {
    /// Which column of the file it is, and which of its titles that has.
    found: Option<(usize, usize)>,
    /// Another title that there is, which may as well be meant.
    rival: Option<usize>,
}

impl<'a> Table<'a> {
    /// Looks at the first line; `columns` are those that may be asked for.
    pub(crate) fn open(
        file: File,
        format: Format,
        columns: &'a [&'a Column],
    ) -> Result<Self, Fault> {
        Self::begin(Fields::open(file, format)?, columns, |title| {
            title.is_no_number.then_some(title)
        })
    }

    /// The same where entries may be names, so that only the title of a column makes a line of titles. Blanks are
    /// parts of names, unless that line has titles or numbers between them.
    pub(crate) fn open_of_names(
        file: File,
        format: Format,
        columns: &'a [&'a Column],
    ) -> Result<Self, Fault> {
        let mut is_of_names = false;
        let table = Self::begin(Fields::open(file, format)?, columns, |title| {
            let is_title = title.places.iter().any(|place| place.found.is_some());
            is_of_names = !is_title && !title.has_number;
            is_title.then_some(title)
        })?;
        if !is_of_names || !table.fields.are_between_blanks() {
            return Ok(table);
        }
        let mut fields = table.fields;
        fields.take_whole_lines();
        fields.restart()?;
        Self::begin(fields, columns, |_| None)
    }

    fn begin(
        mut fields: Fields,
        columns: &'a [&'a Column],
        as_title: impl FnOnce(Title) -> Option<Title>,
    ) -> Result<Self, Fault> {
        let mut title = Title::default();
        title.places.resize_with(columns.len(), Place::default);
        let mut line = 1;
        let width = fields.record(|at, on_line, text| {
            line = on_line;
            title.look(columns, at, text);
        })?;
        let title = as_title(title);
        if title.is_none() {
            fields.restart()?;
        }
        Ok(Self {
            fields,
            columns,
            width: width.unwrap_or(0),
            line,
            title,
        })
    }

    /// Whether a title leaves the first column without a name.
    pub(crate) fn is_first_nameless(&self) -> bool {
        (self.title.as_ref()).is_some_and(|title| title.is_first_nameless)
    }

    /// Which column of the file a title says is the `wanted` of those that may be asked for.
    pub(crate) fn titled(&self, wanted: usize) -> Result<Option<usize>, Fault> {
        let Some(title) = &self.title else {
            return Ok(None);
        };
        let place = &title.places[wanted];
        if let (Some((_, one)), Some(other)) = (place.found, place.rival) {
            let titles = self.columns[wanted].titles;
            return Err(Fault::Content(format!(
                "columns {} and {} found on line {}, one of them expected",
                titles[one][0], titles[other][0], self.line
            )));
        }
        Ok(place.found.map(|(at, _)| at))
    }

    /// Which columns of the file are the `wanted`: without a title all that there are, in that order.
    pub(crate) fn find<const N: usize>(&self, wanted: [usize; N]) -> Result<[usize; N], Fault> {
        let names = |which: usize| self.columns[which].names();
        let Some(title) = &self.title else {
            if self.width == N || self.width == 0 {
                return Ok(std::array::from_fn(|at| at));
            }
            return Err(Fault::Content(format!(
                "{} found on line {}, {N} expected, or a title that names {}",
                count(self.width),
                self.line,
                wanted.map(names).join(", and ")
            )));
        };
        let mut found = [0; N];
        for (found, &which) in found.iter_mut().zip(&wanted) {
            *found = self.titled(which)?.ok_or_else(|| {
                let (quoted, names) = (&title.quoted, names(which));
                format!(
                    "{quoted} found on line {}, numbers or a column named {names} expected",
                    self.line
                )
            })?;
        }
        Ok(found)
    }

    /// Reads the numbers in some columns of the file; `entries` are what these hold.
    pub(crate) fn numbers<T: Entry, const N: usize>(
        self,
        places: [usize; N],
        entries: [&str; N],
    ) -> Result<[Vec<T>; N], Fault> {
        let mut lists = room(self.fields.most / N)?;
        self.each(places, entries, |which, text| push(&mut lists[which], text))?;
        Ok(lists)
    }

    /// Reads a column of rows and one of what these have.
    pub(crate) fn numbers_of_rows<T: Entry>(
        self,
        places: [usize; 2],
        entries: [&str; 2],
    ) -> Result<(Vec<usize>, Vec<T>), Fault> {
        let most = self.fields.most / 2;
        let ([mut rows], [mut numbers]) = (room(most)?, room(most)?);
        self.each(places, entries, |which, text| match which {
            0 => push(&mut rows, text),
            _ => push(&mut numbers, text),
        })?;
        Ok((rows, numbers))
    }

    /// Hands over what stands in some columns, line by line, with which of them it is; `take` says whether it is
    /// what `entries` has for that.
    pub(crate) fn each<const N: usize>(
        mut self,
        places: [usize; N],
        entries: [&str; N],
        mut take: impl FnMut(usize, &str) -> bool,
    ) -> Result<(), Fault> {
        loop {
            let (mut wrong, mut on) = (None, 0);
            let width = self.fields.record(|at, line, text| {
                on = line;
                for (which, &place) in places.iter().enumerate() {
                    if place == at && !take(which, text) {
                        wrong = Some((which, text.to_owned()));
                    }
                }
            })?;
            if width.is_none() {
                return Ok(());
            }
            if let Some(width) = width.filter(|&width| width != self.width) {
                return Err(Fault::Content(format!(
                    "{} found on line {on}, {} expected, as on line {}",
                    count(width),
                    self.width,
                    self.line
                )));
            }
            if let Some((which, text)) = wrong {
                let entry = entries[which];
                return Err(Fault::Content(format!(
                    "{text:?} found on line {on}, a {entry} expected"
                )));
            }
        }
    }
}

/// Adds the number that a text is, if it is one.
fn push<T: Entry>(list: &mut Vec<T>, text: &str) -> bool {
    text.parse().map(|number| list.push(number)).is_ok()
}

impl Title {
    /// Takes in the title of column `at`.
    fn look(&mut self, columns: &[&Column], at: usize, text: &str) {
        self.is_first_nameless |= at == 0 && text.is_empty();
        let is_number = text.parse::<f64>().is_ok();
        self.has_number |= is_number;
        self.is_no_number |= !is_number;
        match at {
            0 => self.quoted = format!("{text:?}"),
            1..QUOTED => self.quoted += &format!(", {text:?}"),
            QUOTED => self.quoted += ", ...",
            _ => {}
        }
        for (place, column) in self.places.iter_mut().zip(columns) {
            let Some(title) = column.title(text) else {
                continue;
            };
            let wins = |title: usize| column.first_wins && title == 0;
            match place.found {
                Some((_, found)) if wins(found) == wins(title) => place.rival = Some(title),
                Some((_, found)) if wins(found) => {}
                _ => {
                    place.found = Some((at, title));
                    place.rival = None;
                }
            }
        }
    }
}

/// So many columns, in words.
fn count(columns: usize) -> String {
    let plural = if columns == 1 { "" } else { "s" };
    format!("{columns} column{plural}")
}

/// Lists with room for `most` numbers each.
pub(crate) fn room<T, const N: usize>(most: usize) -> io::Result<[Vec<T>; N]> {
    let mut lists = [const { Vec::new() }; N];
    for list in &mut lists {
        list.try_reserve_exact(most)?;
    }
    Ok(lists)
}
