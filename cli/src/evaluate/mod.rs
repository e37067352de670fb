//! The `evaluate` command.

mod lists;
mod page;
mod record;
mod table;

use crate::args::EvaluateArgs;
use crate::args::values::Bytes;
use crate::console::{self, Console};
use crate::failure::Failure;
use crate::interrupt;
use crate::report::html::called;
use crate::select::left_out;
use crate::select::words::count;
use crate::select::{self, deliver, read};
use crate::threads;
use crate::versions::Versions;
use crate::write::{self, Named};
use coresift::evaluate::{Evaluation, Measures, NormStatistics, TestRows, norms};
use coresift::{Device, Error, Features, LeftOut, Lp, Metric, Stop};
use coresift_io::features::FeatureFile;
use coresift_io::loaded::Loaded;
use coresift_io::target::{Format, Target};
use lists::Lists;
use record::{OfSelection, Options, Record, SCHEMA};
use serde_json::json;
use std::sync::Arc;
use std::time::Instant;

/// Reads features and selections of them, and delivers what these are worth.
pub(crate) fn run(args: &EvaluateArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let console = Console { quiet: args.quiet };
    check(args)?;
    threads::start(args.machine.threads, console);
    let source = &args.source;
    let file = read::open(source)?;
    let test_file = lists::open_test(args, &file)?;
    let lists = Lists::read(args, &file, test_file.as_deref())?;
    let left_out = LeftOut {
        rows: left_out::excluded(source.exclude.as_ref(), &file)?,
        invalid: source.skip_invalid,
        zeros: source.skip_invalid && by_direction(args),
    };
    let device = select::open(&args.machine, console)?;
    let loaded = read::load(args.machine.memory, &file, console)?;
    let test = Test::load(test_file, loaded.memory, console)?;
    let in_memory = Instant::now();
    let features = loaded.checked(&file, &left_out)?;
    let others = features.others();
    let lists = lists.among(others.as_ref(), args)?;
    let mut said = json!({});
    left_out::tell(source, (&left_out, others.as_ref()), &mut said, console);
    let place = Place {
        args,
        device: &device,
        memory: loaded.memory,
        console,
    };
    let measured = interrupt::until_stopped(|stop| {
        let test = test.as_ref().map(|test| test.features(args)).transpose()?;
        place.measure(features, test, &lists, stop)
    });
    let (norms, selections) =
        measured.map_err(|failure| left_out::in_context(&file, others.as_ref(), failure))?;
    let record = Record {
        schema: SCHEMA,
        rows: file.rows,
        dim: file.dim,
        excluded: said["excluded"].as_u64(),
        skipped: serde_json::from_value(said["skipped"].take()).unwrap_or_default(),
        options: Options {
            metric: args.metric,
            delta: args.delta,
            fid_ridge: args.fid_ridge,
        },
        test_rows: lists.of_test.as_ref().map(Vec::len),
        labels: lists.labels.map(|labels| labels.names),
        classes: lists.classes.map(|classes| classes.names),
        norms,
        selections,
        device: device.name(),
        versions: Versions::OURS,
    };
    deliver(args, &record, &called(file.path()), console)?;
    say(&record, [in_memory, began], console);
    Ok(())
}

/// Writes the record, and the page of it where there is to be one.
fn deliver(
    args: &EvaluateArgs,
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
fn check(args: &EvaluateArgs) -> Result<(), Failure> {
    select::check_device(&args.machine)?;
    let named = args.source.features.iter().chain(&args.test_features);
    select::check_stdin(named)?;
    check_table(args.out.as_ref(), &args.outputs(), &args.inputs())
}

/// Refuses a form that has no place for a table, and outputs that may not be written.
pub(crate) fn check_table(
    out: Option<&Target>,
    outputs: &[Named],
    inputs: &[Named],
) -> Result<(), Failure> {
    if out.is_some_and(|out| out.format == Format::Npy) {
        return Err(Failure::Usage(
            "--out: a name in .npy found, one in .json, .csv or .txt expected (a table is no array)"
                .to_owned(),
        ));
    }
    write::check(outputs, inputs)?;
    match out {
        Some(_) => Ok(()),
        None => console::can_print(),
    }
}

/// Whether something is asked for that rows need a direction for.
fn by_direction(args: &EvaluateArgs) -> bool {
    let by_cosine = args.labels.is_some() && args.metric == Metric::Cosine;
    args.delta.is_some() || args.classes.is_some() || by_cosine
}

/// Rows to test on.
struct Test {
    file: Arc<FeatureFile>,
    loaded: Loaded,
}

impl Test {
    /// Makes them ready, in what the features leave of the memory.
    fn load(
        file: Option<Arc<FeatureFile>>,
        memory: u64,
        console: Console,
    ) -> Result<Option<Self>, Failure> {
        let load = |file| {
            let loaded = read::load(Some(Bytes(memory)), &file, console)?;
            Ok(Self { file, loaded })
        };
        file.map(load).transpose()
    }

    /// Once they are found good.
    fn features(&self, args: &EvaluateArgs) -> Result<Features<'_>, Failure> {
        let features = self.loaded.checked(&self.file, &LeftOut::default())?;
        if args.metric == Metric::Cosine {
            let norms = features.norms(Lp::L2)?;
            if let Some(row) = norms.iter().position(|&norm| norm == 0.0) {
                let need = "the nearest pick by cosine";
                return Err(self.file.refused(Error::ZeroRow { row, need }).into());
            }
        }
        Ok(features)
    }
}

/// Where measures are taken.
struct Place<'a> {
    args: &'a EvaluateArgs,
    device: &'a Device,
    memory: u64,
    console: Console,
}

impl Place<'_> {
    /// Measures every selection, and the lengths of all rows.
    fn measure(
        &self,
        features: Features<'_>,
        test: Option<Features<'_>>,
        lists: &Lists,
        stop: Stop,
    ) -> Result<(NormStatistics, Vec<OfSelection>), Failure> {
        let pool = self.device.pool(features, self.memory, stop.clone())?;
        let of_test = |test| self.device.pool(test, self.memory, stop);
        let test = test.map(of_test).transpose()?;
        for (list, picks) in self.args.picks.iter().zip(&lists.picks) {
            // Before any is measured, which may take long.
            Evaluation::new(&*pool, picks).map_err(|error| lists::of_picks(list, error))?;
        }
        let norms = norms(&*pool)?;
        let measures = Measures {
            pool: &*pool,
            labels: lists.labels.as_ref().map(|labels| &labels.of_rows[..]),
            test: match (&test, &lists.of_test) {
                (Some(pool), Some(labels)) => TestRows::Pool {
                    pool: &**pool,
                    labels,
                },
                _ => TestRows::Unpicked,
            },
            metric: self.args.metric,
            classes: (lists.classes.as_ref())
                .map(|classes| (&classes.of_rows[..], &classes.names[..])),
            delta: self.args.delta,
            fid_ridge: self.args.fid_ridge,
            norms: &norms,
        };
        let count = lists.picks.len();
        let bar =
            (self.console).progress("measuring {wide_bar} {pos}/{len} {elapsed}", count as u64);
        let mut measured = Vec::with_capacity(count);
        for (list, picks) in self.args.picks.iter().zip(&lists.picks) {
            let found = measures.of(picks);
            measured.push(OfSelection {
                file: list.path.display().to_string(),
                measured: found.map_err(|error| lists::of_picks(list, error))?,
            });
            bar.set(measured.len() as u64);
        }
        let statistics = NormStatistics::of(&norms).expect("features have rows");
        Ok((statistics, measured))
    }
}

/// Says what was left out, and what was done, in how many seconds from memory and in all.
fn say(record: &Record, [in_memory, began]: [Instant; 2], console: Console) {
    for measured in &record.selections {
        for left_out in &measured.measured.left_out {
            let (file, measure, reason) = (&measured.file, left_out.measure, &left_out.reason);
            console.note(format_args!("left out: {measure} of {file} ({reason})"));
        }
    }
    let NormStatistics {
        mean, deviation, ..
    } = record.norms;
    let seconds = [in_memory, began].map(|since| since.elapsed().as_secs_f64());
    console.note(format_args!(
        "evaluate: {} of {} rows x {}, all lengths {mean:.6} +- {deviation:.6}, {:.6} s from memory, {:.3} s in all",
        count(record.selections.len(), "selection", "selections"),
        record.rows,
        record.dim,
        seconds[0],
        seconds[1]
    ));
}
