//! What is read before anything is chosen: lists, inputs and the features themselves.

use crate::args::{Method, SelectArgs};
use crate::classes;
use crate::console::Console;
use crate::failure::Failure;
use crate::method::{self, Given};
use crate::write::Origins;
use coresift::{Features, GramSchmidt, Precision};
use coresift_io::features::{FeatureFile, Values};
use coresift_io::indices;
use coresift_io::source::Kind;
use std::slice;

/// Everything that options name but the features: lists, prompts, inputs.
pub(super) fn given(
    args: &SelectArgs,
    file: &FeatureFile,
    console: Console,
) -> Result<Given, Failure> {
    let labelled = args.labelled.as_ref();
    let labelled = labelled.map(|list| indices::rows(list, "labelled"));
    let labelled = labelled.transpose()?.unwrap_or_default();
    let classes = classes::read(args, file.dim)?;
    let input_norms = input_norms(args, file.rows, console)?;
    let clusters = args.given_clusters.as_ref();
    let clusters =
        clusters.map(|list| indices::of_rows(list, "given-clusters", &indices::CLUSTERS));
    Ok(Given {
        labelled,
        rank_tol: None,
        classes,
        clusters: clusters.transpose()?,
        input_norms,
    })
}

/// What is to be told of picks besides their indices; of none it is found out whether it can be.
pub(super) fn origins(
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
    })
}

/// All values of the features.
pub(super) fn values(file: &FeatureFile, console: Console) -> Result<Values, Failure> {
    if let Some(gaps) = file.gaps() {
        console.note(format_args!("files: {gaps}"));
    }
    if let Some(changes) = file.conversion() {
        console.note(format_args!("converted: {changes}"));
    }
    read_values(file, console)
}

fn read_values(file: &FeatureFile, console: Console) -> Result<Values, Failure> {
    let bar = console.progress("reading   {wide_bar} {percent}% {elapsed}", file.values());
    Ok(file.read(|done| bar.set(done))?)
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
    let file = FeatureFile::open(slice::from_ref(path), "input-features", args.raw)?;
    if file.rows != rows {
        let found = file.rows;
        return Err(fail(format!(
            "{found} rows found, {rows} expected, as in the features"
        )));
    }
    let values = read_values(&file, console)?;
    let inputs = Features::new(&values, file.rows, file.dim).map_err(|error| {
        // The library takes them for features.
        fail(error.to_string().replacen("features: ", "", 1))
    })?;
    Ok(Some(inputs.norms(method::lp(args))?))
}

/// The features, once all values are found good.
pub(super) fn checked<'a>(file: &FeatureFile, values: &'a Values) -> Result<Features<'a>, Failure> {
    Features::new(values, file.rows, file.dim).map_err(|e| file.refused(e).into())
}

/// What values were rounded to: their type in the file, or what they look rounded to.
pub(super) fn precision(file: &FeatureFile, features: &Features<'_>) -> Precision {
    let stored = match file.kind() {
        Kind::F16 => Precision::F16,
        Kind::Bf16 => Precision::Bf16,
        Kind::F32 | Kind::F64 => Precision::F32,
    };
    stored.max(features.precision())
}

/// Values once rounded carry what that added, centered ones too, which must not pass for a direction.
pub(super) fn rank_tol(
    args: &SelectArgs,
    precision: Precision,
    dim: usize,
    console: Console,
) -> Option<f64> {
    let has_residuals = args.stages().any(|stage| stage == Method::GramSchmidt);
    if !has_residuals || args.rank_tol.is_some() || precision == Precision::F32 {
        return None;
    }
    let tol = GramSchmidt::default_rank_tol(dim, precision);
    console.note(format_args!(
        "rank-tol: {tol} ({} values)",
        precision.name()
    ));
    Some(tol)
}
