//! Near-duplicates.

use crate::errors;
use crate::lists::{Real, Whole, int64};
use crate::pool::{Open, Pool};
use coresift::{Duplicates, Error, Listener};
use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyByteArray;
use std::ops::ControlFlow;

/// Bytes that a pair takes until Python has it.
const BYTES_OF_PAIR: u64 = 40;

/// What is found, by the numbers of all rows.
enum Found {
    Kept(Vec<usize>, Vec<usize>),
    Groups(Vec<usize>),
    Pairs(Vec<usize>),
    /// More pairs than memory holds.
    TooMany(u64),
}

/// Finds rows that have at least such a cosine. `give` is `kept`, for the rows to keep and for each row the one it is
/// near to; `groups`, for the group of each row; or `pairs`. Arrays of int64 as bytes.
#[pyfunction]
pub(crate) fn duplicates<'py>(
    py: Python<'py>,
    pool: &Bound<'py, Pool>,
    threshold: f64,
    give: &str,
    priority: Option<Real>,
    labelled: Option<Whole>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Vec<Bound<'py, PyByteArray>>> {
    let open = pool.get().open()?;
    let of_library = |error| errors::of_library(py, error);
    let mut priority = priority.map_or(Vec::new(), |priority| priority.0);
    let mut labelled = labelled.map_or(Vec::new(), |rows| rows.0);
    if let Some(others) = &open.others {
        if !priority.is_empty() {
            priority = others.of_each(&priority, "priority").map_err(of_library)?;
        }
        labelled = others.places(&labelled, "labelled").map_err(of_library)?;
    }
    if !["kept", "groups", "pairs"].contains(&give) {
        return Err(PyValueError::new_err(format!(
            "give: {give:?} found, kept, groups or pairs expected"
        )));
    }
    let most = open.memory / BYTES_OF_PAIR;
    let find = |pool: &dyn coresift::Pool, listener: &mut Listener<'_>| {
        let near = Duplicates { threshold };
        match give {
            "kept" => {
                let kept = near.keep(pool, &priority, &labelled, listener)?;
                Ok(Found::Kept(kept.kept, kept.of))
            }
            "groups" => near.groups(pool, listener).map(Found::Groups),
            _ => pairs(near, pool, most, listener),
        }
    };
    let found = open.beside(py, progress.as_ref(), None, find)?;
    let found = found.map_err(of_library)?;
    match found {
        Found::Kept(kept, of) => Ok(vec![open.rows_of(py, kept), open.each_of(py, of)]),
        Found::Groups(of) => Ok(vec![open.each_of(py, of)]),
        Found::Pairs(pairs) => Ok(vec![open.rows_of(py, pairs)]),
        Found::TooMany(most) => Err(PyMemoryError::new_err(format!(
            "pairs: more than {most} found, at most as many expected, which memory holds (groups and the rows to \
             keep take no more for more pairs)"
        ))),
    }
}

impl Open {
    /// Rows by the numbers of all.
    fn rows_of<'py>(&self, py: Python<'py>, mut rows: Vec<usize>) -> Bound<'py, PyByteArray> {
        if let Some(others) = &self.others {
            rows.iter_mut()
                .for_each(|row| *row = others.numbers()[*row]);
        }
        int64(py, &rows)
    }

    /// The row that each row goes with, by the numbers of all; those that are left out stand alone.
    fn each_of<'py>(&self, py: Python<'py>, of: Vec<usize>) -> Bound<'py, PyByteArray> {
        let Some(others) = &self.others else {
            return int64(py, &of);
        };
        let mut all: Vec<usize> = (0..others.rows()).collect();
        for (&row, &of) in others.numbers().iter().zip(&of) {
            all[row] = others.numbers()[of];
        }
        int64(py, &all)
    }
}

fn pairs(
    near: Duplicates,
    pool: &dyn coresift::Pool,
    most: u64,
    listener: &mut Listener<'_>,
) -> Result<Found, Error> {
    let mut pairs = Vec::new();
    let done = near.pairs(pool, listener, &mut |row, other| {
        if pairs.len() as u64 / 2 >= most {
            return ControlFlow::Break(());
        }
        pairs.extend([row, other]);
        ControlFlow::Continue(())
    });
    match done {
        Err(Error::Interrupted { missing: None, .. }) if !pool.stop().is_stopped() => {
            Ok(Found::TooMany(most))
        }
        done => done.map(|()| Found::Pairs(pairs)),
    }
}
