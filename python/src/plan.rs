//! What a selection will take, told before any row is read.

use crate::errors;
use crate::pool::Terms;
use crate::rows::Source;
use crate::run::beside;
use crate::selector::Rule;
use crate::threads;
use coresift::plan::{Rates, Span};
use coresift::{Device, Error, Features, Others, Selector, Stop, calibrate};
use coresift_io::features::FeatureFile;
use coresift_io::loaded::Room;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// What devices have been measured to take, by their names and threads.
static MEASURED: Mutex<Option<HashMap<(String, usize), Rates>>> = Mutex::new(None);

/// Number of rows, and of values of each, of rows that are not read.
#[pyfunction]
pub(crate) fn shape(py: Python<'_>, source: Source) -> PyResult<[usize; 2]> {
    let file = source.open(py, "X")?;
    Ok([file.rows, file.dim])
}

/// The cost of a selection as JSON: work, passes, memory; seconds too where the device has been measured, as
/// `measure` asks for.
#[pyfunction]
pub(crate) fn plan<'py>(
    py: Python<'py>,
    source: Source,
    terms: Terms,
    options: &Bound<'py, PyDict>,
    given: &Bound<'py, PyDict>,
    budget: usize,
    measure: bool,
) -> PyResult<String> {
    let of_library = |error| errors::of_library(py, error);
    let file = source.open(py, "X")?;
    let threads = threads::of(terms.threads)?;
    let asked = terms.asked()?;
    let rule = Rule::new(options, given)?;
    let (mut given, mut rows) = (rule.given.clone(), file.rows);
    if let Some(others) = Others::of_list(rows, &asked.left_out) {
        given = given.of(&others).map_err(of_library)?;
        rows = others.numbers().len();
    }
    let selector = rule.selector(&given, None)?;
    let room = Room::of(&file, asked.memory).map_err(|error| errors::of_file(py, error))?;
    let (stop, workers) = (Stop::new(), threads.current_num_threads());
    let told = beside(py, &threads, None, (&stop, Some(budget)), |_| {
        let (device, _) = Device::open(&asked.device, asked.device_memory)?;
        let cost = cost(&*selector, (&device, &file, room), rows, budget)?;
        let rates = rates(&device, workers, measure, &stop)?;
        let seconds = rates.map(|rates| {
            let all = rates.seconds(&cost);
            Span {
                least: all.least / Rates::DOUBT,
                likely: all.likely,
                most: all.most * Rates::DOUBT,
            }
        });
        Ok(json!({
            "rows": rows,
            "dim": file.dim,
            "budget": budget,
            "device": device.name(),
            "held": room.is_enough(),
            "bytes": room.needed,
            "memory": room.bound,
            "multiply_adds": cost.multiply_adds(),
            "depends_on_values": !cost.is_certain(),
            "seconds": seconds,
            "cost": cost,
        }))
    })?;
    told.map(|told| told.to_string()).map_err(of_library)
}

fn cost(
    selector: &dyn Selector,
    (device, file, room): (&Device, &FeatureFile, Room),
    rows: usize,
    budget: usize,
) -> Result<coresift::plan::Cost, Error> {
    let outline = device.outline([rows, file.dim], !room.is_enough(), room.left());
    selector.cost(&outline, budget)
}

/// What a device takes for each kind of work: as it has been measured, or is to be now.
fn rates(
    device: &Device,
    threads: usize,
    measure: bool,
    stop: &Stop,
) -> Result<Option<Rates>, Error> {
    let key = (device.name(), threads);
    let measured = || MEASURED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = measured().get_or_insert_default().get(&key).cloned();
    if known.is_some() || !measure {
        return Ok(known);
    }
    let make = |features: Features<'static>| device.pool(features, u64::MAX, stop.clone());
    let rates = calibrate(&make)?;
    measured()
        .get_or_insert_default()
        .insert(key, rates.clone());
    Ok(Some(rates))
}
