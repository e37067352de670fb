//! What selections are worth.

use crate::errors;
use crate::lists::Whole;
use crate::pool::Pool;
use coresift::evaluate::{Evaluation, Measures, NormStatistics, TestRows, norms};
use coresift::{Error, Listener, Metric};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::json;

/// By what they are measured.
#[derive(FromPyObject)]
pub(crate) struct Terms<'py> {
    #[pyo3(item)]
    labels: Option<Whole>,
    /// Rows to test on, and the label of each.
    #[pyo3(item)]
    test: Option<(Bound<'py, Pool>, Whole)>,
    /// The latent class of each row, and what each is called.
    #[pyo3(item)]
    classes: Option<(Whole, Vec<String>)>,
    #[pyo3(item)]
    metric: String,
    #[pyo3(item)]
    delta: Option<f64>,
    #[pyo3(item)]
    fid_ridge: Option<f64>,
}

/// Measures selections of a pool's rows: JSON with the lengths of all rows as `norms`, and as `selections` what each
/// is worth.
#[pyfunction]
pub(crate) fn evaluate(
    py: Python<'_>,
    pool: &Bound<'_, Pool>,
    selections: Vec<Whole>,
    terms: Terms<'_>,
) -> PyResult<String> {
    let open = pool.get().open()?;
    let metric: Metric = (terms.metric.parse())
        .map_err(|error| PyValueError::new_err(format!("metric: {error}")))?;
    let of_library = |error| errors::of_library(py, error);
    let of_each = |all: Vec<u32>, argument| match &open.others {
        Some(others) => others.of_each(&all, argument).map_err(of_library),
        None => Ok(all),
    };
    let labels = terms
        .labels
        .map(|labels| of_each(labels.classes("labels")?, "labels"));
    let labels = labels.transpose()?;
    let classes = match terms.classes {
        Some((classes, names)) => Some((of_each(classes.classes("classes")?, "classes")?, names)),
        None => None,
    };
    let places = |picks: Whole| match &open.others {
        Some(others) => others.places(&picks.0, "picks").map_err(of_library),
        None => Ok(picks.0),
    };
    let selections: Vec<Vec<usize>> = selections
        .into_iter()
        .map(places)
        .collect::<PyResult<_>>()?;
    let test = match terms.test {
        Some((pool, labels)) => Some((pool.get().open()?, labels.classes("test_labels")?)),
        None => None,
    };
    let measure = |pool: &dyn coresift::Pool, _: &mut Listener<'_>| {
        let of_test = test
            .as_ref()
            .map(|(open, _)| open.pool(pool.stop().clone()));
        let of_test = of_test.transpose()?;
        for picks in &selections {
            Evaluation::new(pool, picks)?; // before any is measured, which may take long
        }
        let norms = norms(pool)?;
        let measures = Measures {
            pool,
            labels: labels.as_deref(),
            test: match (&of_test, &test) {
                (Some(pool), Some((_, labels))) => TestRows::Pool {
                    pool: &**pool,
                    labels,
                },
                _ => TestRows::Unpicked,
            },
            metric,
            classes: classes
                .as_ref()
                .map(|(classes, names)| (&classes[..], &names[..])),
            delta: terms.delta,
            fid_ridge: terms.fid_ridge,
            norms: &norms,
        };
        let measured = selections.iter().map(|picks| measures.of(picks));
        let measured = measured.collect::<Result<Vec<_>, Error>>()?;
        Ok(json!({ "norms": NormStatistics::of(&norms), "selections": measured }))
    };
    let measured = open.beside(py, None, None, measure)?;
    let measured = measured.map_err(of_library)?;
    Ok(measured.to_string())
}
