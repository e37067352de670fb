//! The `select` command.

mod checkpoint;
pub(crate) mod deliver;
pub(crate) mod left_out;
pub(crate) mod read;
mod report;
mod rows;
mod weights;
pub(crate) mod words;

use crate::args::{Machine, SelectArgs};
use crate::classes;
use crate::console::Console;
use crate::device;
use crate::failure::Failure;
use crate::interrupt;
use crate::known;
use crate::method::{self, Given, Plan};
use crate::plan;
use crate::threads;
use crate::workers;
use crate::{console, write};
use checkpoint::Kept;
use coresift::{
    Checkpoint, Device, DeviceChoice, Error, LeftOut, Others, Pool, Precision, Progress, Selection,
};
use coresift_io::features::FeatureFile;
use coresift_io::source::is_stdin;
use coresift_io::target::Target;
use report::Report;
use rows::ReadyRows;
use serde_json::{Value, json};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use weights::Chosen;

/// Reads the features, chooses rows of them and delivers the choice.
pub(crate) fn run(args: &SelectArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let console = Console { quiet: args.quiet };
    check(args)?;
    threads::start(args.machine.threads, console);
    let file = read::open(&args.source)?;
    read::origins(args, &file, &[])?;
    let given = read::given(args, &file, console)?;
    let left_out = left_out::read(args, &file)?;
    let opened = Opened {
        args,
        given,
        left_out,
        report: report::read(args, &file)?,
        began,
        console,
    };
    match args.workers {
        None => opened.here(&file),
        Some(count) => opened.with_workers(count.get(), &file),
    }
}

/// All that is known before rows are read.
struct Opened<'a> {
    args: &'a SelectArgs,
    given: Given,
    left_out: LeftOut,
    report: Option<Report>,
    began: Instant,
    console: Console,
}

impl Opened<'_> {
    /// Chooses rows of this process.
    fn here(mut self, file: &Arc<FeatureFile>) -> Result<(), Failure> {
        let (args, console) = (self.args, self.console);
        let device = open(&args.machine, console)?;
        plan::tell(args, file, &device, console)?;
        let mut loaded = read::load(args.machine.memory, file, console)?;
        let in_memory = Instant::now();
        let whole = loaded.checked(file, &left_out::as_given(args, &self.left_out))?;
        let precision = file.precision(&whole);
        let features = if args.center {
            let others = whole.others();
            drop(whole);
            let numbers = others.as_ref().map(Others::numbers);
            let (centered, mean) = read::centered(loaded, file, numbers, console)?;
            loaded = centered;
            classes::center(&mut self.given.classes, &mean);
            let of_others = others.map(|others| others.left_out(&self.left_out));
            loaded.checked(file, of_others.as_ref().unwrap_or(&self.left_out))?
        } else {
            whole
        };
        let rows = ReadyRows::Here {
            device,
            memory: loaded.memory,
            features: Box::new(features),
        };
        self.select(file, rows, precision, in_memory)
    }

    /// Chooses rows that so many workers have.
    fn with_workers(mut self, count: usize, file: &FeatureFile) -> Result<(), Failure> {
        let args = self.args;
        let rows = (&self.left_out, args.center);
        let started = workers::start(count, (&args.source, &args.machine), file, rows)?;
        if let Some(mean) = started.workers.mean() {
            classes::center(&mut self.given.classes, mean);
        }
        self.console.note(format_args!(
            "workers: {count}, each with its part of the rows ({})",
            started.workers.devices()
        ));
        let in_memory = Instant::now();
        let precision = file.precision_of(started.workers.precision());
        let rows = ReadyRows::Workers(Mutex::new(started));
        self.select(file, rows, precision, in_memory)
    }

    fn select(
        self,
        file: &FeatureFile,
        rows: ReadyRows<'_>,
        precision: Precision,
        in_memory: Instant,
    ) -> Result<(), Failure> {
        let (args, mut given, console) = (self.args, self.given, self.console);
        given.rank_tol = read::rank_tol(args, precision, file.dim, console);
        let others = rows.others();
        if let Some(others) = &others {
            given =
                left_out::restate(others, given).map_err(|error| in_context(args, file, error))?;
        }
        let budget = budget_of(args, rows.count(), console)?;
        let plan = method::plan(args, given.clone());
        let mut about = about(args, file, precision, budget, &rows.device(), &plan);
        let mut kept = checkpoint::open(args, (&about, &given), &rows, console)?;
        let out = (&self.left_out, others.as_ref());
        left_out::tell(&args.source, out, &mut about, console);
        weights::tell(args, &mut about);
        let ready = Ready {
            args,
            file,
            rows: &rows,
            others: others.as_ref(),
            given: &given,
        };
        let chosen = ready.choose((&plan, budget), &mut kept, console);
        let seconds = in_memory.elapsed().as_secs_f64();
        rows.tell(&mut about);
        let chosen = left_out::renumbered(others.as_ref(), chosen);
        let Chosen { selection, weighed } =
            chosen.map_err(|error| give_up(args, file, error, about.clone(), console))?;
        deliver::whole(args, file, (&selection, &about), weighed)?;
        let all = self.began.elapsed().as_secs_f64();
        ready.tell(&selection, budget, (seconds, all), console);
        report::write(self.report, &ready, (&selection, &about), console)
    }
}

/// All that a selection is made from.
struct Ready<'a> {
    args: &'a SelectArgs,
    file: &'a FeatureFile,
    /// The rows that are not left out.
    rows: &'a ReadyRows<'a>,
    others: Option<&'a Others>,
    given: &'a Given,
}

impl Ready<'_> {
    /// Chooses rows, by their numbers among those that are not left out.
    fn choose(
        &self,
        plan: (&Plan, usize),
        kept: &mut Option<(Kept<'_>, Checkpoint)>,
        console: Console,
    ) -> Result<Chosen, Error> {
        interrupt::until_stopped(|stop| {
            let pool = self.rows.pool(stop)?;
            let choose = || choose(&*pool, plan, kept, console);
            weights::weighed(self.args, self.given, &*pool, choose)
        })
    }

    /// Says what is to be known of a selection, and what it took.
    fn tell(&self, selection: &Selection, budget: usize, seconds: (f64, f64), console: Console) {
        let able = self.rows.count().saturating_sub(self.given.labelled.len());
        for note in words::notes(self.args, selection, budget, able) {
            console.note(note);
        }
        console.note(words::summary(self.args, selection, self.file, seconds));
    }
}

/// Keeps the picks made before an error, and says what it was; ends the process if it was Ctrl-C.
fn give_up(
    args: &SelectArgs,
    file: &FeatureFile,
    error: Error,
    about: Value,
    console: Console,
) -> Failure {
    let origins = |picks: &[usize]| read::origins(args, file, picks);
    match &error {
        Error::Interrupted {
            missing: None,
            partial,
        } => interrupt::end(&deliver::keep(args, partial, about, &origins)),
        Error::DeviceLost { partial, .. }
        | Error::Unreadable { partial, .. }
        | Error::Interrupted { partial, .. } => {
            deliver::rescue(args, partial, about, &origins, console);
        }
        _ => {}
    }
    in_context(args, file, error)
}

/// Refuses what can be refused before any file is read.
pub(crate) fn check(args: &SelectArgs) -> Result<(), Failure> {
    known::check(args)?;
    check_device(&args.machine)?;
    let named = args
        .source
        .features
        .iter()
        .chain(&args.prompts)
        .chain(&args.input_features);
    check_stdin(named)?;
    if args.workers.is_some() && args.source.features.iter().any(|name| is_stdin(name)) {
        let problem =
            "--workers: standard input (-) found, files expected, which each worker reads itself";
        return Err(Failure::Usage(problem.to_owned()));
    }
    checkpoint::check(args)?;
    let mut outputs = Vec::new();
    if let Some(out) = &args.out {
        outputs.extend([("out", out.path.clone()), ("out", out.partial().path)]);
    }
    let weights_out = args.weights_out.as_ref();
    outputs.extend(weights_out.map(|out| ("weights-out", out.path.clone())));
    outputs.extend(args.checkpoint.clone().map(|path| ("checkpoint", path)));
    outputs.extend(args.report.output());
    write::check(&outputs, &args.inputs())?;
    match &args.out {
        Some(_) => Ok(()),
        None => console::can_print(),
    }
}

/// Refuses a bound on the memory of a device that is none.
pub(crate) fn check_device(machine: &Machine) -> Result<(), Failure> {
    if machine.device_memory.is_some() && machine.device == DeviceChoice::Cpu {
        let problem =
            "--device-memory: --device cpu found, a GPU expected (it bounds device memory)";
        return Err(Failure::Usage(problem.to_owned()));
    }
    Ok(())
}

/// Refuses standard input as more than one of the files to be read.
pub(crate) fn check_stdin<'a>(named: impl Iterator<Item = &'a PathBuf>) -> Result<(), Failure> {
    let stdin = named.filter(|name| is_stdin(name)).count();
    if stdin > 1 {
        let problem = format!("standard input (-) found {stdin} times, once expected");
        return Err(Failure::Usage(problem));
    }
    Ok(())
}

pub(crate) fn open(machine: &Machine, console: Console) -> Result<Device, Failure> {
    let memory = machine.device_memory.map(|bytes| bytes.0);
    let (device, reason) = device::open(&machine.device, memory)?;
    match reason {
        Some(reason) => console.note(format_args!("device: {} ({reason})", device.name())),
        None => console.note(format_args!("device: {}", device.name())),
    }
    Ok(device)
}

/// How many are to be picked of so many rows. Says which method it is where none is named, or refuses to choose one.
fn budget_of(args: &SelectArgs, rows: usize, console: Console) -> Result<usize, Failure> {
    let budget = args.budget.of(rows / args.views.unwrap_or(1).max(1));
    known::check_default(args, budget, rows)?;
    if args.method.is_none() {
        console.note("method: coverage (the default up to 20 % of the rows)");
    }
    Ok(budget)
}

/// What a record holds beside the selection.
fn about(
    args: &SelectArgs,
    file: &FeatureFile,
    precision: Precision,
    budget: usize,
    device: &str,
    plan: &Plan,
) -> Value {
    let mut about = json!({
        "method": args.method().name(),
        "budget": budget,
        "seed": args.seed,
        "options": plan.options,
        "rows": file.rows,
        "dim": file.dim,
        "precision": precision.name(),
        "center": args.center,
        "device": device,
        "versions": { "coresift": env!("CARGO_PKG_VERSION") },
        "partial": false,
    });
    if args.resume.is_some() {
        about["resumed"] = true.into();
    }
    about
}

fn choose(
    pool: &dyn Pool,
    (plan, budget): (&Plan, usize),
    kept: &mut Option<(Kept<'_>, Checkpoint)>,
    console: Console,
) -> Result<Selection, Error> {
    let template = "selecting {wide_bar} {pos}/{len} {msg} {elapsed}";
    let bar = console.progress(template, budget as u64);
    let hear = |progress: Progress<'_>| match progress {
        Progress::Plan { classes, storage } => {
            console.note(words::plan_in_words(classes, storage));
        }
        progress => words::show(&bar, &progress),
    };
    let Some((kept, checkpoint)) = kept else {
        return plan.selector.select_with(pool, budget, &mut |progress| {
            hear(progress);
            ControlFlow::Continue(())
        });
    };
    let selector = &plan.selector;
    let chosen = selector.resume(pool, budget, checkpoint, &mut |progress| {
        match progress {
            Progress::Settled(checkpoint) => kept.settled(checkpoint),
            progress => hear(progress),
        }
        ControlFlow::Continue(())
    });
    kept.write(checkpoint); // also of a run that was cut short
    chosen
}

/// Names the file that an error of the library speaks of.
pub(crate) fn in_context(args: &SelectArgs, features: &FeatureFile, error: Error) -> Failure {
    let path = |list: &Option<Target>| list.as_ref().map(|list| list.path.clone());
    let (file, argument) = match &error {
        Error::LabelledRange { .. } | Error::LabelledTwice { .. } => (path(&args.labelled), None),
        Error::ZeroRow { .. } => return features.refused(error).into(),
        Error::Argument { argument, .. } => match *argument {
            "classes" => (path(&args.classes), Some("classes")),
            "clusters" => (path(&args.given_clusters), Some("given-clusters")),
            "few labels" => (path(&args.few_labels), Some("few-labels")),
            "labelled" => (path(&args.labelled), Some("labelled")),
            "input_norms" => (args.input_features.clone(), Some("input-features")),
            "prompts" => (args.prompts.clone(), Some("prompts")),
            "target_weights" => (path(&args.target_weights), Some("target-weights")),
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
