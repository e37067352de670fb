//! Finds out what is in the files that a user names.

use super::fixed::Fixed;
use super::location::{Location, is_stdin};
use super::many::{Many, Part};
use super::{Array, Raw, Source, raw, shards};
use crate::error::{Error, Origin};
use crate::file;
use crate::form::{Form, HEAD};
use crate::npy::Npy;
use crate::stretch::Stretch;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

/// The forms that are read, in words.
const READABLE: &str = ".npy, .npz, .safetensors, .parquet or Arrow file";

/// Opens all that the names of an argument stand for as one source, in natural order. `raw` says what is
/// in files of no form that has a name. Also gives what lacks in a numbered sequence, in words.
///
/// # Errors
///
/// [`Error::File`] for what has no rows of features, and for a file whose rows do not go with the others'.
pub fn open(
    named: &[PathBuf],
    argument: &'static str,
    raw: Option<Raw>,
) -> Result<(Many, Option<String>), Error> {
    let mut files = Vec::new();
    for name in named {
        let location = Location::of(name);
        let found = location.files(raw.is_some());
        let found = found.map_err(|problem| Error::file(&location.path, argument, problem))?;
        files.extend(found.into_iter().map(|path| (path, location.key.clone())));
    }
    shards::sort(&mut files);
    if let Some(pair) = files.windows(2).find(|pair| pair[0] == pair[1]) {
        let problem = "found twice, every file once expected";
        return Err(Error::file(&pair[0].0, argument, problem));
    }
    file::allow(files.len());
    let gaps = shards::gaps(&files);
    let part = |(path, key): (PathBuf, Option<String>)| {
        let origin = Origin::new(&path, argument);
        let bytes = bytes(&origin)?;
        let source = one(&bytes, key.as_deref(), raw, origin)?;
        Ok(Part {
            path,
            bytes,
            source,
        })
    };
    let parts: Vec<Part> = files.into_iter().map(part).collect::<Result<_, Error>>()?;
    let refuse = |path: &Path, problem| Error::file(path, argument, problem);
    Ok((Many::new(parts, refuse)?, gaps))
}

/// An array in memory as a source.
///
/// # Errors
///
/// [`Error::File`] for what has no rows of features.
pub(crate) fn array(array: Array, argument: &'static str) -> Result<Many, Error> {
    let origin = Origin::new(Path::new(""), argument);
    let Array {
        memory,
        stored,
        shape,
    } = array;
    let bytes = Stretch::of_memory(memory);
    let value = stored.kind.bytes();
    let needed = (shape.iter()).try_fold(value, |bytes, &axis| bytes.checked_mul(axis));
    if needed.map(|bytes| bytes as u64) != Some(bytes.len()) {
        let (found, [rows, dim]) = (bytes.len(), shape);
        return Err(origin.failure(format!(
            "{found} bytes found, {rows} rows of {dim} {} values expected",
            stored.kind.name()
        )));
    }
    let shape = shape.map(|axis| axis as u64);
    let part = Part {
        path: PathBuf::new(),
        source: Box::new(Fixed::new(bytes.clone(), stored, &shape, origin.clone())?),
        bytes,
    };
    Many::new(vec![part], |_, problem| origin.failure(problem))
}

/// The bytes of one file.
fn bytes(origin: &Origin) -> Result<Stretch, Error> {
    if is_stdin(&origin.path) {
        return stdin(origin);
    }
    let opened = file::open(&origin.path);
    let (file, about) =
        opened.map_err(|why| Error::unopened(&origin.path, origin.argument, why))?;
    Ok(Stretch::new(file, about))
}

/// The rows of one file.
fn one(
    bytes: &Stretch,
    key: Option<&str>,
    raw: Option<Raw>,
    origin: Origin,
) -> Result<Box<dyn Source>, Error> {
    let mut head = Vec::new();
    let read = bytes.reader().take(HEAD).read_to_end(&mut head);
    read.map_err(|e| origin.io(e))?;
    let Some(form) = Form::of(&head) else {
        let raw = key.and_then(|key| key.parse().ok()).or(raw);
        return match raw {
            Some(raw) => Ok(Box::new(raw::open(bytes.clone(), raw, origin)?)),
            None => Err(unknown(&origin)),
        };
    };
    match form {
        Form::Npy => match key {
            None => Ok(Box::new(Fixed::of_npy(&Npy::of(bytes, origin)?)?)),
            Some(key) => Err(origin.failure(format!(
                "a .npy file and a name, {key:?}, found, no name expected (it holds one array)"
            ))),
        },
        #[cfg(feature = "npz")]
        Form::Zip => super::npz::open(bytes, key, &origin),
        #[cfg(feature = "parquet")]
        Form::Parquet => super::parquet::open(bytes.clone(), key, &origin),
        #[cfg(feature = "arrow")]
        Form::ArrowFile => super::arrow::open_file(bytes.clone(), key, &origin),
        #[cfg(feature = "arrow")]
        Form::ArrowStream => super::arrow::open_stream(bytes.clone(), key, &origin),
        #[cfg(feature = "safetensors")]
        Form::Safetensors => super::safetensors::open(bytes, key, &origin),
        _ => Err(origin.failure(match form.is_foreign() {
            true => format!("{} found, a {READABLE} expected", form.name()),
            false => format!("{} found, which this build leaves out", form.name()),
        })),
    }
}

/// All of standard input.
fn stdin(origin: &Origin) -> Result<Stretch, Error> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return Err(origin.failure("a terminal found, a file or a pipe expected"));
    }
    Stretch::spool(stdin.lock()).map_err(|e| {
        let problem = "cannot keep standard input in a temporary file";
        Error::io(&origin.path, origin.argument, problem, e)
    })
}

/// A file of no form that has a name.
fn unknown(origin: &Origin) -> Error {
    let ending = origin.path.extension().unwrap_or_default();
    if ending.eq_ignore_ascii_case("npy") {
        return origin.failure("no .npy header found, one expected at the start of the file");
    }
    origin.failure(format!(
        "no {READABLE} found, one expected (--raw TYPE,DIM says what a file of values alone holds)"
    ))
}
