//! Feature matrices from files of any form, in one copy whatever their type and order.

pub(crate) mod mean;

use crate::error::{Error, Origin};
use crate::loaded::InPlace;
use crate::memory;
use crate::source::{self, Array, Kind, Many, Raw, Source, Stored};
pub use crate::values::Values;
use coresift::{Features, Precision};
use rayon::prelude::*;
use serde_json::Value;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Values read between two tidings of progress, by all cores.
const ROUND: usize = 1 << 23;

/// Features whose files have been opened and found good, as far as that can be told without reading them.
#[derive(Debug)]
pub struct FeatureFile {
    source: Many,
    argument: &'static str,
    named: PathBuf,
    gaps: Option<String>,
    /// Where the rows begin among those of the source.
    first: usize,
    /// Number of examples.
    pub rows: usize,
    /// Values an example.
    pub dim: usize,
}

impl FeatureFile {
    /// Opens what the names of `argument` stand for, and checks all that headers and sizes can tell. `raw`
    /// says what files without a header hold.
    ///
    /// # Errors
    ///
    /// [`Error::File`] for what has no rows of features.
    pub fn open(
        named: &[PathBuf],
        argument: &'static str,
        raw: Option<Raw>,
    ) -> Result<Self, Error> {
        let (source, gaps) = source::open(named, argument, raw)?;
        Ok(Self {
            argument,
            named: named[0].clone(),
            gaps,
            first: 0,
            rows: source.rows(),
            dim: source.dim(),
            source,
        })
    }

    /// An array in memory that an application lends. Errors name `argument` and no file.
    ///
    /// # Errors
    ///
    /// [`Error::File`] for what has no rows of features.
    pub fn of_array(array: Array, argument: &'static str) -> Result<Self, Error> {
        let source = source::array(array, argument)?;
        Ok(Self {
            argument,
            named: PathBuf::new(),
            gaps: None,
            first: 0,
            rows: source.rows(),
            dim: source.dim(),
            source,
        })
    }

    /// Some of the rows alone, at least one.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where there are no such rows.
    pub fn part(self, rows: Range<usize>) -> Result<Self, Error> {
        if rows.is_empty() || rows.end > self.rows {
            let problem = format!(
                "rows {} to {} found, some of {} expected",
                rows.start, rows.end, self.rows
            );
            return Err(Error::file(self.path(), self.argument, problem));
        }
        Ok(Self {
            first: self.first + rows.start,
            rows: rows.len(),
            ..self
        })
    }

    /// Whether these are all rows of the source.
    fn are_all(&self) -> bool {
        self.rows == self.source.rows()
    }

    /// The type in which the values are stored.
    pub fn kind(&self) -> Kind {
        self.source.stored().kind
    }

    /// The values of an array in memory, where they are as kernels read them: row by row, as aligned
    /// float32 of this machine.
    pub(crate) fn in_place(&self) -> Option<InPlace> {
        let plain = self.source.stored() == Stored::plain(Kind::F32);
        let memory = self.source.memory().filter(|_| plain && self.are_all())?;
        InPlace::of(memory)
    }

    /// What values were rounded to: their type as they are stored, or what they look rounded to.
    #[must_use]
    pub fn precision(&self, features: &Features<'_>) -> Precision {
        self.precision_of(features.precision())
    }

    /// The same, where the values look rounded to this.
    #[must_use]
    pub fn precision_of(&self, looks: Precision) -> Precision {
        let stored = match self.kind() {
            Kind::F16 => Precision::F16,
            Kind::Bf16 => Precision::Bf16,
            Kind::I8 | Kind::U8 | Kind::F32 | Kind::F64 => Precision::F32,
        };
        stored.max(looks)
    }

    /// Whose errors are.
    pub(crate) fn origin(&self) -> Origin {
        Origin::new(self.path(), self.argument)
    }

    /// Where the rows come from.
    pub(crate) fn source(&self) -> &Many {
        &self.source
    }

    /// Number of values.
    pub fn values(&self) -> u64 {
        self.rows as u64 * self.dim as u64
    }

    /// What was named, the first of several.
    pub fn path(&self) -> &Path {
        &self.named
    }

    /// What lacks in a numbered sequence of files, in words.
    pub fn gaps(&self) -> Option<&str> {
        self.gaps.as_deref()
    }

    /// What a column of the files says of some rows.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where a file has no such column; of no rows that alone is found out.
    pub fn ids(&self, column: &str, rows: &[usize]) -> Result<Vec<Value>, Error> {
        let rows: Vec<usize> = rows.iter().map(|row| self.first + row).collect();
        self.source.ids(column, &rows)
    }

    /// The file that a row is in, and its number there.
    pub fn place(&self, row: usize) -> (&Path, usize) {
        self.source.place(self.first + row)
    }

    /// Reads rows that follow each other.
    pub(crate) fn read_rows(&self, first: usize, out: &mut [f32]) -> Result<(), Error> {
        self.source.read(self.first + first, out)
    }

    fn read_wide(&self, first: usize, out: &mut [f64]) -> Result<(), Error> {
        self.source.read_wide(self.first + first, out)
    }

    /// Those of the rows about this one that it pays to read at a time.
    pub(crate) fn block(&self, row: usize) -> Range<usize> {
        let block = self.source.block(self.first + row);
        block.start.saturating_sub(self.first)..(block.end - self.first).min(self.rows)
    }

    /// Whether it is found now that the file that a row is in was written to since it was opened.
    pub(crate) fn is_found_changed_at(&self, row: usize) -> bool {
        self.source.is_found_changed_at(self.first + row)
    }

    /// What the library said of the values; of rows in one of several files it tells the file, and the row
    /// there.
    pub fn refused(&self, mut error: coresift::Error) -> Error {
        use coresift::Error::{NotFinite, RowOverflow, ZeroRow};
        let mut path = self.path();
        if let NotFinite { row, .. } | RowOverflow { row, .. } | ZeroRow { row, .. } = &mut error {
            *row += self.first;
            if self.source.is_several() {
                (path, *row) = self.source.place(*row);
            }
        }
        Error::of_file(path, error)
    }

    /// What reading changes, in words.
    pub fn conversion(&self) -> Option<String> {
        let mut changes = Vec::new();
        let stored = self.source.stored();
        match stored.kind {
            Kind::F32 if stored.swapped => changes.push("byte order".to_owned()),
            Kind::F32 => {}
            kind => changes.push(format!("{} to float32", kind.name())),
        }
        if stored.fortran {
            changes.push("Fortran to C order".to_owned());
        }
        (!changes.is_empty()).then(|| changes.join(", "))
    }

    /// Reads all values, row-major; `progress` hears how many there are so far.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the file cannot be read, [`Error::Refused`] where memory does not hold it.
    pub fn read(&self, progress: impl FnMut(u64)) -> Result<Values, Error> {
        let mut values = self.reserve()?;
        let read = |first: usize, out: &mut [f32]| self.read_rows(first, out);
        self.fill(&mut values, progress, read)?;
        Ok(values)
    }

    /// Fills `values` block by block, every core its share; the first fault is told, by the order of rows.
    fn fill(
        &self,
        values: &mut [f32],
        mut progress: impl FnMut(u64),
        read: impl Fn(usize, &mut [f32]) -> Result<(), Error> + Sync,
    ) -> Result<(), Error> {
        let (mut rest, mut row) = (values, 0);
        while !rest.is_empty() {
            let (mut round, mut count) = (Vec::new(), 0);
            while !rest.is_empty() && (count < ROUND || round.len() < rayon::current_num_threads())
            {
                let block = self.block(row);
                let (out, after) = rest.split_at_mut(block.len() * self.dim);
                count += out.len();
                round.push((row, out));
                (rest, row) = (after, block.end);
            }
            let faults = (round.into_par_iter()).map(|(first, out)| read(first, out));
            let first_fault = faults.find_map_first(Result::err);
            first_fault.map_or(Ok(()), Err)?;
            progress((row * self.dim) as u64);
        }
        match self.source.changed() {
            Some(path) => {
                let problem = "changed while it was read, a file that stays as it is expected";
                Err(Error::file(path, self.argument, problem))
            }
            None => Ok(()),
        }
    }

    /// Room for all values, or the error that there is none.
    fn reserve(&self) -> Result<Values, Error> {
        let needed = (self.rows as u64).saturating_mul((self.dim * size_of::<f32>()) as u64);
        let available = memory::available();
        let is_known_to_fit = available.is_none_or(|bytes| needed <= bytes);
        let values = is_known_to_fit.then(|| Values::zeros(self.rows * self.dim).ok());
        values.flatten().ok_or_else(|| {
            let error = coresift::Error::OutOfMemory {
                what: "features",
                needed,
                available,
            };
            Error::of_file(self.path(), error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{File, OpenOptions};
    use std::time::{Duration, SystemTime};

    /// Three rows without a header.
    fn rows(folder: &Path) -> (PathBuf, FeatureFile) {
        let path = folder.join("x.f32");
        std::fs::write(&path, [0; 24]).unwrap();
        let raw = Raw {
            kind: Kind::F32,
            dim: 2,
        };
        let file = FeatureFile::open(std::slice::from_ref(&path), "features", Some(raw));
        (path, file.unwrap())
    }

    #[test]
    fn a_file_that_changes_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |change: &dyn Fn(&File)| {
            let (path, file) = rows(folder.path());
            assert!(file.read(|_| {}).is_ok());
            change(&OpenOptions::new().write(true).open(path).unwrap());
            file.read(|_| {}).map(drop).unwrap_err().to_string()
        };
        let later = SystemTime::now() + Duration::from_secs(9);
        let said = refused(&|file| file.set_modified(later).unwrap());
        assert!(
            said.contains("x.f32: features: changed while it was read"),
            "{said}"
        );
        let said = refused(&|file| file.set_len(28).unwrap());
        assert!(said.contains("changed while it was read"), "{said}");
        let said = refused(&|file| file.set_len(20).unwrap());
        assert!(said.contains("cannot read the file"), "{said}");
    }
}
