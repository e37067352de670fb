//! The fields of `.csv` and `.txt` files, one after the other.
//!
//! csv-core hands over a field at a time. The csv crate keeps a record whole, which takes many times the
//! bytes of its line where fields are short.

use crate::target::Format;
use csv_core::{ReadFieldResult, Reader, ReaderBuilder};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _};

/// Bytes of a field that are looked at: all of any number, and of any title that is looked for.
pub(crate) const FIELD: usize = 64;

/// The fields of a file, one after the other.
pub(crate) struct Fields {
    file: BufReader<File>,
    csv: Reader,
    separator: u8,
    /// How many numbers there are at most.
    pub(crate) most: usize,
}

/// A field, as far as it is looked at.
struct Field {
    text: [u8; FIELD],
    length: usize,
    line: u64,
    is_last: bool,
}

impl Fields {
    pub(crate) fn open(file: File, format: Format) -> io::Result<Self> {
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

    /// Whether blanks stand between the fields.
    pub(crate) fn are_between_blanks(&self) -> bool {
        self.separator == b' '
    }

    /// Takes every line for one field, by a separator that no text has.
    pub(crate) fn take_whole_lines(&mut self) {
        self.separator = 0x1f;
        self.csv = ReaderBuilder::new().delimiter(self.separator).build();
    }

    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.csv.reset();
        self.file.rewind()
    }

    /// Passes on the fields of the next line that is not blank: each one's place in it, the number of
    /// the line and the text, without blanks around. Gives how many there are.
    pub(crate) fn record(
        &mut self,
        mut see: impl FnMut(usize, u64, &str),
    ) -> io::Result<Option<usize>> {
        let (mut width, mut first) = (0, true);
        while let Some(field) = self.field()? {
            let whole = String::from_utf8_lossy(&field.text[..field.length.min(FIELD)]);
            let text = whole.trim();
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
                    // With blanks around it is longer than any that is looked at whole.
                    see(width, field.line, &format!("{whole}..."));
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
