//! The `plan` command: what a selection would cost, told before any row is read.

mod bill;
mod calibration;
mod measure;
mod record;
mod words;

use crate::args::{PlanArgs, SelectArgs};
use crate::console::{self, Console};
use crate::failure::Failure;
use crate::known;
use crate::method;
use crate::select::left_out;
use crate::select::{self, read};
use crate::threads;
use bill::{Bill, Job};
use calibration::Calibration;
use coresift::{Device, Others};
use coresift_io::features::FeatureFile;
use coresift_io::source::is_stdin;
use std::time::Instant;

/// Tells what a selection would cost.
pub(crate) fn run(args: &PlanArgs) -> Result<(), Failure> {
    let (args, calibrate) = (&args.select, args.calibrate);
    let console = Console { quiet: args.quiet };
    select::check(args)?;
    refuse_stdin(args)?;
    threads::start(args.machine.threads, console);
    let file = read::open(&args.source)?;
    let began = Instant::now();
    let device = select::open(&args.machine, console)?;
    let opening = began.elapsed().as_secs_f64();
    let calibration = |device: &Device| calibration::of(device, calibrate, console);
    let bill = of(args, &file, &device, opening, calibration)?;
    let told = match args.json {
        true => format!("{:#}\n", bill.record()),
        false => format!("{}\n", bill.in_words()),
    };
    console::results(told.as_bytes())
}

/// Tells it on stderr before a selection, where that is asked for.
pub(crate) fn tell(
    args: &SelectArgs,
    file: &FeatureFile,
    device: &Device,
    console: Console,
) -> Result<(), Failure> {
    if args.plan {
        let calibration = |device: &Device| calibration::of(device, false, console);
        console.note(of(args, file, device, 0.0, calibration)?.in_words());
    }
    Ok(())
}

/// What a selection from a file would cost on a device, which takes so long to be opened.
fn of(
    args: &SelectArgs,
    file: &FeatureFile,
    device: &Device,
    opening: f64,
    calibration: impl FnOnce(&Device) -> Result<Calibration, Failure>,
) -> Result<Bill, Failure> {
    read::origins(args, file, &[])?;
    let mut given = read::lists(args, file)?;
    let left_out = left_out::read(args, file)?;
    let others = Others::of_list(file.rows, &left_out);
    if let Some(others) = &others {
        given = left_out::restate(others, given)
            .map_err(|error| select::in_context(args, file, error))?;
    }
    let inputs = args.input_features.as_ref();
    let inputs = inputs.map(|path| read::inputs(args, path, file.rows));
    let rows = others.map_or(file.rows, |others| others.numbers().len());
    let budget = args.budget.of(rows / args.views.unwrap_or(1).max(1));
    known::check_default(args, budget, rows)?;
    let job = Job {
        args,
        file,
        inputs: inputs.transpose()?,
        device,
        rows,
        budget,
        plan: method::plan(args, given),
        room: read::room(args.machine.memory, file)?,
        opening,
    };
    // What is refused is refused before anything is measured.
    job.cost(job.room.is_enough(), job.room.left())?;
    job.bill(&calibration(device)?)
}

/// Rows on standard input are counted by reading them all.
fn refuse_stdin(args: &SelectArgs) -> Result<(), Failure> {
    let named = [
        ("features", args.source.features.iter().collect::<Vec<_>>()),
        ("prompts", args.prompts.iter().collect()),
        ("input-features", args.input_features.iter().collect()),
    ];
    for (argument, names) in named {
        if names.into_iter().any(|name| is_stdin(name)) {
            let problem = "standard input (-) found, a file expected (a plan reads no rows)";
            return Err(Failure::Usage(format!("{argument}: {problem}")));
        }
    }
    Ok(())
}
