//! Feature matrices from `.npy` files, in one copy whatever their type and order.

use crate::error::Error;
use crate::npy::{Npy, name, show};
use crate::stored::{Encoding, Fault, Stored, Width, fill, mean, transpose};
pub use crate::values::Values;
use crate::values::memory_available;
use npyz::{Endianness, TypeChar};
use std::path::Path;

/// A feature file whose header has been found good.
#[derive(Debug)]
pub struct FeatureFile {
    npy: Npy,
    encoding: Encoding,
    /// Number of examples.
    pub rows: usize,
    /// Values an example.
    pub dim: usize,
}

impl FeatureFile {
    /// Opens the file that `argument` names and checks all that its header and its size can tell.
    ///
    /// # Errors
    ///
    /// [`Error::File`] for what is no such file.
    pub fn open(path: &Path, argument: &'static str) -> Result<Self, Error> {
        let npy = Npy::open(path, argument)?;
        let dtype = &npy.header.dtype;
        let width = match (dtype.type_char(), dtype.size_field()) {
            (TypeChar::Float, 2) => Width::F16,
            (TypeChar::Float, 4) => Width::F32,
            (TypeChar::Float, 8) => Width::F64,
            _ => {
                let found = name(dtype);
                return Err(npy.failure(format!(
                    "{found} found, float16, float32 or float64 expected"
                )));
            }
        };
        let swapped = dtype.endianness() != Endianness::of_machine();
        let &[rows, dim] = &npy.header.shape[..] else {
            let found = show(&npy.header.shape);
            return Err(npy.failure(format!("shape {found} found, rank 2 expected")));
        };
        if rows == 0 || dim == 0 {
            let problem =
                format!("shape ({rows}, {dim}) found, at least one row and one column expected");
            return Err(npy.failure(problem));
        }
        npy.check_size()?;
        // Neither axis is longer than their product, which fits.
        let (rows, dim) = (rows as usize, dim as usize);
        Ok(Self {
            npy,
            encoding: Encoding { width, swapped },
            rows,
            dim,
        })
    }

    /// Whether the values were stored as float16.
    pub fn is_f16(&self) -> bool {
        self.encoding.width == Width::F16
    }

    /// Number of values.
    pub fn values(&self) -> u64 {
        self.rows as u64 * self.dim as u64
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        self.npy.path()
    }

    /// What reading changes, in words.
    pub fn conversion(&self) -> Option<String> {
        let mut changes = Vec::new();
        match self.encoding.width {
            Width::F32 if self.encoding.swapped => changes.push("byte order".to_owned()),
            Width::F32 => {}
            _ => changes.push(format!("{} to float32", name(&self.npy.header.dtype))),
        }
        if self.npy.header.fortran {
            changes.push("Fortran to C order".to_owned());
        }
        (!changes.is_empty()).then(|| changes.join(", "))
    }

    /// Reads all values, row-major; `progress` hears how many there are so far.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where the file cannot be read, [`Error::Refused`] where memory does not hold it.
    pub fn read(&mut self, progress: impl FnMut(u64)) -> Result<Values, Error> {
        let mut values = self.reserve()?;
        self.fill(self.stored(&[]), &mut values, progress)?;
        Ok(values)
    }

    /// Subtracts the mean row from all values, which have been read; gives it. float64 is read again,
    /// since what differs may be lost once values are rounded to float32.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn center(
        &self,
        values: &mut Values,
        progress: impl FnMut(u64),
    ) -> Result<Vec<f64>, Error> {
        if self.encoding.width != Width::F64 {
            let of_file = |e| Error::of_file(self.path(), e);
            return coresift::center(values, self.rows, self.dim).map_err(of_file);
        }
        let mean = mean(self.stored(&[])).map_err(|e| self.npy.io(e))?;
        self.fill(self.stored(&mean), values, progress)?;
        Ok(mean)
    }

    /// The values as they are stored, to be read less a mean row, or without one as they are.
    fn stored<'a>(&'a self, mean: &'a [f64]) -> Stored<'a> {
        Stored {
            file: &self.npy.file,
            start: self.npy.header.start,
            encoding: self.encoding,
            shape: (self.rows, self.dim),
            fortran: self.npy.header.fortran,
            mean,
        }
    }

    fn fill(
        &self,
        stored: Stored<'_>,
        values: &mut Values,
        progress: impl FnMut(u64),
    ) -> Result<(), Error> {
        let filled = if stored.fortran {
            transpose(stored, values, progress)
        } else {
            fill(stored, values, progress)
        };
        filled.map_err(|fault| match fault {
            Fault::Io(e) => self.npy.io(e),
            Fault::TooLarge { row, column, value } => self.npy.failure(format!(
                "{value:e} found at row {row}, column {column}, at most {:e} expected (an f32)",
                f32::MAX
            )),
        })
    }

    /// Room for all values, or the error that there is none.
    fn reserve(&self) -> Result<Values, Error> {
        let needed = (self.rows * self.dim * size_of::<f32>()) as u64;
        let available = memory_available();
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
