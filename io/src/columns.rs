//! Columns of integers, by their titles, from `.csv` and `.txt` files.
//!
//! csv-core hands over a field at a time. The csv crate keeps a record whole, which takes many times the
//! bytes of its line where fields are short.

use crate::target::Format;
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _};

/// Bytes of a field that are looked at: all of any number, and of any title that is looked for.
const FIELD: usize = 64;

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
    /// What it says, if it is a title: if any of its fields is no number.
    title: Option<Title>,
}

/// A title line.
#[derive(Default)]
struct Title {
    /// The first few titles.
    quoted: String,
    /// Whether the first column has none, as pandas writes an index.
    is_first_nameless: bool,
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
        let mut fields = Fields::open(file, format)?;
        let mut title = Title::default();
        title.places.resize_with(columns.len(), Place::default);
        let (mut is_title, mut line) = (false, 1);
        let width = fields.record(|at, on_line, text| {
            is_title |= text.parse::<f64>().is_err();
            line = on_line;
            title.look(columns, at, text);
        })?;
        if !is_title {
            fields.restart()?;
        }
        Ok(Self {
            fields,
            columns,
            width: width.unwrap_or(0),
            line,
            title: is_title.then_some(title),
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
    pub(crate) fn numbers<const N: usize>(
        mut self,
        places: [usize; N],
        entries: [&str; N],
    ) -> Result<[Vec<usize>; N], Fault> {
        let mut lists = room(self.fields.most / N)?;
        loop {
            let (mut wrong, mut on) = (None, 0);
            let width = self.fields.record(|at, line, text| {
                on = line;
                for (which, list) in lists.iter_mut().enumerate() {
                    if places[which] != at {
                        continue;
                    }
                    match text.parse() {
                        Ok(number) => list.push(number),
                        Err(_) => wrong = Some((which, text.to_owned())),
                    }
                }
            })?;
            if width.is_none() {
                return Ok(lists);
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

impl Title {
    /// Takes in the title of column `at`.
    fn look(&mut self, columns: &[&Column], at: usize, text: &str) {
        self.is_first_nameless |= at == 0 && text.is_empty();
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

/// The fields of a file, one after the other.
struct Fields {
    file: BufReader<File>,
    csv: Reader,
    separator: u8,
    /// How many numbers there are at most.
    most: usize,
}

/// A field, as far as it is looked at.
struct Field {
    text: [u8; FIELD],
    length: usize,
    line: u64,
    is_last: bool,
}

impl Fields {
    fn open(file: File, format: Format) -> io::Result<Self> {
        let mut file = BufReader::new(file);
        let most = most_numbers(&mut file)?;
        let separator = separator(file.fill_buf()?, format);
        let csv = ReaderBuilder::new().delimiter(separator).build();
        Ok(Self {
            file,
            csv,
            separator,
            most,
        })
    }

    fn restart(&mut self) -> io::Result<()> {
        self.csv.reset();
        self.file.rewind()
    }

    /// Passes on the fields of the next line that is not blank: each one's place in it, the number of
    /// the line and the text, without blanks around. Gives how many there are.
    fn record(&mut self, mut see: impl FnMut(usize, u64, &str)) -> io::Result<Option<usize>> {
        let (mut width, mut first) = (0, true);
        while let Some(field) = self.field()? {
            let text = String::from_utf8_lossy(&field.text[..field.length.min(FIELD)]);
            let text = text.trim();
            // There is none between blanks, and none on a line of blanks; but quotes alone are one.
            let is_line = first && field.is_last;
            let is_none = if is_line {
                field.length > 0
            } else {
                self.separator == b' '
            };
            first = field.is_last;
            if !(text.is_empty() && is_none) {
                if field.length > FIELD {
                    see(width, field.line, &format!("{text}..."));
                } else {
                    see(width, field.line, text);
                }
                width += 1;
            }
            if field.is_last && width > 0 {
                return Ok(Some(width));
            }
        }
        Ok(None)
    }

    fn field(&mut self) -> io::Result<Option<Field>> {
        let (mut text, mut length) = ([0; FIELD], 0);
        let mut spare = [0; FIELD];
        loop {
            let bytes = self.file.fill_buf()?;
            let room = if length < FIELD {
                &mut text[length..]
            } else {
                &mut spare
            };
            let (result, read, written) = self.csv.read_field(bytes, room);
            let is_past_line = read > 0 && bytes[read - 1] == b'\n';
            self.file.consume(read);
            length += written;
            match result {
                ReadFieldResult::InputEmpty | ReadFieldResult::OutputFull => {}
                ReadFieldResult::Field { record_end } => {
                    return Ok(Some(Field {
                        text,
                        length,
                        line: self.csv.line() - u64::from(is_past_line),
                        is_last: record_end,
                    }));
                }
                ReadFieldResult::End => return Ok(None),
            }
        }
    }
}

/// What stands between the fields: in the first line the first comma, semicolon or tab outside of
/// quotes; else, in a `.txt` file, blanks.
fn separator(start: &[u8], format: Format) -> u8 {
    let (mut is_quoted, mut is_begun) = (false, false);
    for &byte in start {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b',' | b';' | b'\t' if !is_quoted => return byte,
            b'\r' | b'\n' if is_begun && !is_quoted => break,
            _ => {}
        }
        is_begun |= !byte.is_ascii_whitespace();
    }
    if format == Format::Txt { b' ' } else { b',' }
}

/// So many columns, in words.
fn count(columns: usize) -> String {
    let plural = if columns == 1 { "" } else { "s" };
    format!("{columns} column{plural}")
}

/// How many numbers a text can hold: as many as it has runs of digits. Lists are made as long from the
/// start, since one that doubles as it fills takes up to three times as much.
pub(crate) fn most_numbers(file: &mut BufReader<File>) -> io::Result<usize> {
    let (mut runs, mut is_inside) = (0, false);
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        for byte in bytes {
            let is_digit = byte.is_ascii_digit();
            runs += usize::from(is_digit && !is_inside);
            is_inside = is_digit;
        }
        let read = bytes.len();
        file.consume(read);
    }
    file.rewind()?;
    Ok(runs)
}

/// Lists with room for `most` numbers each.
pub(crate) fn room<const N: usize>(most: usize) -> io::Result<[Vec<usize>; N]> {
    let mut lists = [const { Vec::new() }; N];
    for list in &mut lists {
        list.try_reserve_exact(most)?;
    }
    Ok(lists)
}
