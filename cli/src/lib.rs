//! The command line: parse, read, select, print.
//!
//! Results go to stdout or `--out`, everything else to stderr. Exit 0 done, 1 failed, 2 usage,
//! 130 interrupted.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod args;
pub mod bench;
mod classes;
mod columns;
mod compare;
mod console;
mod device;
mod devices;
mod duplicates;
mod evaluate;
mod failure;
#[cfg(test)]
mod fuzz;
mod interrupt;
mod known;
mod labels;
mod method;
mod plan;
mod report;
mod select;
mod stderr;
mod threads;
mod versions;
mod workers;
mod write;

use args::{Cli, Command};
use clap::Parser as _;
use failure::Failure;
use std::process::ExitCode;

/// Runs the command that the arguments ask for.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(words) if words.use_stderr() => words.exit(),
        Err(words) => return end(console::help(&words)),
    };
    if matches!(cli.command, Command::Worker) {
        workers::run();
        return ExitCode::SUCCESS;
    }
    interrupt::listen();
    end(match &cli.command {
        Command::Select(args) => select::run(args),
        Command::Plan(args) => plan::run(args),
        Command::Duplicates(args) => duplicates::run(args),
        Command::Evaluate(args) => evaluate::run(args),
        Command::Compare(args) => compare::run(args),
        Command::Devices(args) => devices::run(args),
        Command::Bench(args) => bench::command::run(args),
        Command::Worker => Ok(()),
    })
}

fn end(done: Result<(), Failure>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            stderr::reveal();
            console::error(&failure);
            ExitCode::from(failure.code())
        }
    }
}
