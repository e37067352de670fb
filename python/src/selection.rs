//! A selection as Python gets it: a dictionary of bytes, numbers and JSON, of which `coresift/_selection.py`
//! makes arrays.

use crate::lists::{float64, int64};
use coresift::evaluate::Weights;
use coresift::{Details, Selection};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Value, json};

/// The dictionary of a selection, and what its labelled rows and its picks stand for where that is known.
pub(crate) fn to_python<'py>(
    py: Python<'py>,
    selection: &Selection,
    weights: Option<&Weights>,
) -> PyResult<Bound<'py, PyDict>> {
    let to = PyDict::new(py);
    to.set_item("indices", int64(py, &selection.picks))?;
    to.set_item("scores", float64(py, &selection.scores))?;
    to.set_item("restarts", &selection.restarts)?;
    to.set_item("passes", selection.passes)?;
    to.set_item("settled", selection.settled)?;
    let short = selection.shortfall;
    to.set_item(
        "shortfall",
        short.map(|short| (short.missing, short.reason.to_string())),
    )?;
    let warnings: Vec<String> = selection.warnings.iter().map(ToString::to_string).collect();
    to.set_item("warnings", warnings)?;
    to.set_item("classes", classes(selection).to_string())?;
    to.set_item("details", details(&selection.details).to_string())?;
    match weights {
        None => to.set_item("weights", py.None())?,
        Some(Weights::Rows(rows)) => {
            let rows: Vec<usize> = rows.iter().map(|&rows| rows as usize).collect();
            to.set_item("weights", ("int64", int64(py, &rows)))?;
        }
        Some(Weights::Targets(sums)) => {
            to.set_item("weights", ("float64", float64(py, sums)))?;
        }
    }
    Ok(to)
}

fn classes(selection: &Selection) -> Value {
    let class = |share: &coresift::ClassShare| {
        json!({
            "class": share.class,
            "rows": share.rows,
            "budget": share.budget,
            "picks": share.picks,
        })
    };
    selection.classes.iter().map(class).collect()
}

/// What one method alone tells, under the names of the library's fields.
fn details(details: &Details) -> Value {
    match details {
        Details::Sas(classes) => {
            let each = classes.iter().map(|class| {
                json!({ "class": class.class, "value": class.value, "storage": class.storage })
            });
            json!({ "classes": each.collect::<Vec<_>>() })
        }
        Details::ProbCover(rows) => json!({ "delta": rows.delta, "covered": rows.covered }),
        Details::KCenter(centers) => json!({ "radii": centers.radii, "idle": centers.idle }),
        Details::Determinant(classes) => {
            let each = classes.iter().map(|class| {
                json!({ "class": class.class, "lambda": class.lambda, "log_det": class.log_det })
            });
            json!({ "classes": each.collect::<Vec<_>>() })
        }
        Details::Cover(classes) => {
            let each = classes.iter().map(|class| {
                let refined = class.refined.as_ref();
                json!({
                    "class": class.class,
                    "sigma": class.sigma,
                    "gains": class.gains,
                    "idle": class.idle,
                    "start": refined.map(|refined| &refined.start),
                    "steps": refined.map(|refined| refined.steps),
                })
            });
            json!({ "classes": each.collect::<Vec<_>>() })
        }
        Details::Herding(classes) => {
            let each = classes.iter().map(
                |class| json!({ "class": class.class, "sigma": class.sigma, "alpha": class.alpha }),
            );
            json!({ "classes": each.collect::<Vec<_>>() })
        }
        _ => json!({}),
    }
}
