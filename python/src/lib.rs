//! The native part of the Python package: pools of rows, selectors by their options, and what a run is to
//! Python while it lasts. What users see is in `coresift/`.

#![warn(clippy::disallowed_methods)]

mod classes;
mod compare;
mod duplicates;
mod errors;
mod evaluate;
mod held;
mod lists;
mod options;
mod plan;
mod pool;
mod rows;
mod run;
mod selection;
mod selector;
mod threads;
mod workers;

#[pyo3::pymodule(gil_used = false)]
mod _native {
    use pyo3::prelude::*;

    /// Says which version this is.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("version", env!("CARGO_PKG_VERSION"))
    }

    #[pymodule_export]
    use super::compare::compare;
    #[pymodule_export]
    use super::duplicates::duplicates;
    #[pymodule_export]
    use super::errors::{DeviceLost, Interrupted};
    #[pymodule_export]
    use super::evaluate::evaluate;
    #[pymodule_export]
    use super::plan::{plan, shape};
    #[pymodule_export]
    use super::pool::Pool;
    #[pymodule_export]
    use super::workers::Worker;
}
