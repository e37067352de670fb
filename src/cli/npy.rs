//! The head of a `.npy` file.
//!
//! It is parsed here, and not by npyz, because the file may come from anywhere: npyz multiplies
//! the shape unchecked and follows nested brackets as deep as the text has them.

use super::failure::Failure;
use npyz::{TypeChar, TypeStr};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A longer header is not taken for one; numpy's own limit is 10,000 characters.
const LONGEST_HEADER: u32 = 1 << 16;

/// An open `.npy` file, read up to its first value.
#[derive(Debug)]
pub(crate) struct Npy {
    /// The file, at the first value.
    pub(crate) file: File,
    /// What it says of itself.
    pub(crate) header: Header,
    path: PathBuf,
    argument: &'static str,
    /// Bytes after the header.
    payload: u64,
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
    pub(crate) start: u64,
}

impl Npy {
    /// Opens the file that `argument` names.
    pub(crate) fn open(path: &Path, argument: &'static str) -> Result<Self, Failure> {
        let io = |problem| move |e| Failure::io(path, argument, problem, e);
        let mut file = File::open(path).map_err(io("cannot open the file"))?;
        let about = file.metadata().map_err(io("cannot read the file"))?;
        if !about.is_file() {
            let kind = if about.is_dir() {
                "a folder"
            } else {
                "a pipe or device"
            };
            let problem = format!("{kind} found, a .npy file expected");
            return Err(Failure::file(path, argument, problem));
        }
        let header =
            Header::read(&mut file).map_err(|problem| Failure::file(path, argument, problem))?;
        let payload = about.len().saturating_sub(header.start);
        Ok(Self {
            file,
            header,
            path: path.to_owned(),
            argument,
            payload,
        })
    }

    /// This file is not what its argument needs.
    pub(crate) fn failure(&self, problem: impl Into<String>) -> Failure {
        Failure::file(&self.path, self.argument, problem)
    }

    /// The system would not read on.
    pub(crate) fn io(&self, source: std::io::Error) -> Failure {
        Failure::io(&self.path, self.argument, "cannot read the file", source)
    }

    /// The file that was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Checks that the file holds what its header promises, neither less nor more; gives the
    /// number of values.
    pub(crate) fn check_size(&self) -> Result<usize, Failure> {
        let Header { dtype, shape, .. } = &self.header;
        let values = shape
            .iter()
            .try_fold(1u64, |product, &n| product.checked_mul(n));
        let bytes = values.and_then(|n| n.checked_mul(dtype.size_field()));
        let promise = format!("shape {} of {}", show(shape), name(dtype));
        match bytes {
            Some(bytes) if bytes == self.payload => {}
            Some(bytes) => {
                let found = self.payload;
                return Err(self.failure(format!(
                    "{found} bytes of values found, {bytes} expected ({promise})"
                )));
            }
            None => {
                return Err(self.failure(format!("{promise} found, less than 2^64 bytes expected")));
            }
        }
        values
            .and_then(|n| usize::try_from(n).ok())
            .ok_or_else(|| self.failure(format!("{promise} found, fewer values expected")))
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
    /// Reads the header and leaves the file at its first value.
    fn read(file: &mut File) -> Result<Self, String> {
        let mut magic = [0; 8];
        if file.read_exact(&mut magic).is_err() || !magic.starts_with(b"\x93NUMPY") {
            return Err("no .npy header found, one expected at the start of the file".to_owned());
        }
        let broken =
            |what: &str| format!("a broken .npy header found ({what}), a whole one expected");
        let mut length = [0; 4];
        let width = match magic[6] {
            1 => 2,
            2 | 3 => 4,
            version => return Err(format!("npy version {version} found, 1 to 3 expected")),
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
        let (mut dtype, mut fortran, mut shape) = (None, None, None);
        let mut rest = Cursor(text);
        rest.expect('{')?;
        while !rest.take('}') {
            let key = rest.quoted()?;
            rest.expect(':')?;
            match key {
                "descr" => dtype = Some(rest.dtype()?),
                "fortran_order" => fortran = Some(rest.truth()?),
                "shape" => shape = Some(rest.shape()?),
                _ => return Err(rest.broken()),
            }
            if !rest.take(',') {
                rest.expect('}')?;
                break;
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

/// What is left of a header's text.
struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn broken(&self) -> String {
        let near: String = self.0.chars().take(20).collect();
        format!("a broken .npy header found (at {near:?}), a whole one expected")
    }

    /// Passes `c`, if it is next.
    fn take(&mut self, c: char) -> bool {
        self.0 = self.0.trim_start();
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn expect(&mut self, c: char) -> Result<(), String> {
        if self.take(c) {
            Ok(())
        } else {
            Err(self.broken())
        }
    }

    /// Passes as many characters as `belongs` holds for.
    fn run(&mut self, belongs: impl Fn(char) -> bool) -> &'a str {
        self.0 = self.0.trim_start();
        let end = self.0.find(|c| !belongs(c)).unwrap_or(self.0.len());
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        run
    }

    fn quoted(&mut self) -> Result<&'a str, String> {
        let quote = if self.take('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect(quote)?;
        }
        let text = self.run(|c| c != quote);
        self.expect(quote)?;
        Ok(text)
    }

    fn dtype(&mut self) -> Result<TypeStr, String> {
        if self.take('[') {
            return Err("a record dtype found, one number an entry expected".to_owned());
        }
        let text = self.quoted()?;
        text.parse()
            .map_err(|_| format!("dtype {text:?} found, a numpy type expected"))
    }

    fn truth(&mut self) -> Result<bool, String> {
        match self.run(char::is_alphabetic) {
            "True" => Ok(true),
            "False" => Ok(false),
            _ => Err(self.broken()),
        }
    }

    fn shape(&mut self) -> Result<Vec<u64>, String> {
        let mut shape = Vec::new();
        self.expect('(')?;
        while !self.take(')') {
            let digits = self.run(|c| c.is_ascii_digit());
            let axis = digits.parse().map_err(|_| match digits {
                "" => self.broken(),
                _ => format!("an axis of {digits} entries found, fewer than 2^64 expected"),
            })?;
            shape.push(axis);
            if !self.take(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_parse() {
        let parse =
            |text| Header::parse(text, 80).map(|h| (h.dtype.to_string(), h.fortran, h.shape));
        let numpy = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }     \n";
        assert_eq!(parse(numpy), Ok(("<f4".to_owned(), false, vec![2, 3])));
        let terse = r#"{"shape":(7,),"fortran_order":True,"descr":">i8"}"#;
        assert_eq!(parse(terse), Ok((">i8".to_owned(), true, vec![7])));
        let scalar = "{'descr': '|u1', 'fortran_order': False, 'shape': ()}";
        assert_eq!(parse(scalar), Ok(("|u1".to_owned(), false, vec![])));
    }

    #[test]
    fn broken_headers_are_refused() {
        let nested = format!("{{'shape': {}", "(".repeat(60_000));
        for text in [
            "",
            "{",
            "{}",
            "{'descr'",
            "{'descr': '<f4', 'shape': (2, 3)}",
            "{'descr': '<f4' 'fortran_order': False, 'shape': (2, 3)}",
            "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (2, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}",
            "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 3)}",
            "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}",
            "{'descr': '<q4', 'fortran_order': False, 'shape': (2,)}",
            &nested,
        ] {
            assert!(Header::parse(text, 0).is_err(), "{text}");
        }
    }
}
