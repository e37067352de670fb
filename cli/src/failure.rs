//! What can go wrong on the command line, and the exit code it makes.

use std::io;
use std::path::Path;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The options do not go together.
    #[error("{0}")]
    Usage(String),
    /// A file cannot be used.
    #[error(transparent)]
    File(#[from] coresift_io::Error),
    /// Some of what was asked for could not be done.
    #[error("{0}")]
    Incomplete(String),
    /// The results could not be printed.
    #[error("stdout: cannot write the results")]
    Stdout(#[source] io::Error),
    /// The library refused.
    #[error(transparent)]
    Library(#[from] coresift::Error),
}

impl Failure {
    /// A file that is not what `argument` needs.
    pub(crate) fn file(path: &Path, argument: &'static str, problem: impl Into<String>) -> Self {
        coresift_io::Error::file(path, argument, problem).into()
    }

    /// A file that the system would not let us use.
    pub(crate) fn io(
        path: &Path,
        argument: &'static str,
        problem: &str,
        source: io::Error,
    ) -> Self {
        coresift_io::Error::io(path, argument, problem, source).into()
    }

    /// What the library said of the contents of a file.
    pub(crate) fn of_file(path: &Path, error: coresift::Error) -> Self {
        coresift_io::Error::of_file(path, error).into()
    }

    /// 2 where the command line itself is at fault, else 1.
    pub(crate) fn code(&self) -> u8 {
        use coresift::Error::Argument;
        match self {
            Self::Usage(_)
            | Self::Library(Argument { .. })
            | Self::File(coresift_io::Error::Refused {
                error: Argument { .. },
                ..
            }) => 2,
            _ => 1,
        }
    }
}
