//! A selection in its four written forms.

use super::failure::Failure;
use coresift::{ClassShare, Details, Selection};
use coresift_io::file;
use coresift_io::target::Format;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

/// A file, and the argument that names it.
pub(crate) type Named = (&'static str, PathBuf);

/// Refuses, before anything is computed, outputs that could not be written and those that would take the
/// place of an input or of each other, whatever names lead there.
pub(crate) fn check(outputs: &[Named], inputs: &[Named]) -> Result<(), Failure> {
    let mut taken = Vec::new();
    let stdout = file::identity_of_stdout();
    for (argument, path) in inputs {
        // Who reads it says why it cannot be found.
        let Ok(identity) = file::identity(path) else {
            continue;
        };
        if stdout.as_ref() == Some(&identity) {
            let problem = "the file that stdout goes to found, another expected";
            return Err(Failure::file(path, argument, problem));
        }
        taken.push((format!("{argument} ({})", path.display()), identity));
    }
    taken.extend(stdout.map(|identity| ("stdout".to_owned(), identity)));
    for (argument, path) in outputs {
        let identity = able(path, argument)?;
        if let Some((other, _)) = taken.iter().find(|(_, other)| *other == identity) {
            let problem = format!("the same file as {other} found, one of its own expected");
            return Err(Failure::file(path, argument, problem));
        }
        taken.push((format!("{argument} ({})", path.display()), identity));
    }
    Ok(())
}

/// Refuses a file that could not be written; tells which it is.
fn able(path: &Path, argument: &'static str) -> Result<file::Identity, Failure> {
    let refuse = |problem: String| Err(Failure::file(path, argument, problem));
    let unable = |problem| move |e| Failure::io(path, argument, problem, e);
    if let Some(found) = file::obstacle(path) {
        return refuse(format!("{found} found, a file expected"));
    }
    if !file::folder(path).is_dir() {
        return refuse(no_folder(path));
    }
    let target = file::target(path).map_err(unable("cannot tell where this leads"))?;
    if !file::folder(&target).is_dir() {
        return refuse(no_folder(&target));
    }
    file::try_out(path).map_err(unable("cannot write to this folder"))?;
    file::identity(path).map_err(unable("cannot tell where this leads"))
}

fn no_folder(path: &Path) -> String {
    format!("no folder {:?} found, one expected", file::folder(path))
}

/// The bytes of a selection in a form: indices, with scores in a table, or the whole record; `about` is
/// what a record holds besides.
pub(crate) fn render(format: Format, selection: &Selection, about: &Value) -> Vec<u8> {
    match format {
        Format::Npy => npy(&selection.picks).expect("memory takes every byte"),
        Format::Json => format!("{}\n", record(selection, about)).into_bytes(),
        Format::Csv => csv(selection).into_bytes(),
        Format::Txt => txt(&selection.picks).into_bytes(),
    }
}

fn npy(picks: &[usize]) -> io::Result<Vec<u8>> {
    use npyz::WriterBuilder as _;
    let dtype = npyz::DType::Plain("<i8".parse().expect("a numpy type"));
    let mut bytes = Vec::new();
    let shape = [picks.len() as u64];
    let options = npyz::WriteOptions::new()
        .dtype(dtype)
        .shape(&shape)
        .writer(&mut bytes);
    let mut writer = options.begin_nd()?;
    writer.extend(picks.iter().map(|&index| index as i64))?;
    writer.finish()?;
    Ok(bytes)
}

fn csv(selection: &Selection) -> String {
    let mut text = "index,score\n".to_owned();
    for (index, score) in selection.picks.iter().zip(&selection.scores) {
        // `{:?}` is the shortest text that reads back as the same number.
        writeln!(text, "{index},{score:?}").expect("memory takes every byte");
    }
    text
}

fn txt(picks: &[usize]) -> String {
    let mut text = String::new();
    for index in picks {
        writeln!(text, "{index}").expect("memory takes every byte");
    }
    text
}

/// `about` and the selection in one object.
fn record(selection: &Selection, about: &Value) -> Value {
    let mut record = about.clone();
    record["picks"] = selection.picks.clone().into();
    record["scores"] = selection.scores.clone().into();
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
        _ => {}
    }
}
