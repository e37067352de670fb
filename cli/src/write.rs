//! A selection in its four written forms.

use super::failure::Failure;
use coresift::evaluate::Weights;
use coresift::{ClassCover, ClassShare, Details, Selection};
use coresift_io::outputs;
pub(crate) use coresift_io::outputs::Named;
use coresift_io::target::Format;
use serde_json::{Value, json};
use std::io;

/// Refuses, before anything is computed, outputs that could not be written, or that would take the place of an input.
pub(crate) fn check(outputs: &[Named], inputs: &[Named]) -> Result<(), Failure> {
    Ok(outputs::check(outputs, inputs)?)
}

/// What is told of each pick besides its index and score, where that is asked for.
#[derive(Debug, Default)]
pub(crate) struct Origins {
    /// What a column says of it.
    pub(crate) ids: Option<Vec<Value>>,
    /// The file that it is in, and its row there.
    pub(crate) places: Option<Vec<(String, usize)>>,
    /// What it stands for.
    pub(crate) weighed: Option<Weighed>,
}

/// What rows stand for: the labelled ones, and then the picks.
#[derive(Clone, Debug)]
pub(crate) struct Weighed {
    /// Which they are.
    pub(crate) rows: Vec<usize>,
    /// How many of them are labelled.
    pub(crate) labelled: usize,
    /// All their weights.
    pub(crate) weights: Weights,
}

impl Weighed {
    fn texts(&self) -> Vec<String> {
        match &self.weights {
            Weights::Rows(counts) => counts.iter().map(u64::to_string).collect(),
            Weights::Targets(sums) => sums.iter().map(shortest).collect(),
        }
    }

    fn values(&self) -> Vec<Value> {
        match &self.weights {
            Weights::Rows(counts) => counts.iter().copied().map(Value::from).collect(),
            Weights::Targets(sums) => sums.iter().copied().map(Value::from).collect(),
        }
    }
}

/// The shortest text that reads back as the same number.
fn shortest(number: &f64) -> String {
    format!("{number:?}")
}

impl Origins {
    /// Columns with their titles.
    fn columns(&self) -> Vec<(&'static str, Vec<String>)> {
        let mut columns = Vec::new();
        if let Some(ids) = &self.ids {
            columns.push(("id", ids.iter().map(text).collect()));
        }
        if let Some(places) = &self.places {
            let (files, rows) = places
                .iter()
                .map(|(file, row)| (file.clone(), row.to_string()))
                .unzip();
            columns.push(("file", files));
            // Not just row, which is what a list of rows to be read has.
            columns.push(("file_row", rows));
        }
        columns
    }
}

/// An id as it stands in a table: nothing where there is none.
fn text(id: &Value) -> String {
    match id {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        number => number.to_string(),
    }
}

/// The bytes of a selection in a form: indices, with scores in a table, or the whole record; `about` is
/// what a record holds besides. What is told of each pick makes a table of a text, too.
pub(crate) fn render(
    format: Format,
    selection: &Selection,
    about: &Value,
    origins: &Origins,
) -> Vec<u8> {
    let picks = &selection.picks;
    let mut columns = vec![("index", picks.iter().map(usize::to_string).collect())];
    match format {
        Format::Npy => {
            let shape = [picks.len() as u64];
            let indices = picks.iter().map(|&index| index as i64);
            return npy("<i8", &shape, indices).expect("memory takes every byte");
        }
        Format::Json => return format!("{}\n", record(selection, about, origins)).into_bytes(),
        Format::Csv => {
            columns.push(("score", selection.scores.iter().map(shortest).collect()));
            if let Some(weighed) = &origins.weighed {
                columns.push(("weight", weighed.texts().split_off(weighed.labelled)));
            }
        }
        Format::Txt => {}
    }
    columns.extend(origins.columns());
    let delimiter = if format == Format::Csv { b',' } else { b'\t' };
    table(&columns, delimiter).expect("memory takes every byte")
}

/// The bytes of weights in a form.
pub(crate) fn weights(format: Format, weighed: &Weighed) -> Vec<u8> {
    let shape = [weighed.rows.len() as u64];
    let bytes = match (format, &weighed.weights) {
        (Format::Npy, Weights::Rows(counts)) => npy("<u8", &shape, counts.iter().copied()),
        (Format::Npy, Weights::Targets(sums)) => npy("<f8", &shape, sums.iter().copied()),
        (Format::Json, _) => Ok(format!("{}\n", Value::from(weighed.values())).into_bytes()),
        (Format::Csv, _) => {
            let indices = weighed.rows.iter().map(usize::to_string).collect();
            table(&[("index", indices), ("weight", weighed.texts())], b',')
        }
        (Format::Txt, _) => table(&[("weight", weighed.texts())], b'\t'),
    };
    bytes.expect("memory takes every byte")
}

/// A table, with titles where it has more than one column.
pub(crate) fn table(columns: &[(&str, Vec<String>)], delimiter: u8) -> io::Result<Vec<u8>> {
    let mut table = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    if columns.len() > 1 {
        table.write_record(columns.iter().map(|(title, _)| title))?;
    }
    for row in 0..columns[0].1.len() {
        table.write_record(columns.iter().map(|(_, entries)| &entries[row]))?;
    }
    table.into_inner().map_err(|e| e.into_error())
}

/// An array of these numbers.
pub(crate) fn npy<T: npyz::Serialize>(
    dtype: &str,
    shape: &[u64],
    numbers: impl Iterator<Item = T>,
) -> io::Result<Vec<u8>> {
    use npyz::WriterBuilder as _;
    let dtype = npyz::DType::Plain(dtype.parse().expect("a numpy type"));
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new()
        .dtype(dtype)
        .shape(shape)
        .writer(&mut bytes);
    let mut writer = options.begin_nd()?;
    writer.extend(numbers)?;
    writer.finish()?;
    Ok(bytes)
}

/// `about` and the selection in one object.
fn record(selection: &Selection, about: &Value, origins: &Origins) -> Value {
    let mut record = about.clone();
    record["picks"] = selection.picks.clone().into();
    record["scores"] = selection.scores.clone().into();
    if let Some(ids) = &origins.ids {
        record["ids"] = ids.clone().into();
    }
    if let Some(places) = &origins.places {
        record["files"] = places.iter().map(|(file, _)| &**file).collect();
        record["file_rows"] = places.iter().map(|&(_, row)| row).collect();
    }
    if let Some(weighed) = &origins.weighed {
        let mut labelled = weighed.values();
        record["weights"] = labelled.split_off(weighed.labelled).into();
        if !labelled.is_empty() {
            record["labelled_weights"] = labelled.into();
        }
    }
    record["restarts"] = selection.restarts.clone().into();
    record["passes"] = selection.passes.into();
    record["settled"] = selection.settled.into();
    if !selection.classes.is_empty() {
        record["classes"] = selection.classes.iter().map(class).collect();
    }
    add_details(&mut record, &selection.details);
    if !selection.warnings.is_empty() {
        let words = selection.warnings.iter().map(ToString::to_string);
        record["warnings"] = words.collect::<Vec<String>>().into();
    }
    record["shortfall"] = match selection.shortfall {
        Some(short) => {
            json!({ "count": short.missing, "reason": short.reason.to_string() })
        }
        None => Value::Null,
    };
    record
}

/// What a record says of one latent class.
fn class(share: &ClassShare) -> Value {
    json!({
        "class": share.class,
        "rows": share.rows,
        "budget": share.budget,
        "picks": share.picks,
    })
}

/// Adds to a record what one method alone tells.
fn add_details(record: &mut Value, details: &Details) {
    match details {
        Details::Sas(classes) => {
            record["value"] = classes.iter().map(|class| class.value).sum::<f64>().into();
            for (at, class) in classes.iter().enumerate() {
                record["classes"][at]["value"] = class.value.into();
                record["classes"][at]["storage"] = json!(class.storage);
            }
        }
        Details::ProbCover(cover) => {
            record["cover"] = json!({ "delta": cover.delta, "covered": cover.covered });
        }
        Details::KCenter(centers) => {
            record["radii"] = centers.radii.clone().into();
            record["idle"] = centers.idle.into();
        }
        Details::Determinant(classes) => {
            for (place, class) in places(record).into_iter().zip(classes) {
                place["lambda"] = class.lambda.into();
                place["log_det"] = class.log_det.into();
            }
            record["log_det"] = classes
                .iter()
                .map(|class| class.log_det)
                .sum::<f64>()
                .into();
        }
        Details::Cover(classes) => record["cover"] = classes.iter().map(cover_of).collect(),
        Details::Herding(classes) => {
            for (place, class) in places(record).into_iter().zip(classes) {
                place["herding"] = json!({ "sigma": class.sigma, "alpha": class.alpha });
            }
        }
        _ => {}
    }
}

/// Where a record tells what a method does of each class: with those that have a share of the budget, and by itself
/// where there are no classes.
fn places(record: &mut Value) -> Vec<&mut Value> {
    if record.get("classes").is_none() {
        return vec![record];
    }
    let classes = record["classes"].as_array_mut().into_iter().flatten();
    classes.filter(|class| class["budget"] != 0).collect()
}

/// How well the picks of a class cover its rows, and how they came about.
fn cover_of(class: &ClassCover) -> Value {
    let mut cover = json!({
        "class": class.class,
        "sigma": class.sigma,
        "gains": class.gains,
        "idle": class.idle,
    });
    if let Some(refined) = &class.refined {
        cover["start"] = refined.start.clone().into();
        cover["steps"] = refined.steps.into();
    }
    cover
}
