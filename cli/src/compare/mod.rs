//! The `compare` command.

mod methods;
mod page;
mod record;
mod table;

use crate::args::values::Budget;
use crate::args::{Candidate, CompareArgs};
use crate::console::Console;
use crate::evaluate::check_table;
use crate::failure::Failure;
use crate::interrupt;
use crate::labels::{self, Classified};
use crate::report::html::called;
use crate::select::left_out;
use crate::select::words::count;
use crate::select::{self, deliver, read};
use crate::threads;
use crate::versions::Versions;
use coresift::compare::{Compared, Comparison};
use coresift::{Device, Error, Features, LeftOut, Progress};
use coresift_io::labels::LABELS;
use record::{Method, Options, Record, SCHEMA, Warned};
use serde_json::json;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// Reads features and labels, compares methods on them and delivers what came of it.
pub(crate) fn run(args: &CompareArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let console = Console { quiet: args.quiet };
    check(args)?;
    threads::start(args.machine.threads, console);
    let source = &args.source;
    let file = read::open(source)?;
    let labels = labels::read(&args.labels, "labels", &LABELS, file.rows)?;
    let labels = Classified::of(&labels, None).0;
    let left_out = LeftOut {
        rows: left_out::excluded(source.exclude.as_ref(), &file)?,
        invalid: source.skip_invalid,
        zeros: source.skip_invalid && by_direction(args),
    };
    let device = select::open(&args.machine, console)?;
    let loaded = read::load(args.machine.memory, &file, console)?;
    let features = loaded.checked(&file, &left_out)?;
    let others = features.others();
    let labels = labels.among(others.as_ref(), Some(&args.labels), "labels")?;
    labels.check_several(&args.labels)?;
    let mut said = json!({});
    left_out::tell(source, (&left_out, others.as_ref()), &mut said, console);
    let options = options(args, features.rows())?;
    let compared = compare(
        (&features, &labels.of_rows),
        (args, &options),
        (&device, loaded.memory),
        console,
    );
    let compared = compared.map_err(|error| in_context(args, error));
    let compared =
        compared.map_err(|failure| left_out::in_context(&file, others.as_ref(), failure))?;
    let number = |row: usize| others.as_ref().map_or(row, |others| others.numbers()[row]);
    let warned = |(place, warning): &(usize, coresift::Warning)| Warned {
        method: compared.contenders[*place].clone(),
        warning: warning.to_string(),
    };
    let record = Record {
        schema: SCHEMA,
        rows: file.rows,
        dim: file.dim,
        excluded: said["excluded"].as_u64(),
        skipped: serde_json::from_value(said["skipped"].take()).unwrap_or_default(),
        options,
        labels: labels.names,
        summary: record::summary(&compared),
        splits: record::splits(&compared, number),
        warnings: compared.warnings.iter().map(warned).collect(),
        device: device.name(),
        versions: Versions::OURS,
    };
    deliver(args, &record, &called(file.path()), console)?;
    say(&record, began.elapsed(), console);
    Ok(())
}

/// Writes the record, and the page of it where there is to be one.
fn deliver(
    args: &CompareArgs,
    record: &Record,
    name: &str,
    console: Console,
) -> Result<(), Failure> {
    deliver::results(args.out.as_ref(), args.json, |format| {
        table::render(record, format)
    })?;
    match &args.report {
        Some(to) => deliver::page(to, &page::of(record, name).html(), console),
        None => Ok(()),
    }
}

/// Refuses what can be refused before any file is read.
fn check(args: &CompareArgs) -> Result<(), Failure> {
    select::check_device(&args.machine)?;
    select::check_stdin(args.source.features.iter())?;
    methods::check(&args.methods)?;
    if args.seeds < 2 {
        return Err(Failure::Usage(format!(
            "--seeds: {} found, at least 2 expected, for a standard error to be told",
            args.seeds
        )));
    }
    check_table(args.out.as_ref(), &args.outputs(), &args.inputs())
}

/// Whether some method goes by the directions of rows.
fn by_direction(args: &CompareArgs) -> bool {
    let mut all = args.methods.iter().map(|&method| methods::args(method, 0));
    all.any(|args| left_out::needs_directions(&args))
}

/// The options in force for so many rows.
fn options(args: &CompareArgs, rows: usize) -> Result<Options, Failure> {
    let (argument, select_from) = match (args.rows, args.test_share) {
        (Some(rows), _) => ("--rows", rows),
        (None, Some(share)) => ("--test-share", rows - share.of(rows)),
        (None, None) => ("features", 2 * rows / 3),
    };
    if select_from == 0 || select_from >= rows {
        return Err(Failure::Usage(format!(
            "{argument}: {select_from} of {rows} rows to select from found, at least 1 expected, and 1 left to test on"
        )));
    }
    let budgets: Vec<usize> = (args.budgets.0.iter())
        .map(|budget| Budget::of(*budget, select_from))
        .collect();
    let method = |&candidate: &Candidate| Method {
        name: candidate.to_string(),
        options: methods::plan(candidate, 0).options,
    };
    Ok(Options {
        methods: args.methods.iter().map(method).collect(),
        budgets,
        seeds: args.seeds,
        select_from,
        test_on: rows - select_from,
    })
}

fn compare(
    (features, labels): (&Features<'_>, &[u32]),
    (args, options): (&CompareArgs, &Options),
    (device, memory): (&Device, u64),
    console: Console,
) -> Result<Compared, Error> {
    let comparison = Comparison {
        labels,
        budgets: &options.budgets,
        seeds: options.seeds,
        train: options.select_from,
    };
    let contenders = methods::contenders(&args.methods);
    let trials = contenders.len() as u64 * options.budgets.len() as u64 * options.seeds;
    let bar = console.progress("comparing {wide_bar} {pos}/{len} {msg} {elapsed}", trials);
    let began = Instant::now();
    let mut hear = |progress: Progress<'_>| {
        if let Progress::Trials { done, of } = progress {
            bar.set(done as u64);
            bar.say(time_left(began.elapsed(), done, of));
        }
        ControlFlow::Continue(())
    };
    interrupt::until_stopped(|stop| {
        let make = |features| device.pool(features, memory, stop.clone());
        comparison.run(features, &contenders, &make, &mut hear)
    })
}

/// How long it will take yet, if all selections take as long as those that are made.
fn time_left(elapsed: Duration, done: usize, of: usize) -> String {
    let left = elapsed.as_secs_f64() * (of - done) as f64 / done as f64;
    match left {
        left if left < 90.0 => format!("about {left:.0} s left"),
        left if left < 5400.0 => format!("about {:.0} min left", left / 60.0),
        left => format!("about {:.1} h left", left / 3600.0),
    }
}

/// Names the option or file that an error of the library speaks of.
fn in_context(args: &CompareArgs, error: Error) -> Failure {
    let Error::Argument {
        argument,
        found,
        expected,
    } = error
    else {
        return error.into();
    };
    let problem = format!("{found} found, {expected} expected");
    match argument {
        "labels" => Failure::file(&args.labels.path, "labels", problem),
        "budgets" => Failure::Usage(format!("--budgets: {problem}")),
        "contenders" => Failure::Usage(format!("--methods: {problem}")),
        _ => Failure::Usage(format!("{argument}: {problem}")),
    }
}

/// Says what methods warned of, how many selections are short, and what was done.
fn say(record: &Record, took: Duration, console: Console) {
    for warned in &record.warnings {
        console.note(format_args!(
            "warning: {}: {}",
            warned.method, warned.warning
        ));
    }
    let trials = record.splits.iter().flat_map(|split| &split.trials);
    let short = trials.filter(|trial| trial.shortfall.is_some()).count();
    if short > 0 {
        let selections = count(short, "selection is", "selections are");
        console.note(format_args!("short: {selections} short of the budget"));
    }
    let options = &record.options;
    console.note(format_args!(
        "compare: {}, {}, {} seeds, {} rows to select from and {} to test on, {:.3} s in all",
        count(options.methods.len(), "method", "methods"),
        count(options.budgets.len(), "budget", "budgets"),
        options.seeds,
        options.select_from,
        options.test_on,
        took.as_secs_f64()
    ));
}
