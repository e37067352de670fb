//! Several sources as one: the rows of the first, then those of the second, and so on.

use super::{Source, Stored};
use crate::error::Error;
use crate::stretch::{Memory, Stretch};
use serde_json::Value;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A file, and its rows.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) bytes: Stretch,
    pub(super) source: Box<dyn Source>,
}

/// Files of rows of one length and type, one after another.
#[derive(Debug)]
pub struct Many {
    parts: Vec<Part>,
    /// The first row of each, and the number of all.
    firsts: Vec<usize>,
}

impl Many {
    /// One source of at least one; `refuse` says what is wrong with a file that does not go with the first.
    pub(super) fn new(
        parts: Vec<Part>,
        refuse: impl Fn(&Path, String) -> Error,
    ) -> Result<Self, Error> {
        let first = &parts[0];
        let name = first.path.display();
        let (dim, kind) = (first.source.dim(), first.source.stored().kind);
        let mut firsts = vec![0usize];
        for Part { path, source, .. } in &parts {
            let found = source.stored().kind;
            if found != kind {
                let (found, expected) = (found.name(), kind.name());
                let problem = format!("{found} found, {expected} expected, as in {name}");
                return Err(refuse(path, problem));
            }
            if source.dim() != dim {
                let found = source.dim();
                let problem = format!("rows of {found} values found, {dim} expected, as in {name}");
                return Err(refuse(path, problem));
            }
            let rows = firsts[firsts.len() - 1].checked_add(source.rows());
            let values = rows.filter(|rows| rows.checked_mul(dim).is_some());
            firsts.push(values.ok_or_else(|| {
                refuse(
                    path,
                    "more values found than can be counted, fewer expected".to_owned(),
                )
            })?);
        }
        Ok(Self { parts, firsts })
    }

    /// Whether there is more than one file.
    pub(crate) fn is_several(&self) -> bool {
        self.parts.len() > 1
    }

    /// All bytes, where they are of one array in memory.
    pub(crate) fn memory(&self) -> Option<&Memory> {
        match &self.parts[..] {
            [part] => part.bytes.memory(),
            _ => None,
        }
    }

    /// A file that was written to since it was opened.
    pub(crate) fn changed(&self) -> Option<&Path> {
        let changed = self.parts.iter().find(|part| part.bytes.is_changed());
        changed.map(|part| &*part.path)
    }

    /// Whether it is found now that the file that a row is in was written to since it was opened: to be asked
    /// after every read.
    pub(crate) fn is_found_changed_at(&self, row: usize) -> bool {
        self.parts[self.part(row)].bytes.is_found_changed()
    }

    /// The file that a row is in, and its number there.
    #[must_use]
    pub fn place(&self, row: usize) -> (&Path, usize) {
        let part = self.part(row);
        (&self.parts[part].path, row - self.firsts[part])
    }

    /// The number of the file that a row is in.
    fn part(&self, row: usize) -> usize {
        self.firsts.partition_point(|&first| first <= row) - 1
    }

    /// Reads the rows of each part that `out` has room for.
    fn each<T>(
        &self,
        first_row: usize,
        mut out: &mut [T],
        read: impl Fn(&dyn Source, usize, &mut [T]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut row = first_row;
        while !out.is_empty() {
            let part = self.part(row);
            let values = (self.firsts[part + 1] - row) * self.dim();
            let (here, after) = out.split_at_mut(values.min(out.len()));
            read(&*self.parts[part].source, row - self.firsts[part], here)?;
            (out, row) = (after, self.firsts[part + 1]);
        }
        Ok(())
    }
}

impl Source for Many {
    fn rows(&self) -> usize {
        self.firsts[self.parts.len()]
    }

    fn dim(&self) -> usize {
        self.parts[0].source.dim()
    }

    fn stored(&self) -> Stored {
        self.parts[0].source.stored()
    }

    fn is_by_position(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.all(|part| part.source.is_by_position())
    }

    fn block(&self, row: usize) -> Range<usize> {
        let part = self.part(row);
        let first = self.firsts[part];
        let block = self.parts[part].source.block(row - first);
        block.start + first..block.end + first
    }

    fn read(&self, first_row: usize, out: &mut [f32]) -> Result<(), Error> {
        self.each(first_row, out, |source, first, out| source.read(first, out))
    }

    fn ids(&self, column: &str, rows: &[usize]) -> Result<Vec<Value>, Error> {
        let mut ids = vec![Value::Null; rows.len()];
        for (part, bounds) in self.parts.iter().zip(self.firsts.windows(2)) {
            let is_here = |place: &usize| (bounds[0]..bounds[1]).contains(&rows[*place]);
            let places: Vec<usize> = (0..rows.len()).filter(is_here).collect();
            let here: Vec<usize> = places.iter().map(|&at| rows[at] - bounds[0]).collect();
            for (at, id) in places.into_iter().zip(part.source.ids(column, &here)?) {
                ids[at] = id;
            }
        }
        Ok(ids)
    }

    fn read_wide(&self, first_row: usize, out: &mut [f64]) -> Result<(), Error> {
        self.each(first_row, out, |source, first, out| {
            source.read_wide(first, out)
        })
    }
}
