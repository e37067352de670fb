//! Options by their names, as a dictionary has them.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::fmt::Display;
use std::str::FromStr;

/// Options, each of which is to be taken once.
pub(crate) struct Options<'py>(Bound<'py, PyDict>);

impl<'py> Options<'py> {
    pub(crate) fn new(options: &Bound<'py, PyDict>) -> PyResult<Self> {
        Ok(Self(options.copy()?))
    }

    /// The option of this name; none where it is not given or is None.
    pub(crate) fn take<T>(&self, name: &'static str) -> PyResult<Option<T>>
    where
        T: for<'a> FromPyObject<'a, 'py, Error: Into<PyErr>>,
    {
        let Some(value) = self.raw(name)? else {
            return Ok(None);
        };
        let extracted: Result<T, _> = value.extract();
        extracted
            .map(Some)
            .map_err(|error| wrong(name, &value, error.into()))
    }

    /// The option of this name, in text as the library reads it; a number counts as its text.
    pub(crate) fn named<T: FromStr<Err: Display>>(
        &self,
        name: &'static str,
    ) -> PyResult<Option<T>> {
        let Some(value) = self.raw(name)? else {
            return Ok(None);
        };
        let text = match value.extract::<f64>() {
            Ok(number) => number.to_string(),
            Err(_) => value
                .extract()
                .map_err(|error| wrong(name, &value, error))?,
        };
        let parsed = text.parse();
        parsed
            .map(Some)
            .map_err(|error| PyValueError::new_err(format!("{name}: {error}")))
    }

    fn raw(&self, name: &'static str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = self.0.get_item(name)?.filter(|value| !value.is_none());
        if self.0.contains(name)? {
            self.0.del_item(name)?;
        }
        Ok(value)
    }

    /// Refuses what has not been taken.
    pub(crate) fn end(self) -> PyResult<()> {
        match self.0.keys().get_item(0) {
            Err(_) => Ok(()),
            Ok(name) => Err(PyTypeError::new_err(format!(
                "{name}: no option of this method"
            ))),
        }
    }
}

/// An option of the wrong type or out of range.
fn wrong(name: &str, value: &Bound<'_, PyAny>, error: PyErr) -> PyErr {
    let found = value
        .repr()
        .map_or_else(|_| "a value".to_owned(), |text| text.to_string());
    let said = error.value(value.py());
    let text = format!("{name}: {found} found ({said})");
    match error.is_instance_of::<PyTypeError>(value.py()) {
        true => PyTypeError::new_err(text),
        false => PyValueError::new_err(text),
    }
}
