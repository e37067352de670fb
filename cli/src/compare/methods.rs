//! Methods with their default options, as `select` has them.

use crate::args::{Candidate, Cli, Command, SelectArgs};
use crate::failure::Failure;
use crate::method::{self, Given, Plan};
use clap::Parser as _;
use coresift::compare::Contender;

/// What `select` would understand of a method and a seed alone.
pub(super) fn args(candidate: Candidate, seed: u64) -> SelectArgs {
    let mut line = vec![
        "coresift".to_owned(),
        "select".to_owned(),
        "-".to_owned(),
        "--budget=1".to_owned(),
        format!("--method={}", candidate.method.name()),
        format!("--seed={seed}"),
    ];
    line.extend(candidate.then.map(|then| format!("--then={}", then.name())));
    match Cli::try_parse_from(line).map(|cli| cli.command) {
        Ok(Command::Select(args)) => *args,
        _ => unreachable!("every method is one of select's"),
    }
}

/// The selector of a seed, and its options in force.
pub(super) fn plan(candidate: Candidate, seed: u64) -> Plan {
    method::plan(&args(candidate, seed), Given::default())
}

/// Refuses methods that are named twice.
pub(super) fn check(candidates: &[Candidate]) -> Result<(), Failure> {
    let twice = (1..candidates.len()).find(|&at| candidates[..at].contains(&candidates[at]));
    match twice {
        Some(at) => Err(Failure::Usage(format!(
            "--methods: {} found twice, each once expected",
            candidates[at]
        ))),
        None => Ok(()),
    }
}

/// The methods as they are compared.
pub(super) fn contenders(candidates: &[Candidate]) -> Vec<Contender<'static>> {
    let contender = |&candidate: &Candidate| Contender {
        name: candidate.to_string(),
        selector: Box::new(move |seed| plan(candidate, seed).selector),
    };
    candidates.iter().map(contender).collect()
}
