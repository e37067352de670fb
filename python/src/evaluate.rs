//! What selections are worth.

use crate::errors;
use crate::lists::Whole;
use crate::pool::{Open, Pool};
use coresift::evaluate::{Evaluation, Measures, NormStatistics, TestRows, norms};
use coresift::{Error, Metric};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Value, json};
use std::sync::Arc;

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
    let asked = Asked::of(py, &open, selections, terms)?;
    let measured = open.beside(py, None, None, |pool, _| asked.measure(pool))?;
    let measured = measured.map_err(|error| errors::of_library(py, error))?;
    Ok(measured.to_string())
}

/// What is to be measured, of the rows that are not left out.
struct Asked {
    selections: Vec<Vec<usize>>,
    labels: Option<Vec<u32>>,
    test: Option<(Arc<Open>, Vec<u32>)>,
    classes: Option<(Vec<u32>, Vec<String>)>,
    metric: Metric,
    delta: Option<f64>,
    fid_ridge: Option<f64>,
}

impl Asked {
    fn of(py: Python<'_>, open: &Open, selections: Vec<Whole>, terms: Terms<'_>) -> PyResult<Self> {
        let of_library = |error| errors::of_library(py, error);
        let of_each = |all: Whole, argument| {
            let all = all.classes(argument)?;
            match &open.others {
                Some(others) => others.of_each(&all, argument).map_err(of_library),
                None => Ok(all),
            }
        };
        let places = |picks: Whole| match &open.others {
            Some(others) => others.places(&picks.0, "picks").map_err(of_library),
            None => Ok(picks.0),
        };
        let labels = terms.labels.map(|labels| of_each(labels, "labels"));
        let classes = terms.classes.map(|(classes, names)| {
            let classes = of_each(classes, "classes")?;
            Ok::<_, PyErr>((classes, names))
        });
        let test = terms.test.map(|(pool, labels)| {
            let labels = labels.classes("test_labels")?;
            Ok::<_, PyErr>((pool.get().open()?, labels))
        });
        let metric = terms.metric.parse();
        Ok(Self {
            selections: selections
                .into_iter()
                .map(places)
                .collect::<PyResult<_>>()?,
            labels: labels.transpose()?,
            test: test.transpose()?,
            classes: classes.transpose()?,
            metric: metric.map_err(|error| PyValueError::new_err(format!("metric: {error}")))?,
            delta: terms.delta,
            fid_ridge: terms.fid_ridge,
        })
    }

    fn measure(&self, pool: &dyn coresift::Pool) -> Result<Value, Error> {
        let of_test = (self.test.as_ref()).map(|(open, _)| open.pool(pool.stop().clone()));
        let of_test = of_test.transpose()?;
        for picks in &self.selections {
            Evaluation::new(pool, picks)?; // before any is measured, which may take long
        }
        let norms = norms(pool)?;
        let measures = Measures {
            pool,
            labels: self.labels.as_deref(),
            test: match (&of_test, &self.test) {
                (Some(pool), Some((_, labels))) => TestRows::Pool {
                    pool: &**pool,
                    labels,
                },
                _ => TestRows::Unpicked,
            },
            metric: self.metric,
            classes: (self.classes.as_ref()).map(|(classes, names)| (&classes[..], &names[..])),
            delta: self.delta,
            fid_ridge: self.fid_ridge,
            norms: &norms,
        };
        let measured = self.selections.iter().map(|picks| measures.of(picks));
        let measured = measured.collect::<Result<Vec<_>, Error>>()?;
        Ok(json!({ "norms": NormStatistics::of(&norms), "selections": measured }))
    }
}
