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
use coresift::{Error, Features, GramSchmidt, LeftOut, Precision, Rows};
use coresift_io::features::{FeatureFile, Values};
use coresift_io::reader::FeatureReader;
use coresift_io::source::Kind;
use coresift_io::{indices, memory};
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

/// The rows of a file: in memory, or read when they are asked for.
pub(crate) struct Loaded {
    rows: Place,
    /// What is left of the memory that they may take.
    pub(crate) memory: u64,
}

enum Place {
    Held(Values),
    Read(Arc<FeatureReader>),
}

impl Loaded {
    pub(super) fn rows(&self) -> Rows<'_> {
        match &self.rows {
            Place::Held(values) => Rows::Slice(values),
            Place::Read(reader) => Rows::Reader(reader.clone()),
        }
    }

    /// The same rows less their mean, or that of those that are not left out, and that.
    pub(super) fn centered(
        self,
        file: &Arc<FeatureFile>,
        others: Option<&[usize]>,
        console: Console,
    ) -> Result<(Self, Vec<f64>), Failure> {
        let bar = console.progress("centering {wide_bar} {percent}% {elapsed}", file.values());
        let progress = |done| bar.set(done);
        let (rows, mean) = match self.rows {
            Place::Held(mut values) => {
                let mean = file.center(&mut values, others, progress)?;
                (Place::Held(values), mean)
            }
            Place::Read(_) => {
                let mean = file.mean(others)?;
                let reader = FeatureReader::new(file, Some(mean.clone()), progress)?;
                (Place::Read(reader.into()), mean)
            }
        };
        Ok((Self { rows, ..self }, mean))
    }
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

/// Bytes that are kept of a row beside its values, at most.
const BESIDE: u64 = 64;

/// The memory that a selection may take.
fn bound(memory: Option<Bytes>, available: Option<u64>) -> u64 {
    match memory {
        Some(bytes) => bytes.0,
        None => available.map_or(u64::MAX, |bytes| bytes / 100 * SHARE),
    }
}

/// The share of the memory there is that features may take where nothing is said.
const SHARE: u64 = 60;

/// The memory that rows need, and what they may take.
pub(crate) struct Room {
    pub(crate) needed: u64,
    pub(crate) bound: u64,
}

impl Room {
    /// Whether they are held in it.
    pub(crate) fn is_enough(&self) -> bool {
        self.needed <= self.bound
    }

    /// What is left of it for the selection.
    pub(crate) fn left(&self) -> u64 {
        match self.is_enough() {
            true => self.bound - self.needed,
            false => self.bound,
        }
    }
}

/// The memory that the rows of a file are given.
pub(crate) fn room(memory: Option<Bytes>, file: &FeatureFile) -> Result<Room, Failure> {
    let needed = file.values().saturating_mul(size_of::<f32>() as u64);
    let available = memory::available();
    let beside = (file.rows as u64).saturating_mul(BESIDE);
    if available.is_some_and(|bytes| beside > bytes) {
        let error = Error::OutOfMemory {
            what: "features (what is kept of each row beside its values)",
            needed: beside,
            available,
        };
        return Err(Failure::of_file(file.path(), error));
    }
    let bound = bound(memory, available);
    Ok(Room { needed, bound })
}

fn load_quietly(
    memory: Option<Bytes>,
    file: &Arc<FeatureFile>,
    console: Console,
) -> Result<Loaded, Failure> {
    let room = room(memory, file)?;
    let bar = console.progress("reading   {wide_bar} {percent}% {elapsed}", file.values());
    let memory = room.left();
    if room.is_enough() {
        let rows = Place::Held(file.read(|done| bar.set(done))?);
        return Ok(Loaded { rows, memory });
    }
    console.note(format_args!(
        "memory: {} takes {} bytes, more than {}: every pass reads it anew",
        file.path().display(),
        room.needed,
        room.bound
    ));
    let reader = FeatureReader::new(file, None, |done| bar.set(done))?;
    Ok(Loaded {
        rows: Place::Read(reader.into()),
        memory,
    })
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

/// The features, once all values are found good that are not left out.
pub(crate) fn checked<'a>(
    file: &FeatureFile,
    loaded: &'a Loaded,
    left_out: &LeftOut,
) -> Result<Features<'a>, Failure> {
    let shape = [file.rows, file.dim];
    Features::without(loaded.rows(), shape, left_out).map_err(|e| file.refused(e).into())
}

/// What values were rounded to: their type in the file, or what they look rounded to.
pub(super) fn precision(file: &FeatureFile, features: &Features<'_>) -> Precision {
    let stored = match file.kind() {
        Kind::F16 => Precision::F16,
        Kind::Bf16 => Precision::Bf16,
        Kind::I8 | Kind::U8 | Kind::F32 | Kind::F64 => Precision::F32,
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
