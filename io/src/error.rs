//! What can be wrong with a file.

use crate::file::Unopened;
use std::io;
use std::path::{Path, PathBuf};

/// Why a file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is not what its argument needs.
    #[error("{}{argument}: {problem}", of(path))]
    File {
        /// The file; none of an array in memory.
        path: String,
        /// The argument that named it.
        argument: &'static str,
        /// What was found and what was expected.
        problem: String,
        /// What the system said, where it did.
        source: Option<io::Error>,
    },
    /// The library refused its contents.
    #[error("{}{error}", of(path))]
    Refused {
        /// The file; none of an array in memory.
        path: String,
        /// What the library said.
        error: coresift::Error,
    },
}

/// The beginning of an error that is a file's.
fn of(path: &str) -> String {
    match path {
        "" => String::new(),
        path => format!("{path}: "),
    }
}

impl Error {
    /// A file that is not what `argument` needs.
    pub fn file(path: &Path, argument: &'static str, problem: impl Into<String>) -> Self {
        let path = path.display().to_string();
        Self::File {
            path,
            argument,
            problem: problem.into(),
            source: None,
        }
    }

    /// A file that the system would not let us use.
    pub fn io(path: &Path, argument: &'static str, problem: &str, source: io::Error) -> Self {
        let path = path.display().to_string();
        Self::File {
            path,
            argument,
            problem: problem.to_owned(),
            source: Some(source),
        }
    }

    /// What `argument` names was not opened to be read.
    pub fn unopened(path: &Path, argument: &'static str, why: Unopened) -> Self {
        match why {
            Unopened::Other(kind) => {
                Self::file(path, argument, format!("{kind} found, a file expected"))
            }
            Unopened::System(error) => Self::io(path, argument, "cannot open the file", error),
        }
    }

    /// What the library said of the contents of a file.
    pub fn of_file(path: &Path, error: coresift::Error) -> Self {
        let path = path.display().to_string();
        Self::Refused { path, error }
    }
}

/// Whose an error is: the file, and the argument that named it.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    /// The file, with `#` and a name where it is one array of several.
    pub(crate) path: PathBuf,
    /// The argument.
    pub(crate) argument: &'static str,
}

impl Origin {
    pub(crate) fn new(path: &Path, argument: &'static str) -> Self {
        let path = path.to_owned();
        Self { path, argument }
    }

    /// An array, tensor or column of this file.
    #[cfg(any(
        feature = "npz",
        feature = "safetensors",
        feature = "parquet",
        feature = "arrow"
    ))]
    pub(crate) fn of(&self, key: &str) -> Self {
        let mut path = self.path.clone().into_os_string();
        path.push(format!("#{key}"));
        Self::new(Path::new(&path), self.argument)
    }

    /// It is not what the argument needs.
    pub(crate) fn failure(&self, problem: impl Into<String>) -> Error {
        Error::file(&self.path, self.argument, problem)
    }

    /// The system would not read on.
    pub(crate) fn io(&self, source: io::Error) -> Error {
        Error::io(&self.path, self.argument, "cannot read the file", source)
    }
}
