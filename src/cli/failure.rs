//! What can go wrong on the command line, and the exit code it makes.

use coresift::file::Unopened;
use std::io;
use std::path::Path;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The options do not go together.
    #[error("{0}")]
    Usage(String),
    /// A file is not what its argument needs.
    #[error("{path}: {argument}: {problem}")]
    File {
        /// The file.
        path: String,
        /// The argument that named it.
        argument: &'static str,
        /// What was found and what was expected.
        problem: String,
        /// What the system said, where it did.
        source: Option<io::Error>,
    },
    /// Some of what was asked for could not be done.
    #[error("{0}")]
    Incomplete(String),
    /// The results could not be printed.
    #[error("stdout: cannot write the results")]
    Stdout(#[source] io::Error),
    /// The library refused; `context` is the file at fault with a colon, or empty.
    #[error("{context}{error}")]
    Library {
        /// `PATH: `, or nothing.
        context: String,
        /// What the library said.
        error: coresift::Error,
    },
}

impl Failure {
    /// A file that is not what `argument` needs.
    pub(crate) fn file(path: &Path, argument: &'static str, problem: impl Into<String>) -> Self {
        let path = path.display().to_string();
        Self::File {
            path,
            argument,
            problem: problem.into(),
            source: None,
        }
    }

    /// A file that the system would not let us use.
    pub(crate) fn io(
        path: &Path,
        argument: &'static str,
        problem: &str,
        source: io::Error,
    ) -> Self {
        let path = path.display().to_string();
        Self::File {
            path,
            argument,
            problem: problem.to_owned(),
            source: Some(source),
        }
    }

    /// What `argument` names was not opened to be read.
    pub(crate) fn unopened(path: &Path, argument: &'static str, why: Unopened) -> Self {
        match why {
            Unopened::Other(kind) => {
                Self::file(path, argument, format!("{kind} found, a file expected"))
            }
            Unopened::System(error) => Self::io(path, argument, "cannot open the file", error),
        }
    }

    /// What the library said of the contents of a file.
    pub(crate) fn of_file(path: &Path, error: coresift::Error) -> Self {
        Self::Library {
            context: format!("{}: ", path.display()),
            error,
        }
    }

    /// 2 where the command line itself is at fault, else 1.
    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Library {
                error: coresift::Error::Argument { .. },
                ..
            } => 2,
            _ => 1,
        }
    }
}

impl From<coresift::Error> for Failure {
    fn from(error: coresift::Error) -> Self {
        Self::Library {
            context: String::new(),
            error,
        }
    }
}
