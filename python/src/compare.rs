//! Selectors compared on splits of labelled rows.

use crate::errors;
use crate::lists::Whole;
use crate::pool::Pool;
use crate::selector::{Given, of_options};
use coresift::compare::{Comparison, Contender, Score};
use coresift::{Listener, Named as _, Selector};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::{Map, json};

/// Compares selectors, each a name and its options, on `splits`: budgets, their number, and rows to select from. JSON with the comparison as the library has it, and `summary`
/// with each score by its name.
#[pyfunction]
pub(crate) fn compare(
    py: Python<'_>,
    pool: &Bound<'_, Pool>,
    contenders: Vec<(String, Py<PyDict>)>,
    labels: Whole,
    splits: (Vec<usize>, u64, usize),
    progress: Option<Py<PyAny>>,
) -> PyResult<String> {
    let (budgets, seeds, train) = splits;
    let open = pool.get().open()?;
    let of_library = |error| errors::of_library(py, error);
    let labels = labels.classes("labels")?;
    let labels = match &open.others {
        Some(others) => others.of_each(&labels, "labels").map_err(of_library)?,
        None => labels,
    };
    // What is wrong with options is found out here, and not by a selector of a later seed.
    for (_, options) in &contenders {
        seeded(py, options, 0)?;
    }
    let contenders = contenders.iter().map(|(name, options)| Contender {
        name: name.clone(),
        selector: Box::new(move |seed| {
            let made = Python::attach(|py| seeded(py, options, seed));
            made.expect("the same options have made a selector")
        }),
    });
    let contenders: Vec<Contender<'_>> = contenders.collect();
    let comparison = Comparison {
        labels: &labels,
        budgets: &budgets,
        seeds,
        train,
    };
    let (features, device) = open.held.here()?;
    let compare = |pool: &dyn coresift::Pool, listener: &mut Listener<'_>| {
        let make = |features| device.pool(features, open.memory, pool.stop().clone());
        comparison.run(features, &contenders, &make, listener)
    };
    let compared = open.beside(py, progress.as_ref(), None, compare)?;
    let mut compared = compared.map_err(of_library)?;
    if let Some(others) = &open.others {
        for split in &mut compared.splits {
            let picks = split
                .trials
                .iter_mut()
                .flatten()
                .flat_map(|trial| &mut trial.picks);
            let rows = picks.chain(&mut split.held_out);
            rows.for_each(|row| *row = others.numbers()[*row]);
        }
    }
    let summary = Score::ALL.iter().map(|&score| {
        let told = compared.summary(score);
        (score.name().to_owned(), json!(told))
    });
    let summary: Map<_, _> = summary.collect();
    Ok(json!({ "compared": compared, "summary": summary }).to_string())
}

/// The selector of some options with a seed, where it has one.
fn seeded(py: Python<'_>, options: &Py<PyDict>, seed: u64) -> PyResult<Box<dyn Selector>> {
    let options = options.bind(py).copy()?;
    reseed(&options, seed)?;
    of_options(&options, &Given::default(), None)
}

fn reseed(options: &Bound<'_, PyDict>, seed: u64) -> PyResult<()> {
    if options.contains("seed")? {
        options.set_item("seed", seed)?;
    }
    for stage in ["first", "second"] {
        if let Some(inner) = options.get_item(stage)? {
            let inner = inner.cast_into::<PyDict>()?.copy()?;
            reseed(&inner, seed)?;
            options.set_item(stage, inner)?;
        }
    }
    Ok(())
}
