//! Rows as Python hands them over: files by their names, or the bytes of an array.

use crate::errors;
use coresift_io::features::FeatureFile;
use coresift_io::source::{Array, Kind, Raw, Stored};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::sync::Arc;

/// Where rows are.
#[derive(FromPyObject)]
pub(crate) enum Source {
    /// Files, and what those without a header hold, as in `f32,512`.
    Files {
        #[pyo3(item)]
        files: Vec<PathBuf>,
        #[pyo3(item)]
        raw: Option<String>,
    },
    /// The bytes of an array, and how they are stored.
    Array {
        #[pyo3(item)]
        bytes: PyBuffer<u8>,
        #[pyo3(item)]
        dtype: String,
        #[pyo3(item)]
        swapped: bool,
        #[pyo3(item)]
        fortran: bool,
        #[pyo3(item)]
        shape: [usize; 2],
    },
}

impl Source {
    /// Files by their names, and what those without a header hold: not an array, which is in this process alone.
    pub(crate) fn files(self, argument: &str) -> PyResult<(Vec<PathBuf>, Option<String>)> {
        match self {
            Self::Files { files, raw } => Ok((files, raw)),
            Self::Array { .. } => Err(PyValueError::new_err(format!(
                "{argument}: an array found, files expected, which workers read themselves"
            ))),
        }
    }

    /// Opens it, as what `argument` names.
    pub(crate) fn open(self, py: Python<'_>, argument: &'static str) -> PyResult<Arc<FeatureFile>> {
        let opened = match self {
            Self::Files { files, raw } => {
                let raw = raw.map(|raw| Raw::from_str(&raw)).transpose();
                let raw = raw.map_err(|error| PyValueError::new_err(format!("raw: {error}")))?;
                py.detach(|| FeatureFile::open(&files, argument, raw))
            }
            Self::Array {
                bytes,
                dtype,
                swapped,
                fortran,
                shape,
            } => {
                let array = Array {
                    memory: Arc::new(Lent::new(bytes)?),
                    stored: Stored {
                        kind: kind(&dtype, argument)?,
                        swapped,
                        fortran,
                    },
                    shape,
                };
                FeatureFile::of_array(array, argument)
            }
        };
        opened
            .map(Arc::new)
            .map_err(|error| errors::of_file(py, error))
    }
}

/// The type of this name.
fn kind(name: &str, argument: &str) -> PyResult<Kind> {
    let all = [
        Kind::I8,
        Kind::U8,
        Kind::F16,
        Kind::Bf16,
        Kind::F32,
        Kind::F64,
    ];
    let found = all.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| {
        PyValueError::new_err(format!(
            "{argument}: {name} found, float16, bfloat16, float32, float64, int8 or uint8 expected"
        ))
    })
}

/// Memory that Python lends: its owner neither moves nor frees it before this is dropped.
struct Lent(PyBuffer<u8>);

impl Lent {
    fn new(buffer: PyBuffer<u8>) -> PyResult<Self> {
        match buffer.is_c_contiguous() {
            true => Ok(Self(buffer)),
            false => Err(PyValueError::new_err(
                "bytes with gaps found, one after another expected",
            )),
        }
    }
}

impl AsRef<[u8]> for Lent {
    #[expect(
        unsafe_code,
        reason = "safe Rust has no way to read, without the interpreter's lock, memory that Python owns"
    )]
    fn as_ref(&self) -> &[u8] {
        let len = self.0.len_bytes();
        if len == 0 {
            return &[]; // an empty buffer may begin nowhere
        }
        // SAFETY: a buffer that is exported, as this one is until it is dropped, stays where it is and as long
        // as it is, by the buffer protocol. Its bytes are values whatever they hold. That nobody writes them
        // meanwhile is what `coresift/_doors.py` sees to: it makes arrays read-only for as long as they are
        // lent. Who writes all the same, by another view of that memory, gets picks of no meaning.
        unsafe { std::slice::from_raw_parts(self.0.buf_ptr().cast::<u8>(), len) }
    }
}
