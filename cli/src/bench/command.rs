//! The `bench` command.

use crate::args::BenchArgs;
use crate::bench::report::{self, Adapter, Named, Report};
use crate::bench::{self, Cpu, Device, Shape, Sizes, compare, factors, plot, table};
use crate::console::{self, Console, Progress};
use crate::failure::Failure;
#[cfg(feature = "gpu")]
use crate::stderr;
use crate::{threads, write};
use coresift::DeviceChoice;
#[cfg(feature = "gpu")]
use coresift::{AdapterChoice, Error, Gpu};
use std::path::PathBuf;
use std::time::SystemTime;

/// A device to measure, or what is to be said of one that did not open.
type Opened = Result<Box<dyn Device>, Box<Adapter>>;

/// Measures devices, or compares what was measured before.
pub(crate) fn run(args: &BenchArgs) -> Result<(), Failure> {
    write::check(&args.outputs(), &args.inputs())?;
    if args.outputs().is_empty() {
        console::can_print()?;
    }
    threads::start(args.threads, Console { quiet: args.quiet });
    if args.degenerate {
        degenerate(args)
    } else if args.compare.is_empty() {
        measure(args)
    } else {
        compare(args)
    }
}

/// Prints what degenerate pools take, device by device.
fn degenerate(args: &BenchArgs) -> Result<(), Failure> {
    let console = Console { quiet: args.quiet };
    let (rows, dim) = if args.quick { (1500, 32) } else { (20_000, 64) };
    let mut missing = 0;
    for device in devices(args, console)? {
        match device {
            Ok(device) => {
                let bar = begin(&*device, console);
                let tell = &mut |what: &str| bar.say(what.to_owned());
                let measured = factors::measure(&*device, Shape { rows, dim }, tell)?;
                let table = factors::table(&device.describe(), &measured);
                console::results(table.as_bytes())?;
            }
            Err(unopened) => missing += unopened.missing.len(),
        }
    }
    complete(missing)
}

fn compare(args: &BenchArgs) -> Result<(), Failure> {
    let load = |path: &PathBuf| {
        let name = path.display().to_string();
        report::load(path).map(|report| Named { name, report })
    };
    let reports: Vec<Named> = args.compare.iter().map(load).collect::<Result<_, _>>()?;
    let table = compare::table(&reports)?;
    console::all([draw(args, &reports), console::results(table.as_bytes())])
}

fn save(args: &BenchArgs, report: &Report) -> Result<(), Failure> {
    match &args.json {
        Some(path) => Ok(report::save(report, path)?),
        None => Ok(()),
    }
}

fn draw(args: &BenchArgs, reports: &[Named]) -> Result<(), Failure> {
    match &args.plot {
        Some(path) => Ok(plot::draw(reports, path)?),
        None => Ok(()),
    }
}

/// Keeps and draws the report where that is asked for, and prints a table: each whatever comes of the others.
fn measure(args: &BenchArgs) -> Result<(), Failure> {
    let console = Console { quiet: args.quiet };
    let sizes = if args.quick {
        Sizes::quick()
    } else {
        Sizes::full()
    };
    let mut report = bench::report(&sizes, SystemTime::now());
    for device in devices(args, console)? {
        let adapter = match device {
            Ok(device) => measured(&*device, &sizes, console),
            Err(unopened) => *unopened,
        };
        report.adapters.push(adapter);
    }
    let missing: usize = report.adapters.iter().map(|a| a.missing.len()).sum();
    let saved = save(args, &report);
    let table = table::table(&report);
    let name = report.date.clone();
    let drawn = draw(args, &[Named { name, report }]);
    console::all([
        saved,
        drawn,
        console::results(table.as_bytes()),
        complete(missing),
    ])
}

fn complete(missing: usize) -> Result<(), Failure> {
    if missing > 0 {
        return Err(Failure::Incomplete(format!(
            "{missing} measurements are missing; the report says which, and why"
        )));
    }
    Ok(())
}

fn measured(device: &dyn Device, sizes: &Sizes, console: Console) -> Adapter {
    let bar = begin(device, console);
    bench::run(device, sizes, &mut |what| bar.say(what.to_owned()))
}

/// Says which device is measured; a bar for what of it.
fn begin(device: &dyn Device, console: Console) -> Progress {
    let about = device.describe();
    console.note(format_args!("device: {} ({})", about.name, about.backend));
    console.progress("measuring {msg} {elapsed}", 0)
}

fn devices(args: &BenchArgs, console: Console) -> Result<Vec<Opened>, Failure> {
    if args.all {
        let cpu: Opened = Ok(Box::new(Cpu));
        return Ok(std::iter::once(cpu).chain(adapters()).collect());
    }
    let device: Box<dyn Device> = match &args.device {
        DeviceChoice::Cpu => Box::new(Cpu),
        #[cfg(feature = "gpu")]
        DeviceChoice::Adapter(asked) => gpu(asked)?,
        DeviceChoice::Auto => gpu_or_cpu(console),
        _ => {
            let problem = "--device: several found, one expected (--all measures every one)";
            return Err(Failure::Usage(problem.to_owned()));
        }
    };
    Ok(vec![Ok(device)])
}

#[cfg(feature = "gpu")]
fn adapters() -> Vec<Opened> {
    stderr::hush();
    let opened = |(adapter, gpu): (coresift::Adapter, Result<Gpu, Error>)| match gpu {
        Ok(gpu) => Ok(Box::new(gpu) as Box<dyn Device>),
        Err(error) => Err(Box::new(bench::unopened(&adapter, &error))),
    };
    Gpu::open_all_recorded().into_iter().map(opened).collect()
}

#[cfg(not(feature = "gpu"))]
fn adapters() -> Vec<Opened> {
    Vec::new()
}

#[cfg(feature = "gpu")]
fn gpu(asked: &AdapterChoice) -> Result<Box<dyn Device>, Error> {
    stderr::hush();
    Ok(Box::new(Gpu::open_recorded(asked)?))
}

/// The best adapter; where there is none that works, the CPU, and why is said.
#[cfg(feature = "gpu")]
fn gpu_or_cpu(console: Console) -> Box<dyn Device> {
    gpu(&AdapterChoice::Best).unwrap_or_else(|error| {
        stderr::rejoin();
        console.note(error);
        Box::new(Cpu)
    })
}

#[cfg(not(feature = "gpu"))]
fn gpu_or_cpu(console: Console) -> Box<dyn Device> {
    console.note("built without the gpu feature");
    Box::new(Cpu)
}
