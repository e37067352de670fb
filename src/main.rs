//! The `coresift` command.

#![cfg_attr(not(test), warn(clippy::disallowed_methods))]

mod cli;

fn main() -> std::process::ExitCode {
    cli::main()
}
