//! The `duplicates` command.

mod found;

use crate::args::{DuplicatesArgs, Give};
use crate::console::{self, Console};
use crate::failure::Failure;
use crate::interrupt;
use crate::select::deliver;
use crate::select::left_out;
use crate::select::words::show;
use crate::select::{self, read};
use crate::threads;
use crate::write;
use coresift::{Duplicates, Error, LeftOut, Others, Pool, Progress};
use coresift_io::features::FeatureFile;
use coresift_io::indices;
use found::Found;
use serde_json::json;
use std::ops::ControlFlow;
use std::time::Instant;

/// Bytes that a pair takes until it is written, at most.
const BYTES_OF_PAIR: u64 = 64;

/// Reads the features, finds what is near in them and delivers it.
pub(crate) fn run(args: &DuplicatesArgs) -> Result<(), Failure> {
    let began = Instant::now();
    let console = Console { quiet: args.quiet };
    check(args)?;
    threads::start(args.machine.threads, console);
    let source = &args.source;
    let file = read::open(source)?;
    let mut lists = Lists::read(args, &file)?;
    let left_out = LeftOut {
        rows: left_out::excluded(source.exclude.as_ref(), &file)?,
        invalid: source.skip_invalid,
        zeros: false,
    };
    let device = select::open(&args.machine, console)?;
    let loaded = read::load(args.machine.memory, &file, console)?;
    let in_memory = Instant::now();
    let features = loaded.checked(&file, &left_out)?;
    let others = features.others();
    if let Some(others) = &others {
        lists = lists.of(others, args)?;
    }
    let mut about = json!({
        "threshold": args.threshold,
        "give": args.give.name(),
        "rows": file.rows,
        "dim": file.dim,
        "device": device.name(),
        "versions": { "coresift": env!("CARGO_PKG_VERSION") },
    });
    left_out::tell(source, (&left_out, others.as_ref()), &mut about, console);
    let memory = loaded.memory;
    let found = interrupt::until_stopped(|stop| {
        let pool = device.pool(features, memory, stop)?;
        find(args, &*pool, &lists, memory, console)
    });
    let mut found = found.map_err(|failure| in_context(args, others.as_ref(), failure))?;
    let seconds = in_memory.elapsed().as_secs_f64();
    if let Some(others) = &others {
        found = found.renumbered(others.numbers(), file.rows);
    }
    let render = |format| found.render(args.give, format, &about);
    deliver::results(args.out.as_ref(), args.json, render)?;
    let all = began.elapsed().as_secs_f64();
    console.note(format_args!(
        "duplicates: {} of {} rows x {} at a cosine of {}, {seconds:.6} s from memory, {all:.3} s in all",
        found.in_words(args.give),
        file.rows,
        file.dim,
        args.threshold
    ));
    Ok(())
}

/// Refuses what can be refused before any file is read.
fn check(args: &DuplicatesArgs) -> Result<(), Failure> {
    let of_kept = [
        ("labelled", args.labelled.is_some()),
        ("priority", args.priority.is_some()),
    ];
    for (option, is_given) in of_kept {
        if is_given && !matches!(args.give, Give::Kept | Give::Dropped) {
            return Err(Failure::Usage(format!(
                "--{option}: --give {} found, kept or dropped expected",
                args.give.name()
            )));
        }
    }
    select::check_device(&args.machine)?;
    select::check_stdin(args.source.features.iter())?;
    let out = args.out.iter().map(|out| ("out", out.path.clone()));
    write::check(&out.collect::<Vec<_>>(), &args.inputs())?;
    match &args.out {
        Some(_) => Ok(()),
        None => console::can_print(),
    }
}

/// What lists say of the rows.
struct Lists {
    labelled: Vec<usize>,
    /// One a row, or none.
    priority: Vec<f64>,
}

impl Lists {
    fn read(args: &DuplicatesArgs, file: &FeatureFile) -> Result<Self, Failure> {
        let labelled = args.labelled.as_ref();
        let labelled = labelled.map(|list| indices::rows(list, "labelled"));
        let mut priority = Vec::new();
        if let Some(list) = &args.priority {
            priority = indices::priorities(list, "priority")?;
            // Before rows are left out, so that an error has the number of the row.
            Duplicates::check_priority(&priority, file.rows).map_err(|error| {
                let error = error.to_string().replacen("priority: ", "", 1);
                Failure::file(&list.path, "priority", error)
            })?;
        }
        Ok(Self {
            labelled: labelled.transpose()?.unwrap_or_default(),
            priority,
        })
    }

    /// The same of the rows that are left.
    fn of(self, others: &Others, args: &DuplicatesArgs) -> Result<Self, Failure> {
        let Self {
            labelled,
            mut priority,
        } = self;
        let list = args.labelled.as_ref();
        let labelled = others.places(&labelled, "labelled");
        let labelled = left_out::of_list(labelled, list, "labelled")?;
        if !priority.is_empty() {
            let list = args.priority.as_ref();
            let restated = others.of_each(&priority, "priority");
            priority = left_out::of_list(restated, list, "priority")?;
        }
        Ok(Self { labelled, priority })
    }
}

/// Finds what is asked for; pairs as many as memory holds.
fn find(
    args: &DuplicatesArgs,
    pool: &dyn Pool,
    lists: &Lists,
    memory: u64,
    console: Console,
) -> Result<Found, Failure> {
    let template = "comparing {wide_bar} {pos}/{len} {msg} {elapsed}";
    let bar = console.progress(template, pool.rows() as u64);
    let mut hear = |progress: Progress<'_>| {
        show(&bar, &progress);
        ControlFlow::Continue(())
    };
    let duplicates = Duplicates {
        threshold: args.threshold,
    };
    if args.give == Give::Groups {
        return Ok(Found::Groups(duplicates.groups(pool, &mut hear)?));
    }
    if args.give != Give::Pairs {
        let kept = duplicates.keep(pool, &lists.priority, &lists.labelled, &mut hear)?;
        return Ok(Found::Kept(kept));
    }
    let most = memory / BYTES_OF_PAIR;
    let mut pairs = Vec::new();
    let done = duplicates.pairs(pool, &mut hear, &mut |row, other| {
        if pairs.len() as u64 >= most {
            return ControlFlow::Break(());
        }
        pairs.push([row, other]);
        ControlFlow::Continue(())
    });
    match done {
        Err(Error::Interrupted { missing: None, .. }) if !pool.stop().is_stopped() => {
            Err(Failure::Incomplete(format!(
                "pairs: more than {most} found, at most as many expected, which --memory holds (groups and the rows to \
                 keep take no more for more pairs)"
            )))
        }
        Err(error) => Err(error.into()),
        Ok(()) => Ok(Found::Pairs(pairs)),
    }
}

/// Names the file that an error of the library speaks of, and the row by its number among all; ends the process if
/// it was Ctrl-C.
fn in_context(args: &DuplicatesArgs, others: Option<&Others>, failure: Failure) -> Failure {
    let Failure::Library(mut error) = failure else {
        return failure;
    };
    if let Error::Interrupted { missing: None, .. } = error {
        interrupt::end("interrupted: nothing written");
    }
    if let Some(others) = others {
        error = others.named(error);
    }
    match (&error, &args.labelled) {
        (Error::LabelledRange { .. } | Error::LabelledTwice { .. }, Some(list)) => {
            Failure::of_file(&list.path, error)
        }
        _ => error.into(),
    }
}
