//! What is read before anything is chosen: lists, inputs and the features themselves.

use super::in_context;
use crate::args::values::Bytes;
use crate::args::{Method, SelectArgs, Source};
use crate::classes;
use crate::console::Console;
use crate::failure::Failure;
use crate::method::{self, Given};
use crate::write::Origins;
use coresift::evaluate::Weigher;
use coresift::{Features, GramSchmidt, LeftOut, Precision};
use coresift_io::features::FeatureFile;
use coresift_io::indices;
use coresift_io::loaded::{Loaded, Room};
use std::path::PathBuf;
use std::slice;
use std::sync::Arc;

/// Looks at what the features are.
pub(crate) fn open(source: &Source) -> Result<Arc<FeatureFile>, Failure> {
    let file = FeatureFile::open(&source.features, "features", source.raw)?;
    Ok(Arc::new(file))
}

/// Everything that options name but the features: lists, prompts, inputs.
pub(super) fn given(
    args: &SelectArgs,
    file: &FeatureFile,
    console: Console,
) -> Result<Given, Failure> {
    let input_norms = input_norms(args, file.rows, console)?;
    Ok(Given {
        input_norms,
        ..lists(args, file)?
    })
}

/// What is small of that: lists and prompts.
pub(crate) fn lists(args: &SelectArgs, file: &FeatureFile) -> Result<Given, Failure> {
    let labelled = args.labelled.as_ref();
    let labelled = labelled.map(|list| indices::rows(list, "labelled"));
    let labelled = labelled.transpose()?.unwrap_or_default();
    let classes = classes::read(args, file.dim)?;
    let clusters = args.given_clusters.as_ref();
    let clusters =
        clusters.map(|list| indices::of_rows(list, "given-clusters", &indices::CLUSTERS));
    Ok(Given {
        labelled,
        rank_tol: None,
        classes,
        clusters: clusters.transpose()?,
        input_norms: None,
        target_weights: target_weights(args, file)?,
    })
}

/// How much each row counts for, where that is said.
fn target_weights(args: &SelectArgs, file: &FeatureFile) -> Result<Option<Vec<f64>>, Failure> {
    let Some(list) = &args.target_weights else {
        return Ok(None);
    };
    let weights = indices::weights(list, "target-weights")?;
    // Before rows are left out, so that an error has the number of the row.
    Weigher::check(&weights, file.rows).map_err(|error| in_context(args, file, error))?;
    Ok(Some(weights))
}

/// What is to be told of picks besides their indices; of none it is found out whether it can be.
pub(crate) fn origins(
    args: &SelectArgs,
    file: &FeatureFile,
    picks: &[usize],
) -> Result<Origins, Failure> {
    let ids = args
        .id_column
        .as_ref()
        .map(|column| file.ids(column, picks));
    let place = |&row| {
        let (path, row) = file.place(row);
        (path.display().to_string(), row)
    };
    let places = args.file_and_row.then(|| picks.iter().map(place).collect());
    Ok(Origins {
        ids: ids.transpose()?,
        places,
        weighed: None,
    })
}

/// Makes the rows of the features ready, in so much memory.
pub(crate) fn load(
    memory: Option<Bytes>,
    file: &Arc<FeatureFile>,
    console: Console,
) -> Result<Loaded, Failure> {
    if let Some(gaps) = file.gaps() {
        console.note(format_args!("files: {gaps}"));
    }
    if let Some(changes) = file.conversion() {
        console.note(format_args!("converted: {changes}"));
    }
    load_quietly(memory, file, console)
}

fn load_quietly(
    memory: Option<Bytes>,
    file: &Arc<FeatureFile>,
    console: Console,
) -> Result<Loaded, Failure> {
    let room = room(memory, file)?;
    let bar = console.progress("reading   {wide_bar} {percent}% {elapsed}", file.values());
    if !room.is_enough() {
        console.note(format_args!(
            "memory: {} takes {} bytes, more than {}: every pass reads it anew",
            file.path().display(),
            room.needed,
            room.bound
        ));
    }
    Ok(Loaded::new(file, room, |done| bar.set(done))?)
}

/// The same rows less their mean, or that of those that are not left out, and that.
pub(super) fn centered(
    loaded: Loaded,
    file: &Arc<FeatureFile>,
    others: Option<&[usize]>,
    console: Console,
) -> Result<(Loaded, Vec<f64>), Failure> {
    let bar = console.progress("centering {wide_bar} {percent}% {elapsed}", file.values());
    Ok(loaded.centered(file, others, |done| bar.set(done))?)
}

/// The memory that the rows of a file are given.
pub(crate) fn room(memory: Option<Bytes>, file: &FeatureFile) -> Result<Room, Failure> {
    Ok(Room::of(file, memory.map(|bytes| bytes.0))?)
}

/// The file of inputs that so many features were made from.
pub(crate) fn inputs(
    args: &SelectArgs,
    path: &PathBuf,
    rows: usize,
) -> Result<Arc<FeatureFile>, Failure> {
    let named = slice::from_ref(path);
    let file = FeatureFile::open(named, "input-features", args.source.raw)?;
    if file.rows != rows {
        let found = file.rows;
        let problem = format!("{found} rows found, {rows} expected, as in the features");
        return Err(Failure::file(path, "input-features", problem));
    }
    Ok(Arc::new(file))
}

/// The norms of the inputs that the features were made from, where they are asked for.
fn input_norms(
    args: &SelectArgs,
    rows: usize,
    console: Console,
) -> Result<Option<Vec<f64>>, Failure> {
    let Some(path) = &args.input_features else {
        return Ok(None);
    };
    let fail = |problem: String| Failure::file(path, "input-features", problem);
    let file = inputs(args, path, rows)?;
    let loaded = load_quietly(args.machine.memory, &file, console)?;
    let shape = [file.rows, file.dim];
    let inputs = Features::without(loaded.rows(), shape, &LeftOut::default()).map_err(|error| {
        // The library takes them for features.
        fail(error.to_string().replacen("features: ", "", 1))
    })?;
    Ok(Some(inputs.norms(method::lp(args))?))
}

/// Values once rounded carry what that added, centered ones too, which must not pass for a direction.
pub(super) fn rank_tol(
    args: &SelectArgs,
    precision: Precision,
    dim: usize,
    console: Console,
) -> Option<f64> {
    let has_residuals = args.stages().any(|stage| stage == Method::GramSchmidt);
    if !has_residuals
        || args.ridge.is_some()
        || args.rank_tol.is_some()
        || precision == Precision::F32
    {
        return None;
    }
    let tol = GramSchmidt::default_rank_tol(dim, precision);
    console.note(format_args!(
        "rank-tol: {tol} ({} values)",
        precision.name()
    ));
    Some(tol)
}
