//! The `select` command.

use super::args::{Method, SelectArgs};
use super::classes;
use super::console::{self, Console};
use super::device::{Choice, Device};
use super::failure::Failure;
use super::interrupt;
use super::method::{self, Given, Plan};
use super::threads;
use super::write;
use coresift::kernels::stored_bytes;
use coresift::{
    ClassShare, Error, Features, GramSchmidt, Precision, Progress, Road, Selection, Stop, Then,
    Warning,
};
use coresift_io::features::{FeatureFile, Values};
use coresift_io::file;
use coresift_io::indices;
use coresift_io::target::{Format, Target};
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::time::Instant;

/// Reads the features, chooses rows of them and delivers the choice.
pub(crate) fn run(args: &SelectArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let console = Console { quiet: args.quiet };
    check(args)?;
    threads::start(args.threads, console);
    let mut file = FeatureFile::open(&args.features, "features")?;
    let labelled = match &args.labelled {
        Some(list) => indices::rows(list, "labelled")?,
        None => Vec::new(),
    };
    let mut classes = classes::read(args, file.dim)?;
    let input_norms = input_norms(args, file.rows, console)?;
    let clusters = (args.given_clusters.as_ref())
        .map(|list| indices::of_rows(list, "given-clusters", &indices::CLUSTERS))
        .transpose()?;
    let budget = args.budget.of(file.rows / args.views.unwrap_or(1).max(1));
    let device = open(args, console)?;
    let mut values = read(&mut file, console)?;
    let in_memory = Instant::now();
    let whole = checked(&file, &values)?;
    let precision = precision(&file, &whole);
    let features = if args.center {
        drop(whole);
        let bar = console.progress("centering {wide_bar} {percent}% {elapsed}", file.values());
        let mean = file.center(&mut values, |done| bar.set(done))?;
        classes::center(&mut classes, &mean);
        checked(&file, &values)?
    } else {
        whole
    };
    let rank_tol = rank_tol(args, precision, file.dim);
    if let Some(tol) = rank_tol {
        console.note(format_args!(
            "rank-tol: {tol} ({} values)",
            precision.name()
        ));
    }
    let able = file.rows.saturating_sub(labelled.len());
    let given = Given {
        labelled,
        rank_tol,
        classes,
        clusters,
        input_norms,
    };
    let plan = method::plan(args, given);
    let about = about(args, &file, precision, budget, &device, &plan);
    let choose = |stop| choose(&device, features, &plan, budget, console, stop);
    match interrupt::until_stopped(choose) {
        Ok(selection) => {
            let seconds = in_memory.elapsed().as_secs_f64();
            deliver(args.out.as_ref(), args.json, &selection, &about)?;
            let all = began.elapsed().as_secs_f64();
            if minimum_was_dropped(args, &selection, budget) {
                console.note("min-per-class: dropped, the budget does not pay for it");
            }
            if all_were_chosen(args, budget, able) {
                console.note(format_args!(
                    "oversample: all {able} rows that may be picked are chosen"
                ));
            }
            for warning in &selection.warnings {
                console.note(format_args!("warning: {}", in_words(warning, args)));
            }
            console.note(summary(args, &selection, &file, (seconds, all)));
            Ok(())
        }
        Err(Error::Interrupted { partial }) => {
            interrupt::end(&keep(args, &partial, about));
        }
        Err(error) => {
            if let Error::DeviceLost { partial, .. } = &error {
                rescue(args, partial, about, console);
            }
            Err(in_context(args, error))
        }
    }
}

/// Refuses what can be refused before any file is read.
fn check(args: &SelectArgs) -> Result<(), Failure> {
    method::check(args)?;
    if args.memory.is_some() && args.device == Choice::Cpu {
        let problem = "--memory: --device cpu found, a GPU expected (it bounds device memory)";
        return Err(Failure::Usage(problem.to_owned()));
    }
    let Some(out) = &args.out else {
        write::check(&[], &args.inputs())?;
        return console::can_print();
    };
    let partial = out.partial();
    write::check(
        &[("out", &out.path), ("out", &partial.path)],
        &args.inputs(),
    )
}

fn open(args: &SelectArgs, console: Console) -> Result<Device, Failure> {
    let (device, reason) = Device::open(&args.device, args.memory.map(|bytes| bytes.0))?;
    match reason {
        Some(reason) => console.note(format_args!("device: {} ({reason})", device.name())),
        None => console.note(format_args!("device: {}", device.name())),
    }
    Ok(device)
}

fn read(file: &mut FeatureFile, console: Console) -> Result<Values, Failure> {
    if let Some(changes) = file.conversion() {
        console.note(format_args!("converted: {changes}"));
    }
    read_values(file, console)
}

fn read_values(file: &mut FeatureFile, console: Console) -> Result<Values, Failure> {
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
    let mut file = FeatureFile::open(path, "input-features")?;
    if file.rows != rows {
        let found = file.rows;
        return Err(fail(format!(
            "{found} rows found, {rows} expected, as in the features"
        )));
    }
    let values = read_values(&mut file, console)?;
    let inputs = Features::new(&values, file.rows, file.dim).map_err(|error| {
        // The library takes them for features.
        fail(error.to_string().replacen("features: ", "", 1))
    })?;
    Ok(Some(inputs.norms(method::lp(args))?))
}

/// The features, once all values are found good.
fn checked<'a>(file: &FeatureFile, values: &'a Values) -> Result<Features<'a>, Failure> {
    Features::new(values, file.rows, file.dim).map_err(|e| Failure::of_file(file.path(), e))
}

/// What values were rounded to: their type in the file, or what they look rounded to.
fn precision(file: &FeatureFile, features: &Features<'_>) -> Precision {
    if file.is_f16() {
        Precision::F16.max(features.precision())
    } else {
        features.precision()
    }
}

/// Values once rounded carry what that added, centered ones too, which must not pass for a direction.
fn rank_tol(args: &SelectArgs, precision: Precision, dim: usize) -> Option<f64> {
    let has_residuals = method::stages(args).any(|stage| stage == Method::GramSchmidt);
    if !has_residuals || args.rank_tol.is_some() || precision == Precision::F32 {
        return None;
    }
    Some(GramSchmidt::default_rank_tol(dim, precision))
}

/// What a record holds beside the selection.
fn about(
    args: &SelectArgs,
    file: &FeatureFile,
    precision: Precision,
    budget: usize,
    device: &Device,
    plan: &Plan,
) -> Value {
    json!({
        "method": method::name(args.method),
        "budget": budget,
        "seed": args.seed,
        "options": plan.options,
        "rows": file.rows,
        "dim": file.dim,
        "precision": precision.name(),
        "center": args.center,
        "device": device.name(),
        "versions": { "coresift": env!("CARGO_PKG_VERSION") },
        "partial": false,
    })
}

fn choose(
    device: &Device,
    features: Features<'_>,
    plan: &Plan,
    budget: usize,
    console: Console,
    stop: Stop,
) -> Result<Selection, Error> {
    let pool = device.pool(features, stop)?;
    let template = "selecting {wide_bar} {pos}/{len} {msg} {elapsed}";
    let bar = console.progress(template, budget as u64);
    plan.selector.select_with(&*pool, budget, &mut |progress| {
        match progress {
            Progress::Plan(classes) => console.note(plan_in_words(classes)),
            progress => show(&bar, &progress),
        }
        ControlFlow::Continue(())
    })
}

/// Pairs of rows that take some time, on any device.
const MANY_PAIRS: u64 = 10_000_000_000;

/// Puts on the bar what a selector tells.
fn show(bar: &console::Progress, progress: &Progress<'_>) {
    match progress {
        Progress::Centres { placed, clusters } => {
            bar.say(format!("k-means++: {placed} of {clusters} centres"));
        }
        Progress::Sweep(sweep) => bar.say(format!("k-means: sweep {sweep}")),
        Progress::Pairs(pairs) if *pairs >= MANY_PAIRS => {
            bar.say_at_once(format!("comparing {:.1e} pairs of rows", *pairs as f64));
        }
        Progress::Round {
            classes,
            round,
            rounds,
            picks,
        } => {
            bar.set(*picks as u64);
            let (first, last) = (classes.start(), classes.end());
            let classes = if first == last {
                format!("class {first}")
            } else {
                format!("classes {first} to {last}")
            };
            bar.say(format!("{classes}, round {round} of {rounds}"));
        }
        Progress::Picks(picks) => bar.set(*picks as u64),
        Progress::Stage { chosen, of } => bar.say(format!("first stage: {chosen} of {of} rows")),
        _ => {}
    }
}

/// How each class's similarities will be come by, and the memory that those kept will take.
fn plan_in_words(classes: &[ClassShare]) -> String {
    /// Numbers listed of classes whose similarities are not kept.
    const LISTED: usize = 10;
    let (stored, free): (Vec<&ClassShare>, Vec<&ClassShare>) =
        (classes.iter()).partition(|share| share.road == Some(Road::Stored));
    let bytes: u64 = stored.iter().map(|share| stored_bytes(share.rows)).sum();
    let mib = bytes as f64 / f64::from(1 << 20);
    let mut words = format!(
        "plan: {} stored ({mib:.1} MiB of similarities in all), {} matrix-free",
        count(stored.len(), "class", "classes"),
        free.len()
    );
    if !stored.is_empty() && !free.is_empty() {
        let numbers: Vec<String> = (free.iter().take(LISTED))
            .map(|share| share.class.to_string())
            .collect();
        let more = if free.len() > LISTED { ", ..." } else { "" };
        words += &format!(" ({}{more})", numbers.join(", "));
    }
    words
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// Names the file that an error of the library speaks of.
fn in_context(args: &SelectArgs, error: Error) -> Failure {
    let path = |list: &Option<Target>| list.as_ref().map(|list| list.path.clone());
    let (file, argument) = match &error {
        Error::LabelledRange { .. } | Error::LabelledTwice { .. } => (path(&args.labelled), None),
        Error::ZeroRow { .. } => (Some(args.features.clone()), None),
        Error::Argument { argument, .. } => match *argument {
            "classes" => (path(&args.classes), Some("classes")),
            "clusters" => (path(&args.given_clusters), Some("given-clusters")),
            "few labels" => (path(&args.few_labels), Some("few-labels")),
            "input_norms" => (args.input_features.clone(), Some("input-features")),
            "prompts" => (args.prompts.clone(), Some("prompts")),
            _ => (None, None),
        },
        _ => (None, None),
    };
    match (file, argument, error) {
        (
            Some(file),
            Some(argument),
            Error::Argument {
                found, expected, ..
            },
        ) => Failure::file(
            &file,
            argument,
            format!("{found} found, {expected} expected"),
        ),
        (Some(file), _, error) => Failure::of_file(&file, error),
        (None, _, error) => error.into(),
    }
}

/// Writes the picks made before Ctrl-C where all of them were to go, and says what has become of them.
/// Where no pick was made, what is there stays.
fn keep(args: &SelectArgs, partial: &Selection, about: Value) -> String {
    let picks = count(partial.picks.len(), "pick", "picks");
    let Some(out) = args.out.as_ref().filter(|_| !partial.picks.is_empty()) else {
        return format!("interrupted: {picks} made, none written");
    };
    match deliver(Some(out), false, partial, &cut_short(about)) {
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
fn rescue(args: &SelectArgs, partial: &Selection, about: Value, console: Console) {
    if partial.picks.is_empty() {
        return;
    }
    let out = args.out.as_ref().map(Target::partial);
    match deliver(out.as_ref(), args.json, partial, &cut_short(about)) {
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

/// Writes and prints a selection. What cannot be written is printed: nothing is lost.
fn deliver(
    out: Option<&Target>,
    as_json: bool,
    selection: &Selection,
    about: &Value,
) -> Result<(), Failure> {
    let print = |format: Format| console::results(&write::render(format, selection, about));
    let printed = if as_json { Format::Json } else { Format::Txt };
    let Some(out) = out else {
        return print(printed);
    };
    match file::replace(&out.path, &write::render(out.format, selection, about)) {
        Ok(()) if as_json => print(Format::Json),
        Ok(()) => Ok(()),
        Err(e) => {
            // Bytes of an array are no text to print.
            let as_asked = as_json || out.format == Format::Npy;
            let printed = print(if as_asked { printed } else { out.format });
            let problem = match printed {
                Ok(()) => "cannot write the file, so stdout has it",
                Err(_) => "cannot write the file",
            };
            let unwritten = Failure::io(&out.path, "out", problem, e);
            console::all([printed, Err(unwritten)])
        }
    }
}

/// A warning, and the way out of it.
fn in_words(warning: &Warning, args: &SelectArgs) -> String {
    match warning {
        Warning::Parallel { .. } if !args.center => {
            format!("{warning} (--center subtracts the mean row)")
        }
        warning => warning.to_string(),
    }
}

/// Whether there are too many classes for each to get what it was promised.
fn minimum_was_dropped(args: &SelectArgs, selection: &Selection, budget: usize) -> bool {
    let minimum = args.min_per_class.unwrap_or(0);
    selection
        .classes
        .iter()
        .map(|share| share.rows.min(minimum))
        .sum::<usize>()
        > budget
}

/// Whether the first of two stages had fewer rows to choose than it was to.
fn all_were_chosen(args: &SelectArgs, budget: usize, able: usize) -> bool {
    let oversample = args.oversample.unwrap_or(Then::OVERSAMPLE);
    args.then.is_some() && budget.saturating_mul(oversample) > able
}

/// The classes of a selection and, of SAS, how many had their similarities kept.
fn classes_in_words(selection: &Selection) -> String {
    let classes = selection.classes.len();
    let stored = |share: &&ClassShare| share.road == Some(Road::Stored);
    let stored = selection.classes.iter().filter(stored).count();
    let value: Option<f64> = selection.classes.iter().map(|share| share.value).sum();
    let classes = count(classes, "class", "classes");
    match value {
        Some(value) => format!(
            "{classes} ({stored} stored, {} matrix-free), F {value:.6e}",
            selection.classes.len() - stored
        ),
        None => classes,
    }
}

/// One line on what was done, and the seconds that it took: from features in memory to picks,
/// and in all.
fn summary(
    args: &SelectArgs,
    selection: &Selection,
    file: &FeatureFile,
    (seconds, all): (f64, f64),
) -> String {
    let stages: Vec<_> = method::stages(args).map(method::name).collect();
    let mut parts = vec![format!(
        "{}: {} of {} rows x {}",
        stages.join(" then "),
        count(selection.picks.len(), "pick", "picks"),
        file.rows,
        file.dim
    )];
    if selection.epochs.len() > 1 {
        parts.push(format!("{} epochs", selection.epochs.len()));
    }
    if !selection.classes.is_empty() {
        parts.push(classes_in_words(selection));
    }
    if let Some(cover) = selection.cover {
        let share = 100.0 * cover.covered as f64 / file.rows as f64;
        let (covered, delta) = (cover.covered, cover.delta);
        parts.push(format!(
            "{covered} rows covered ({share:.1} %) within {delta:.6}"
        ));
    }
    parts.push(count(selection.passes, "pass", "passes"));
    parts.push(format!("{seconds:.6} s from memory, {all:.3} s in all"));
    if let Some(short) = selection.shortfall {
        parts.push(format!(
            "{} short of the budget: {}",
            short.missing, short.reason
        ));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::args::{Cli, Command};
    use super::*;
    use clap::Parser as _;

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
        rescue(&args, &partial, json!({}), Console { quiet: true });
        let kept = std::fs::read_to_string(folder.path().join("s.csv.partial")).unwrap();
        assert_eq!(kept, "index,score\n4,1.5\n2,0.5\n");
        assert!(!out.exists());
    }
}
