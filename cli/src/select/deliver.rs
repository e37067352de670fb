//! Where a selection goes: whole, or as far as it came.

use super::words::count;
use super::{in_context, read};
use crate::args::SelectArgs;
use crate::console::{self, Console};
use crate::failure::Failure;
use crate::write::{self, Origins, Weighed};
use coresift::{Error, Selection};
use coresift_io::features::FeatureFile;
use coresift_io::file;
use coresift_io::target::{Format, Target};
use serde_json::Value;
use std::path::Path;

/// Finds out what is to be told of picks.
type Tell<'a> = &'a dyn Fn(&[usize]) -> Result<Origins, Failure>;

/// Delivers a selection that is whole, and the weights of its picks where they are asked for: without them
/// where they could not be had.
pub(super) fn whole(
    args: &SelectArgs,
    file: &FeatureFile,
    (selection, about): (&Selection, &Value),
    weighed: Option<Result<Weighed, Error>>,
) -> Result<(), Failure> {
    let (weighed, told) = match weighed.transpose() {
        Ok(weighed) => (weighed, Ok(())),
        Err(error) => (None, Err(in_context(args, file, error))),
    };
    let origins = |picks: &[usize]| {
        let weighed = weighed.clone();
        read::origins(args, file, picks).map(|origins| Origins { weighed, ..origins })
    };
    let delivered = deliver(args.out.as_ref(), args.json, selection, about, &origins);
    let written = match (&args.weights_out, &weighed) {
        (Some(out), Some(weighed)) => {
            let is_stdout_free = args.out.is_some() && !args.json && delivered.is_ok();
            write_weights(out, weighed, is_stdout_free)
        }
        _ => Ok(()),
    };
    console::all([delivered, written, told])
}

/// Writes a page of HTML.
pub(crate) fn page(to: &Path, html: &str, console: Console) -> Result<(), Failure> {
    file::replace(to, html.as_bytes())
        .map_err(|e| Failure::io(to, "report", "cannot write the file", e))?;
    let size = html.len().div_ceil(1000);
    console.note(format_args!("report: {} ({size} kB)", to.display()));
    Ok(())
}

/// Writes the weights of picks; what cannot be written is printed where nothing else is.
fn write_weights(out: &Target, weighed: &Weighed, is_stdout_free: bool) -> Result<(), Failure> {
    let Err(e) = file::replace(&out.path, &write::weights(out.format, weighed)) else {
        return Ok(());
    };
    let mut problem = "cannot write the file";
    let mut printed = Ok(());
    if is_stdout_free {
        let format = as_text(out.format, Format::Txt);
        printed = console::results(&write::weights(format, weighed));
        if printed.is_ok() {
            problem = "cannot write the file, so stdout has it";
        }
    }
    let unwritten = Failure::io(&out.path, "weights-out", problem, e);
    console::all([printed, Err(unwritten)])
}

/// A form that can be printed: bytes of an array are no text.
fn as_text(format: Format, instead: Format) -> Format {
    match format {
        Format::Npy => instead,
        format => format,
    }
}

/// Writes the picks made before Ctrl-C where all of them were to go, and says what has become of them.
/// Where no pick was made, what is there stays.
pub(super) fn keep(
    args: &SelectArgs,
    partial: &Selection,
    about: Value,
    origins: Tell<'_>,
) -> String {
    let picks = count(partial.picks.len(), "pick", "picks");
    let Some(out) = args.out.as_ref().filter(|_| !partial.picks.is_empty()) else {
        return format!("interrupted: {picks} made, none written");
    };
    match deliver(Some(out), false, partial, &cut_short(about), origins) {
        Ok(()) => format!(
            "interrupted: {picks} made, written to {}",
            out.path.display()
        ),
        Err(failure) => {
            console::error(&failure);
            format!("interrupted: {picks} made")
        }
    }
}

/// What a record says of a selection that is not whole.
fn cut_short(mut about: Value) -> Value {
    about["partial"] = true.into();
    about
}

/// Keeps the picks made before the device was lost, beside where all of them were to go.
pub(super) fn rescue(
    args: &SelectArgs,
    partial: &Selection,
    about: Value,
    origins: Tell<'_>,
    console: Console,
) {
    if partial.picks.is_empty() {
        return;
    }
    let out = args.out.as_ref().map(Target::partial);
    match deliver(out.as_ref(), args.json, partial, &cut_short(about), origins) {
        Ok(()) => {
            let place = out.map_or("stdout".to_owned(), |out| out.path.display().to_string());
            console.note(format_args!(
                "partial: {} picks in {place}",
                partial.picks.len()
            ));
        }
        Err(failure) => console::error(&failure),
    }
}

/// Writes and prints a selection. What cannot be written is printed, and where what there is to tell of
/// the picks cannot be read they go without: nothing is lost.
pub(super) fn deliver(
    out: Option<&Target>,
    as_json: bool,
    selection: &Selection,
    about: &Value,
    origins: Tell<'_>,
) -> Result<(), Failure> {
    let (origins, told) = match origins(&selection.picks) {
        Ok(origins) => (origins, Ok(())),
        Err(failure) => (Origins::default(), Err(failure)),
    };
    let render = |format| write::render(format, selection, about, &origins);
    console::all([results(out, as_json, render), told])
}

/// Writes and prints results, which `render` puts into a form. What cannot be written is printed.
pub(crate) fn results(
    out: Option<&Target>,
    as_json: bool,
    render: impl Fn(Format) -> Vec<u8>,
) -> Result<(), Failure> {
    let print = |format| console::results(&render(format));
    let printed = if as_json { Format::Json } else { Format::Txt };
    let Some(out) = out else {
        return print(printed);
    };
    match file::replace(&out.path, &render(out.format)) {
        Ok(()) if as_json => print(Format::Json),
        Ok(()) => Ok(()),
        Err(e) => {
            let printed = print(if as_json {
                printed
            } else {
                as_text(out.format, printed)
            });
            let problem = match printed {
                Ok(()) => "cannot write the file, so stdout has it",
                Err(_) => "cannot write the file",
            };
            let unwritten = Failure::io(&out.path, "out", problem, e);
            console::all([printed, Err(unwritten)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;
    use serde_json::json;

    #[test]
    fn a_lost_device_leaves_its_picks_beside_the_output() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("s.csv");
        let option = format!("--out={}", out.display());
        let line = [
            "coresift",
            "select",
            "x.npy",
            "--method=norm",
            "--budget=9",
            &option,
        ];
        let Command::Select(args) = Cli::parse_from(line).command else {
            panic!("the line says select");
        };
        let partial = Selection {
            picks: vec![4, 2],
            scores: vec![1.5, 0.5],
            ..Selection::default()
        };
        let console = Console { quiet: true };
        rescue(
            &args,
            &partial,
            json!({}),
            &|_| Ok(Origins::default()),
            console,
        );
        let kept = std::fs::read_to_string(folder.path().join("s.csv.partial")).unwrap();
        assert_eq!(kept, "index,score\n4,1.5\n2,0.5\n");
        assert!(!out.exists());
    }
}
