//! The examples themselves, by lists that have a line for every row: paths of images, or texts.

use super::gallery::Shown;
use super::thumbnail::thumbnail;
use coresift_io::Error;
use coresift_io::file;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

/// What the lines of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Paths of images, relative to the folder that the list is in.
    Images,
    /// Texts.
    Texts,
}

/// A list that has a line for every row.
pub(crate) struct Examples {
    pub(crate) kind: Kind,
    path: PathBuf,
}

/// Picked examples as they are shown: the first of the picks.
#[derive(Default)]
pub(crate) struct Picked {
    pub(crate) shown: Vec<Shown>,
    /// All picks there are.
    picks: usize,
    /// Images that could not be read, and what is wrong with the first.
    missing: usize,
    first_missing: Option<String>,
}

impl Picked {
    /// That images could not be read, if so.
    pub(crate) fn missing(&self) -> Option<String> {
        let first = self.first_missing.as_ref()?;
        let (missing, shown) = (self.missing, self.shown.len());
        Some(format!(
            "{missing} of {shown} images cannot be shown ({first})"
        ))
    }

    /// What is to be said of them on the page.
    pub(crate) fn notes(&self) -> Vec<String> {
        let (shown, picks) = (self.shown.len(), self.picks);
        let few = (shown < picks).then(|| format!("The first {shown} of {picks} picks are shown."));
        few.into_iter().chain(self.missing()).collect()
    }
}

/// Examples that are shown, at most.
const MOST: usize = 60;
/// Bytes that all of them may take, so that the page stays under 2 MB.
const MOST_BYTES: usize = 1_200_000;
/// Bytes of a line that are looked at: more is shown of no text, and no path is longer.
const MOST_OF_LINE: usize = 1 << 13;

impl Kind {
    /// The option that names such a list.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Self::Images => "images",
            Self::Texts => "texts",
        }
    }
}

impl Examples {
    /// A list that is checked to have a line for each of so many rows. It is gone through once.
    pub(crate) fn open(kind: Kind, path: &Path, rows: usize) -> Result<Self, Error> {
        let (argument, path) = (kind.argument(), path.to_owned());
        let examples = Self { kind, path };
        let lines = examples.scan(|_, _| {})?;
        if lines != rows {
            let problem = format!("{lines} lines found, one for each of {rows} rows expected");
            return Err(Error::file(&examples.path, argument, problem));
        }
        Ok(examples)
    }

    /// The examples of the first of some rows, as many as there is room for on a page.
    ///
    /// # Errors
    ///
    /// If the list cannot be read any more, or if an image is the page that is to be written.
    pub(crate) fn picked(&self, picks: &[usize], page: &Path) -> Result<Picked, Error> {
        let rows = &picks[..picks.len().min(MOST)];
        let mut lines: BTreeMap<usize, Vec<u8>> =
            rows.iter().map(|&row| (row, Vec::new())).collect();
        self.scan(|row, piece| {
            if let Some(line) = lines.get_mut(&row) {
                let room = MOST_OF_LINE.saturating_sub(line.len());
                line.extend(&piece[..piece.len().min(room)]);
            }
        })?;
        let page = (page, file::identity(page).ok());
        let (mut bytes, mut picked) = (0, Picked::default());
        picked.picks = picks.len();
        for row in rows {
            let shown = self.shown(&text(&lines[row]), &page)?;
            bytes += shown.bytes();
            if bytes > MOST_BYTES {
                break;
            }
            if let Shown::Missing(why) = &shown {
                picked.missing += 1;
                picked.first_missing.get_or_insert_with(|| why.clone());
            }
            picked.shown.push(shown);
        }
        Ok(picked)
    }

    fn shown(&self, line: &str, page: &(&Path, Option<file::Identity>)) -> Result<Shown, Error> {
        if self.kind == Kind::Texts {
            return Ok(Shown::Text(line.to_owned()));
        }
        if line.trim().is_empty() {
            return Ok(Shown::Missing("no image named".to_owned()));
        }
        let path = file::folder(&self.path).join(line);
        let identity = file::identity(&path).ok();
        if identity.is_some() && identity == page.1 {
            let problem = "the same file as an image of the list found, one of its own expected";
            return Err(Error::file(page.0, "report", problem));
        }
        Ok(match thumbnail(&path) {
            Ok((uri, size)) => Shown::Image {
                uri,
                size,
                name: line.to_owned(),
            },
            Err(why) => Shown::Missing(format!("{line}: {why}")),
        })
    }

    /// Goes through the lines: `each` is told of a line's number and a piece of it. Tells how many there are.
    fn scan(&self, each: impl FnMut(usize, &[u8])) -> Result<usize, Error> {
        let argument = self.kind.argument();
        let (file, _) =
            file::open(&self.path).map_err(|why| Error::unopened(&self.path, argument, why))?;
        scan(file, each).map_err(|e| Error::io(&self.path, argument, "cannot read the file", e))
    }
}

/// A line as text, without what ends it or what marks a file as Unicode.
fn text(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    text.strip_suffix('\r').unwrap_or(text).to_owned()
}

/// Goes through lines however long they are: no line is held.
fn scan(file: File, mut each: impl FnMut(usize, &[u8])) -> io::Result<usize> {
    let mut file = BufReader::new(file);
    let (mut line, mut begun) = (0, false);
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            return Ok(line + usize::from(begun));
        }
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let piece = &bytes[..end.unwrap_or(bytes.len())];
        each(line, piece);
        begun = end.is_none();
        line += usize::from(!begun);
        let taken = piece.len() + usize::from(!begun);
        file.consume(taken);
    }
}
