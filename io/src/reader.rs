//! Rows of features that are read when they are asked for: memory need not hold all.

use crate::error::Error;
use crate::features::FeatureFile;
use crate::source::raw::{self, Raw};
use crate::source::{Kind, Source};
use crate::stretch::Stretch;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;

/// The rows of a file of features, less their mean row perhaps.
#[derive(Debug)]
pub struct FeatureReader {
    file: Arc<FeatureFile>,
    mean: Option<Vec<f64>>,
    /// Where rows are that their own file does not hand out by position, less the mean already.
    spool: Option<Box<dyn Source>>,
}

impl FeatureReader {
    /// The rows of a file, less a mean row where there is one. Rows that cannot be read by position (of
    /// parquet and compressed Arrow files, or column by column) are written to a file without a name
    /// first, as float32: `progress` hears how many values so far.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where they cannot be read, or not be written.
    pub fn new(
        file: &Arc<FeatureFile>,
        mean: Option<Vec<f64>>,
        progress: impl FnMut(u64),
    ) -> Result<Self, Error> {
        let mut reader = Self {
            file: Arc::clone(file),
            mean,
            spool: None,
        };
        if !file.source().is_by_position() {
            reader.spool = Some(reader.spooled(progress)?);
        }
        Ok(reader)
    }

    fn read_own(&self, first: usize, out: &mut [f32]) -> Result<(), Error> {
        match &self.mean {
            Some(mean) => self.file.read_less(mean, first, out),
            None => self.file.read_rows(first, out),
        }
    }

    fn spooled(&self, mut progress: impl FnMut(u64)) -> Result<Box<dyn Source>, Error> {
        let (rows, dim) = (self.file.rows, self.file.dim);
        let mut spool = tempfile::tempfile().map_err(|e| self.unspooled(e))?;
        let (mut row, mut values) = (0, Vec::new());
        while row < rows {
            let block = self.file.block(row);
            values.resize(block.len() * dim, 0.0);
            self.read_own(row, &mut values)?;
            write(&mut spool, &values).map_err(|e| self.unspooled(e))?;
            row = block.end;
            progress((row * dim) as u64);
        }
        let about = spool.metadata().map_err(|e| self.unspooled(e))?;
        let raw = Raw {
            kind: Kind::F32,
            dim,
        };
        Ok(Box::new(raw::open(
            Stretch::new(spool, about),
            raw,
            self.file.origin(),
        )?))
    }

    fn unspooled(&self, error: io::Error) -> Error {
        let origin = self.file.origin();
        let problem = "cannot write its rows to a temporary file";
        Error::io(&origin.path, origin.argument, problem, error)
    }
}

/// Values as raw files have them, lowest byte first.
fn write(file: &mut File, values: &[f32]) -> io::Result<()> {
    if cfg!(target_endian = "little") {
        return file.write_all(bytemuck::cast_slice(values));
    }
    let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    file.write_all(&bytes)
}

impl coresift::ReadRows for FeatureReader {
    fn rows(&self) -> usize {
        self.file.rows
    }

    fn dim(&self) -> usize {
        self.file.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<(), String> {
        let read = match &self.spool {
            Some(spool) => spool.read(first, out),
            None => self.read_own(first, out),
        };
        read.map_err(|e| e.to_string())?;
        if self.spool.is_none() && self.file.is_found_changed_at(first) {
            let path = self.file.place(first).0.display();
            return Err(format!("{path}: features: changed while it was read"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coresift::ReadRows as _;
    use std::fs::OpenOptions;
    use std::thread::sleep;
    use std::time::{Duration, SystemTime};

    /// Whatever is read once a change has been found fails, at once too.
    #[test]
    fn a_file_that_changes_ends_all_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.f32");
        std::fs::write(&path, [0; 24]).unwrap();
        let raw = Raw {
            kind: Kind::F32,
            dim: 2,
        };
        let file = FeatureFile::open(std::slice::from_ref(&path), "features", Some(raw));
        let reader = FeatureReader::new(&Arc::new(file.unwrap()), None, |_| {}).unwrap();
        let read = || reader.read(1, &mut [0.0; 2]);
        assert_eq!((read(), read()), (Ok(()), Ok(())));
        let later = SystemTime::now() + Duration::from_secs(9);
        let opened = OpenOptions::new().write(true).open(&path).unwrap();
        opened.set_modified(later).unwrap();
        sleep(Duration::from_millis(5));
        for _ in 0..9 {
            let said = read().unwrap_err();
            assert!(said.contains("x.f32: features: changed while"), "{said}");
        }
    }
}
