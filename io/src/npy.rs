//! The head of a `.npy` file, in every way that numpy and those who follow it write it.
//!
//! py_literal parses it, as it does for npyz, which then multiplies the shape unchecked. The file may
//! come from anywhere, and py_literal tries what is in brackets anew at each level and takes some
//! hundred bytes a character: so depth and length are bounded before.

use crate::error::{Error, Origin};
use crate::file;
use crate::form::{Form, HEAD};
use crate::stretch::Stretch;
use npyz::{Endianness, TypeChar, TypeStr};
use py_literal::Value;
use std::io::Read;
use std::path::Path;

/// A longer header is not taken for one, as by numpy.
const LONGEST_HEADER: u32 = 10_000;

/// Most of it that is not padding: enough for numpy's 64 axes, were they short.
const LONGEST_TEXT: usize = 256;

/// An open `.npy` file whose header has been read.
#[derive(Debug)]
pub(crate) struct Npy {
    /// What it says of itself.
    pub(crate) header: Header,
    /// All that follows the header: the values.
    pub(crate) payload: Stretch,
    /// Whose errors are.
    pub(crate) origin: Origin,
}

/// What a `.npy` file says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Type of the values.
    pub(crate) dtype: TypeStr,
    /// Whether columns are consecutive, and not rows.
    pub(crate) fortran: bool,
    /// Length of each axis.
    pub(crate) shape: Vec<u64>,
    /// Where the values begin.
    start: u64,
}

impl Npy {
    /// Opens the file that `argument` names.
    pub(crate) fn open(path: &Path, argument: &'static str) -> Result<Self, Error> {
        let (file, about) = file::open(path).map_err(|why| Error::unopened(path, argument, why))?;
        Self::of(&Stretch::new(file, about), Origin::new(path, argument))
    }

    /// Reads the header of what a file holds there.
    pub(crate) fn of(stretch: &Stretch, origin: Origin) -> Result<Self, Error> {
        let header =
            Header::read(&mut stretch.reader()).map_err(|problem| origin.failure(problem))?;
        Ok(Self {
            payload: stretch.from(header.start),
            header,
            origin,
        })
    }

    /// Checks that the file holds what its header promises, neither less nor more; gives the
    /// number of values.
    pub(crate) fn check_size(&self) -> Result<usize, Error> {
        let Header { dtype, shape, .. } = &self.header;
        let values = shape
            .iter()
            .try_fold(1u64, |product, &n| product.checked_mul(n));
        let bytes = values.and_then(|n| n.checked_mul(dtype.size_field()));
        let promise = format!("shape {} of {}", show(shape), name(dtype));
        match bytes {
            Some(bytes) if bytes == self.payload.len() => {}
            Some(bytes) => {
                let found = self.payload.len();
                return Err(self.origin.failure(format!(
                    "{found} bytes of values found, {bytes} expected ({promise})"
                )));
            }
            None => {
                return Err(self
                    .origin
                    .failure(format!("{promise} found, less than 2^64 bytes expected")));
            }
        }
        values.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| {
            self.origin
                .failure(format!("{promise} found, fewer values expected"))
        })
    }
}

/// A shape as Python writes it.
pub(crate) fn show(shape: &[u64]) -> String {
    let axes: Vec<_> = shape.iter().map(u64::to_string).collect();
    if let [axis] = &axes[..] {
        format!("({axis},)")
    } else {
        format!("({})", axes.join(", "))
    }
}

/// A type as numpy calls it, such as `float32`.
pub(crate) fn name(dtype: &TypeStr) -> String {
    let kind = match dtype.type_char() {
        TypeChar::Bool => return "bool".to_owned(),
        TypeChar::Int => "int",
        TypeChar::Uint => "uint",
        TypeChar::Float => "float",
        TypeChar::Complex => "complex",
        _ => return format!("dtype {dtype}"),
    };
    format!("{kind}{}", 8 * dtype.size_field())
}

impl Header {
    /// Reads the header, and nothing that follows it.
    pub(crate) fn read(file: &mut impl Read) -> Result<Self, String> {
        let mut head = Vec::new();
        let read = file.take(8).read_to_end(&mut head);
        let magic: [u8; 8] = match head[..].try_into() {
            Ok(magic) if Form::of(&head) == Some(Form::Npy) => magic,
            _ => {
                // What it is instead may take some more bytes to tell.
                let _ = read.and_then(|_| file.take(HEAD - 8).read_to_end(&mut head));
                return Err(match Form::of(&head) {
                    None | Some(Form::Npy) => {
                        "no .npy header found, one expected at the start of the file".to_owned()
                    }
                    Some(form) => format!("{} found, a .npy file expected", form.name()),
                });
            }
        };
        let mut length = [0; 4];
        let width = match magic[6..] {
            [1, 0] => 2,
            [2 | 3, 0] => 4,
            _ => {
                let (major, minor) = (magic[6], magic[7]);
                return Err(format!(
                    "npy version {major}.{minor} found, 1.0 to 3.0 expected"
                ));
            }
        };
        file.read_exact(&mut length[..width])
            .map_err(|_| broken("it ends early"))?;
        let length = u32::from_le_bytes(length);
        if length > LONGEST_HEADER {
            return Err(format!(
                "a header of {length} bytes found, at most {LONGEST_HEADER} expected"
            ));
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text)
            .map_err(|_| broken("it ends early"))?;
        let text = std::str::from_utf8(&text).map_err(|_| broken("it is no text"))?;
        let start = 8 + width as u64 + u64::from(length);
        Self::parse(text, start)
    }

    /// Parses `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`.
    fn parse(text: &str, start: u64) -> Result<Self, String> {
        let text = plain(text)?;
        let Ok(Value::Dict(entries)) = text.parse() else {
            return Err(broken(&text));
        };
        let (mut dtype, mut fortran, mut shape) = (None, None, None);
        for (key, value) in &entries {
            match (key.as_string().map(String::as_str), value) {
                (Some("descr"), Value::String(descr)) => dtype = Some(of_name(descr)?),
                (Some("fortran_order"), Value::Boolean(is_fortran)) => fortran = Some(*is_fortran),
                (Some("shape"), Value::Tuple(axes)) => {
                    shape = Some(axes.iter().map(axis).collect::<Result<_, _>>()?);
                }
                _ => return Err(broken(&text)),
            }
        }
        match (dtype, fortran, shape) {
            (Some(dtype), Some(fortran), Some(shape)) => Ok(Self {
                dtype,
                fortran,
                shape,
                start,
            }),
            _ => Err(
                "a .npy header without descr, fortran_order or shape found, all three expected"
                    .to_owned(),
            ),
        }
    }
}

fn broken(what: &str) -> String {
    let what: String = what.chars().take(80).collect();
    format!("a broken .npy header found ({what}), a whole one expected")
}

/// A header as Python 3 writes it on one line, of one as Python 2 does too: `10L`, `u'descr'`.
fn plain(header: &str) -> Result<String, String> {
    let mut plain = String::new();
    let (mut quote, mut depth) = (None, 0);
    for c in header.chars() {
        let last = plain.chars().next_back();
        match c {
            '\\' => return Err(broken("a backslash")),
            _ if quote.is_some() => quote = quote.filter(|&open| open != c),
            '\'' | '"' => {
                quote = Some(c);
                if matches!(last, Some('u' | 'U' | 'r' | 'R')) {
                    plain.pop();
                }
            }
            '[' => {
                return Err("a record dtype found, one number an entry expected".to_owned());
            }
            '{' | '(' if depth == 2 => return Err(broken("brackets within brackets")),
            '{' | '(' => depth += 1,
            '}' | ')' => depth -= 1,
            'L' if plain
                .trim_end()
                .ends_with(|last: char| last.is_ascii_digit()) =>
            {
                continue;
            }
            _ if c.is_ascii_whitespace() => {
                if !plain.ends_with(' ') {
                    plain.push(' ');
                }
                continue;
            }
            _ => {}
        }
        plain.push(c);
        if plain.len() > LONGEST_TEXT {
            return Err(broken(&format!("{}...", &plain)));
        }
    }
    Ok(plain)
}

/// The type that numpy knows as `descr`; one that names no byte order has this machine's.
fn of_name(descr: &str) -> Result<TypeStr, String> {
    let (order, word) = match descr.get(..1) {
        Some(order @ ("<" | ">" | "=" | "|")) => (order, &descr[1..]),
        _ => ("=", descr),
    };
    let word = match word {
        "?" | "bool" => "b1",
        "b" | "int8" => "i1",
        "B" | "uint8" => "u1",
        "h" | "int16" => "i2",
        "H" | "uint16" => "u2",
        "i" | "int32" => "i4",
        "I" | "uint32" => "u4",
        "l" | "q" | "int" | "int64" => "i8",
        "L" | "Q" | "uint" | "uint64" => "u8",
        "e" | "half" | "float16" => "f2",
        "f" | "single" | "float32" => "f4",
        "d" | "double" | "float" | "float64" => "f8",
        code => code,
    };
    let machine = Endianness::of_machine().to_str();
    let with = |order: &str| format!("{order}{word}").parse();
    with(order)
        .or_else(|_: npyz::ParseTypeStrError| with(machine))
        .map_err(|_| format!("dtype {descr:?} found, a numpy type expected"))
}

fn axis(value: &Value) -> Result<u64, String> {
    let axis = value.as_integer().and_then(|axis| axis.try_into().ok());
    axis.ok_or_else(|| format!("an axis of {value} found, up to 2^64 - 1 expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_parse() {
        let parse =
            |text: &str| Header::parse(text, 80).map(|h| (h.dtype.to_string(), h.fortran, h.shape));
        let machine = Endianness::of_machine().to_str();
        let native = |code: &str| format!("{machine}{code}");
        for (text, dtype, fortran, shape) in [
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n",
                "<f4",
                false,
                &[2, 3][..],
            ),
            (
                r#"{"shape":(7,),"fortran_order":True,"descr":">i8"}"#,
                ">i8",
                true,
                &[7],
            ),
            (
                "{'descr': '|u1', 'fortran_order': False, 'shape': ()}",
                "|u1",
                false,
                &[],
            ),
            (
                "{u'descr': u'<f4', u'fortran_order': False, u'shape': (10L, 4L), }",
                "<f4",
                false,
                &[10, 4],
            ),
            (
                " {\n'descr'\t:\"=f4\" ,\r\n'fortran_order':True, 'shape':( 10 L ,4L,) } \n",
                &native("f4"),
                true,
                &[10, 4],
            ),
        ] {
            let want = Ok((dtype.to_owned(), fortran, shape.to_vec()));
            assert_eq!(parse(text), want, "{text}");
        }
        for (descr, code) in [
            ("f4", "f4"),
            ("|f4", "f4"),
            ("=f8", "f8"),
            ("f", "f4"),
            ("float16", "f2"),
            ("u1", "u1"),
            ("i8", "i8"),
        ] {
            let text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,)}}");
            assert_eq!(parse(&text).unwrap().0, native(code), "{descr}");
        }
    }

    #[test]
    fn broken_headers_are_refused() {
        let nested = format!("{{'shape': {}", "(".repeat(9_000));
        let long = format!("{{'shape': ({}", "1, ".repeat(3_000));
        for (text, message) in [
            ("", "broken"),
            ("{", "broken"),
            ("{}", "without descr, fortran_order or shape"),
            ("{'descr'", "broken"),
            ("{'descr': '<f4', 'shape': (2, 3)}", "without descr"),
            (
                "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}",
                "broken",
            ),
            (
                "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3)}",
                "broken",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}",
                "an axis of -2 found",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0, 3)}",
                "an axis of 2",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3)}",
                "an axis of 99999999999999999999 found",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (3)}",
                "broken",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), 'more': 1}",
                "broken",
            ),
            (
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)} more",
                "broken",
            ),
            (
                "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
                "a record dtype found",
            ),
            (
                "{'descr': '<q4', 'fortran_order': False, 'shape': (2,)}",
                "dtype \"<q4\" found",
            ),
            (
                "{'descr': '', 'fortran_order': False, 'shape': (2,)}",
                "dtype \"\" found",
            ),
            (&nested, "brackets within brackets"),
            (&long, "broken"),
        ] {
            let problem = Header::parse(text, 0).unwrap_err();
            assert!(problem.contains(message), "{text}: {problem}");
        }
    }
}
