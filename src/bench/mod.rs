//! What `coresift bench` measures, as a report: kept, shown, compared and drawn.

pub mod report;

use crate::Error;
use std::io;
use std::path::Path;

/// A file that the system would not let us use.
fn unusable(path: &Path, problem: &'static str, error: &io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        problem,
        reason: error.to_string(),
    }
}
