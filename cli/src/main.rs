//! The `coresift` command.

fn main() -> std::process::ExitCode {
    coresift_cli::main()
}
