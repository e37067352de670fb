//! Feature matrices from files of any form, in one copy whatever their type and order.

use crate::error::{Error, Origin};
use crate::loaded::InPlace;
use crate::memory;
use crate::source::{self, Array, Kind, Many, Raw, Source, Stored, narrow, too_large};
pub use crate::values::Values;
use coresift::{Features, Precision};
use rayon::prelude::*;
use serde_json::Value;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Values read between two tidings of progress, by all cores.
const ROUND: usize = 1 << 23;

/// Most values of float64 that a thread holds: 64 MiB.
const WIDE: usize = 1 << 23;

/// Rows whose sum is formed at a time for the mean, as `coresift::center` adds them up.
const SUMMED: usize = 1 << 10;

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

    /// Subtracts the mean row, of some rows alone where they are given, ascending, from all values, which have
    /// been read; gives it. float64 is read again, since what differs may be lost once values are rounded to
    /// float32.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn center(
        &self,
        values: &mut Values,
        among: Option<&[usize]>,
        progress: impl FnMut(u64),
    ) -> Result<Vec<f64>, Error> {
        if self.kind() != Kind::F64 {
            let (rows, dim) = (self.rows, self.dim);
            let mean = match among {
                Some(among) => coresift::center_among(values, rows, dim, among),
                None => coresift::center(values, rows, dim),
            };
            return mean.map_err(|e| Error::of_file(self.path(), e));
        }
        let mean = self.mean(among)?;
        self.fill(values, progress, |first, out| {
            self.read_less(&mean, first, out)
        })?;
        Ok(mean)
    }

    /// Reads rows less a mean row, rounded only then.
    pub(crate) fn read_less(
        &self,
        mean: &[f64],
        first: usize,
        out: &mut [f32],
    ) -> Result<(), Error> {
        let dim = self.dim;
        let piece = (WIDE / dim).max(1).min(out.len() / dim);
        let mut wide = vec![0.0; piece * dim];
        for (at, out) in out.chunks_mut(piece * dim).enumerate() {
            let (first, wide) = (first + at * piece, &mut wide[..out.len()]);
            self.read_wide(first, wide)?;
            for row in wide.chunks_exact_mut(dim) {
                row.iter_mut().zip(mean).for_each(|(v, mean)| *v -= mean);
            }
            if let Some((at, value)) = narrow(wide, out) {
                let (path, row) = self.place(first + at / dim);
                let problem = too_large(value, row, at % dim);
                return Err(Error::file(path, self.argument, problem));
            }
        }
        Ok(())
    }

    /// The mean row, in f64, of some rows alone where they are given, ascending; in whatever pieces rows are read
    /// the same.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn mean(&self, among: Option<&[usize]>) -> Result<Vec<f64>, Error> {
        let (count, dim) = (among.map_or(self.rows, <[usize]>::len), self.dim);
        let row = |at: usize| among.map_or(at, |among| among[at]);
        let piece = (WIDE / dim).clamp(1, self.block(0).len());
        // A thread's rows: pieces of sums, or sums of pieces.
        let unit = (piece - piece % SUMMED).max(SUMMED);
        let of_unit = |first: usize| {
            let end = count.min(first + unit);
            let mut sums = vec![0.0; (end - first).div_ceil(SUMMED) * dim];
            let (mut at, mut wide) = (first, Vec::new());
            while at < end {
                // Rows that stand within one piece.
                let start = row(at);
                let within = (at..end).take_while(|&at| row(at) < start + piece);
                let some = at..at + within.count();
                wide.resize((row(some.end - 1) + 1 - start) * dim, 0.0);
                self.read_wide(start, &mut wide)?;
                for at in some.clone() {
                    let values = &wide[(row(at) - start) * dim..][..dim];
                    let sum = &mut sums[(at - first) / SUMMED * dim..][..dim];
                    sum.iter_mut().zip(values).for_each(|(sum, v)| *sum += v);
                }
                at = some.end;
            }
            Ok(sums)
        };
        let firsts: Vec<usize> = (0..count).step_by(unit).collect();
        let parts: Vec<Result<Vec<f64>, Error>> = firsts.into_par_iter().map(of_unit).collect();
        let mut mean = vec![0.0; dim];
        for part in parts {
            for sums in part?.chunks_exact(dim) {
                mean.iter_mut().zip(sums).for_each(|(sum, v)| *sum += v);
            }
        }
        mean.iter_mut().for_each(|sum| *sum /= count as f64);
        Ok(mean)
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
