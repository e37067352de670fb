//! The command line: parse, read, select, print.
//!
//! Results go to stdout or `--out`, everything else to stderr. Exit 0 done, 1 failed, 2 usage,
//! 130 interrupted.

mod args;
mod bench;
mod classes;
mod columns;
mod console;
mod device;
mod devices;
mod failure;
#[cfg(test)]
mod fuzz;
mod indices;
mod method;
mod npy;
mod read;
mod select;
mod write;

use args::{Cli, Command};
use clap::Parser as _;
use std::process::ExitCode;

/// Runs the command that the arguments ask for.
pub(crate) fn main() -> ExitCode {
    let cli = Cli::parse();
    work_in_this_thread();
    // Without a handler Ctrl-C still ends the run, only less tidily.
    let _ = ctrlc::set_handler(|| {
        console::clear();
        coresift::file::finish();
        std::process::exit(130);
    });
    let done = match &cli.command {
        Command::Select(args) => select::run(args),
        Command::Devices(args) => devices::run(args),
        Command::Bench(args) => bench::run(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            console::error(&failure);
            ExitCode::from(failure.code())
        }
    }
}

/// Makes this thread one of those that share the work: it would else hand over every small job and
/// sleep until it is done, which takes longer than the job.
fn work_in_this_thread() {
    // Where that fails the threads are made as they are needed, this one not among them.
    let _ = rayon::ThreadPoolBuilder::new()
        .use_current_thread()
        .build_global();
}
