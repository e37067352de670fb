//! Errors of the library and of files, as exceptions.

use crate::selection;
use coresift::{Error, MissingRows};
use pyo3::exceptions::{
    PyException, PyFileNotFoundError, PyKeyboardInterrupt, PyMemoryError, PyOSError,
    PyPermissionError, PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;
use pyo3::types::PyRange;
use std::io::ErrorKind;
use std::ops::Range;

pyo3::create_exception!(
    coresift,
    DeviceLost,
    PyRuntimeError,
    "The device was lost in the middle of a run; `partial` has the picks made before."
);

pyo3::create_exception!(
    coresift,
    Interrupted,
    PyRuntimeError,
    "A worker is lost, and none can be put in its place. `missing` is the range of the rows that it had, `partial` has \
     the picks made before."
);

/// The exception of an error of the library.
pub(crate) fn of_library(py: Python<'_>, error: Error) -> PyErr {
    let said = in_our_words(&error.to_string());
    match error {
        Error::DeviceLost { partial, .. } => with_partial(py, DeviceLost::new_err(said), &partial),
        Error::Unreadable { partial, .. } => with_partial(py, PyOSError::new_err(said), &partial),
        Error::Interrupted {
            missing: None,
            partial,
        } => with_partial(py, PyKeyboardInterrupt::new_err(said), &partial),
        Error::Interrupted {
            missing: Some(MissingRows { rows, .. }),
            partial,
        } => {
            let exception = with_partial(py, Interrupted::new_err(said), &partial);
            with_missing(py, exception, rows)
        }
        Error::OutOfMemory { .. } => PyMemoryError::new_err(said),
        Error::Device(_) | Error::NoAdapter | Error::Worker { .. } => PyRuntimeError::new_err(said),
        _ => PyValueError::new_err(said),
    }
}

/// The exception of an error of a file, or of an array.
pub(crate) fn of_file(py: Python<'_>, error: coresift_io::Error) -> PyErr {
    match error {
        coresift_io::Error::Refused { error, path } if path.is_empty() => of_library(py, error),
        coresift_io::Error::Refused {
            error: Error::OutOfMemory { .. },
            ..
        } => PyMemoryError::new_err(error.to_string()),
        coresift_io::Error::File {
            source: Some(ref of_system),
            ..
        } => match of_system.kind() {
            ErrorKind::NotFound => PyFileNotFoundError::new_err(in_full(&error)),
            ErrorKind::PermissionDenied => PyPermissionError::new_err(in_full(&error)),
            _ => PyOSError::new_err(in_full(&error)),
        },
        error => PyValueError::new_err(error.to_string()),
    }
}

/// What the library says of `features`, which are `X` here.
fn in_our_words(said: &str) -> String {
    match said.strip_prefix("features: ") {
        Some(rest) => format!("X: {rest}"),
        None => said.to_owned(),
    }
}

/// An error and what is behind it.
fn in_full(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// The same exception, that carries the picks made before as `partial`, a Selection.
pub(crate) fn with_partial(
    py: Python<'_>,
    exception: PyErr,
    partial: &coresift::Selection,
) -> PyErr {
    let kept = selection::to_python(py, partial, None).and_then(|partial| {
        let class = py.import("coresift._selection")?.getattr("Selection")?;
        exception
            .value(py)
            .setattr("partial", class.call1((partial,))?)
    });
    // An exception that takes no attributes is raised without.
    drop(kept);
    exception
}

/// The same exception, that carries which rows are missing.
fn with_missing(py: Python<'_>, exception: PyErr, rows: Range<usize>) -> PyErr {
    let range = PyRange::new(py, rows.start as isize, rows.end as isize);
    let kept = range.and_then(|range| exception.value(py).setattr("missing", range));
    // As above.
    drop(kept);
    exception
}

/// What a panic is to Python: a fault of this package.
pub(crate) fn of_panic(panic: &(dyn std::any::Any + Send)) -> PyErr {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    PyErr::new::<PyException, _>(format!(
        "coresift failed in itself, which is a fault to be reported: {}",
        said.unwrap_or("no words")
    ))
}
