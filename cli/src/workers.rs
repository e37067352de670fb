//! `--workers`: processes of this command that share the rows, and what each of them does.

use crate::args::{Machine, Source};
use crate::device;
use crate::failure::Failure;
use crate::select::read;
use crate::threads;
use coresift::{Device, Error, LeftOut, Pool, Stop};
use coresift_io::features::FeatureFile;
use coresift_io::workers::{Pipe, Processes, Share, Workers, work};
use std::io::{stdin, stdout};
use std::process::Command;
use std::sync::Arc;

/// Processes, and the rows that they have.
pub(crate) struct Started {
    processes: Arc<Processes>,
    pub(crate) workers: Workers,
}

/// Starts so many workers, each with a part of the rows and of the memory and threads there are.
pub(crate) fn start(
    count: usize,
    (source, machine): (&Source, &Machine),
    file: &FeatureFile,
    (left_out, center): (&LeftOut, bool),
) -> Result<Started, Failure> {
    let count = count.min(file.rows);
    let room = read::room(machine.memory, file)?;
    let threads = rayon::current_num_threads();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = Share {
        features: source.features.clone(),
        raw: source.raw.map(|raw| raw.to_string()),
        rows: [0, 0],
        exclude: left_out.rows.iter().map(|&row| row as u64).collect(),
        skip: [left_out.invalid, left_out.zeros],
        center,
        device: machine.device.to_string(),
        memory: Some(room.bound / count as u64),
        device_memory: machine.device_memory.map(|bytes| bytes.0),
        // Fewer than cores are shared; else each has all, so that what one does alone takes no longer than it must.
        threads: (threads < cores).then(|| (threads / count).max(1)),
    };
    let own = std::env::current_exe().map_err(|error| {
        Failure::Usage(format!(
            "--workers: cannot tell which command this is: {error}"
        ))
    })?;
    let command = move || {
        let mut command = Command::new(&own);
        command.arg("worker");
        command
    };
    let processes = Processes::start(count, command).map_err(|lost| Error::Device(lost.0))?;
    let processes = Arc::new(processes);
    let workers = Workers::load(Arc::clone(&processes) as _, share.cut(file.rows, count))?;
    Ok(Started { processes, workers })
}

impl Started {
    /// The rows of all workers, to be worked on until `stop` is stopped.
    pub(crate) fn pool(&mut self, stop: Stop) -> Result<Box<dyn Pool>, Error> {
        self.processes.end_with(stop.clone());
        self.workers.pool(stop)
    }
}

/// What such a process does: it answers what comes on standard input, until there is no more.
pub(crate) fn run() {
    // Ctrl-C at a terminal is the driver's affair, which ends its workers.
    let _ = ctrlc::set_handler(|| {});
    let stop = Stop::new();
    let mut pipe = Pipe::new(stdin(), stdout(), stop.clone());
    work(&mut pipe, stop, |share| {
        threads::share(share.threads);
        let choice = share.device.parse()?;
        let (device, _): (Device, _) =
            device::open(&choice, share.device_memory).map_err(|error| error.to_string())?;
        Ok(device)
    });
}
