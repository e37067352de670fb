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
            None => self.file.source().read(first, out),
        }
    }

    fn spooled(&self, mut progress: impl FnMut(u64)) -> Result<Box<dyn Source>, Error> {
        let (rows, dim) = (self.file.rows, self.file.dim);
        let mut spool = tempfile::tempfile().map_err(|e| self.unspooled(e))?;
        let (mut row, mut values) = (0, Vec::new());
        while row < rows {
            let block = self.file.source().block(row);
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
        if self.spool.is_none() && self.file.source().is_found_changed_at(first) {
            let path = self.file.source().place(first).0.display();
            return Err(format!("{path}: features: changed while it was read"));
        }
        Ok(())
    }
}
