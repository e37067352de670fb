//! Lists of numbers as Python hands them over: arrays of int64 and float64.

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyByteArray;

/// Numbers of rows, of classes or of clusters.
pub(crate) struct Whole(pub(crate) Vec<usize>);

/// Weights, norms, priorities.
pub(crate) struct Real(pub(crate) Vec<f64>);

/// Values of vectors.
pub(crate) struct Values(pub(crate) Vec<f32>);

impl<'py> FromPyObject<'_, 'py> for Whole {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let whole = |number: i64| {
            usize::try_from(number).map_err(|_| {
                PyValueError::new_err(format!("{number} found, a number from 0 up expected"))
            })
        };
        let all = numbers::<i64>(object)?;
        all.into_iter()
            .map(whole)
            .collect::<PyResult<_>>()
            .map(Self)
    }
}

impl<'py> FromPyObject<'_, 'py> for Real {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        numbers(object).map(Self)
    }
}

impl<'py> FromPyObject<'_, 'py> for Values {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        numbers(object).map(Self)
    }
}

fn numbers<T: Element>(object: Borrowed<'_, '_, PyAny>) -> PyResult<Vec<T>> {
    let object = object.to_owned();
    PyBuffer::<T>::get(&object)?.to_vec(object.py())
}

impl Whole {
    /// As classes are numbered.
    pub(crate) fn classes(self, argument: &str) -> PyResult<Vec<u32>> {
        let class = |number: usize| {
            u32::try_from(number).map_err(|_| {
                PyValueError::new_err(format!(
                    "{argument}: {number} found, less than 2^32 expected"
                ))
            })
        };
        self.0.into_iter().map(class).collect()
    }
}

/// The bytes of numbers of rows as int64, for an array to be made of.
pub(crate) fn int64<'py>(py: Python<'py>, rows: &[usize]) -> Bound<'py, PyByteArray> {
    let bytes: Vec<u8> = rows
        .iter()
        .flat_map(|&row| (row as i64).to_ne_bytes())
        .collect();
    PyByteArray::new(py, &bytes)
}

/// The bytes of numbers as float64.
pub(crate) fn float64<'py>(py: Python<'py>, numbers: &[f64]) -> Bound<'py, PyByteArray> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|v| v.to_ne_bytes()).collect();
    PyByteArray::new(py, &bytes)
}
