//! `--report`: a page that shows what was picked. It is made once the picks are written: whatever fails then, they are
//! there.

use super::{Ready, deliver, in_context};
use crate::args::{ReportArgs, SelectArgs};
use crate::console::Console;
use crate::failure::Failure;
use crate::interrupt;
use crate::report::examples::{Examples, Kind};
use crate::report::html::called;
use crate::report::selected::Selected;
use crate::report::selected::measures::{Asked, Measures, STEPS};
use coresift::{Classes, Error, Others, Selection};
use coresift_io::features::FeatureFile;
use serde_json::Value;
use std::path::PathBuf;
use std::slice;

/// A page that is to be written, and what was read for it before anything was chosen.
pub(super) struct Report {
    to: PathBuf,
    /// Where every row of the features lies.
    plane: Option<Vec<[f64; 2]>>,
    /// The examples that are rows of the features.
    examples: Option<Examples>,
}

/// Reads what the page needs besides the features, where there is to be one.
pub(super) fn read(args: &SelectArgs, features: &FeatureFile) -> Result<Option<Report>, Failure> {
    let Some(to) = &args.report.report else {
        return Ok(None);
    };
    let plane = args.report.plane.as_ref();
    let plane = plane.map(|path| plane_of(args, path, features.rows));
    Ok(Some(Report {
        to: to.clone(),
        plane: plane.transpose()?,
        examples: examples_of(args, features.rows)?,
    }))
}

/// The list of examples, one for each of so many rows, where there is one.
fn examples_of(args: &SelectArgs, rows: usize) -> Result<Option<Examples>, Failure> {
    let ReportArgs { images, texts, .. } = &args.report;
    let list = match (images, texts) {
        (Some(path), _) => (Kind::Images, path),
        (None, Some(path)) => (Kind::Texts, path),
        (None, None) => return Ok(None),
    };
    Ok(Some(Examples::open(list.0, list.1, rows)?))
}

/// Where so many rows lie in the plane, as a file has it.
fn plane_of(args: &SelectArgs, path: &PathBuf, rows: usize) -> Result<Vec<[f64; 2]>, Failure> {
    let refuse = |problem: String| Err(Failure::file(path, "plane", problem));
    let file = FeatureFile::open(slice::from_ref(path), "plane", args.source.raw)?;
    if file.dim != 2 {
        return refuse(format!("rows of {} values found, 2 expected", file.dim));
    }
    if file.rows != rows {
        let found = file.rows;
        return refuse(format!(
            "{found} rows found, {rows} expected, as in the features"
        ));
    }
    let values = file.read(|_| {})?;
    if let Some(at) = values.iter().position(|value| !value.is_finite()) {
        let (value, row) = (values[at], at / 2);
        return refuse(format!(
            "{value} found in row {row}, finite numbers expected"
        ));
    }
    let (pairs, _) = values.as_chunks::<2>();
    Ok(pairs.iter().map(|pair| pair.map(f64::from)).collect())
}

/// Measures what the page shows and writes it, where there is to be one.
pub(super) fn write(
    report: Option<Report>,
    made: &Ready<'_>,
    (selection, about): (&Selection, &Value),
    console: Console,
) -> Result<(), Failure> {
    let Some(report) = report else {
        return Ok(());
    };
    let to = report.to.clone();
    deliver::page(&to, &report.html(made, selection, about, console)?, console)
}

impl Report {
    fn html(
        self,
        made: &Ready<'_>,
        selection: &Selection,
        about: &Value,
        console: Console,
    ) -> Result<String, Failure> {
        let (args, given) = (made.args, made.given);
        let numbers = made.others.map(Others::numbers);
        let place = |row: &usize| numbers.map_or(Some(*row), |all| all.binary_search(row).ok());
        let places: Vec<usize> = selection.picks.iter().filter_map(place).collect();
        let plane = self.plane.map(|all| match numbers {
            Some(numbers) => numbers.iter().map(|&row| all[row]).collect(),
            None => all,
        });
        let bar = console.progress("reporting {wide_bar} {pos}/{len} {elapsed}", STEPS);
        let metric = args.weights_metric();
        let measures = interrupt::until_stopped(|stop| {
            let pool = made.rows.pool(stop)?;
            let asked = Asked {
                picks: &places,
                labelled: &given.labelled,
                target_weights: given.target_weights.as_deref(),
                metric,
                plane,
            };
            Measures::of(&*pool, asked, |step| bar.set(step))
        });
        let measures = measures.map_err(|error| failed(made, error))?;
        let classes = match &given.classes {
            Some(Classes::Given(classes)) => Some(&classes[..]),
            _ => None,
        };
        let mut selected = Selected {
            name: &called(made.file.path()),
            about,
            method: args.stages().last().unwrap_or(args.method()),
            selection,
            places: &places,
            labelled: &given.labelled,
            classes,
            metric,
            measures: &measures,
            examples: Vec::new(),
            notes: Vec::new(),
        };
        if let Some(examples) = &self.examples {
            let picked = examples.picked(&selection.picks, &self.to)?;
            if let Some(missing) = picked.missing() {
                console.note(format_args!("report: {missing}"));
            }
            selected.show(picked);
        }
        Ok(selected.page().html())
    }
}

/// Why there is no page; ends the process if it was Ctrl-C.
fn failed(made: &Ready<'_>, error: Error) -> Failure {
    if matches!(error, Error::Interrupted { missing: None, .. }) {
        interrupt::end("interrupted: no report written");
    }
    let error = match made.others {
        Some(others) => others.named(error),
        None => error,
    };
    in_context(made.args, made.file, error)
}
