//! Options of any words.

use super::{fuzz, measured};
use crate::args::values::Budget;
use crate::args::{Cli, Command};
use crate::known;
use clap::{CommandFactory as _, FromArgMatches as _};
use proptest::prelude::*;
use proptest::sample::select;

fn words() -> impl Strategy<Value = Vec<String>> {
    let command = Cli::command();
    let options: Vec<String> = (command.get_subcommands())
        .flat_map(clap::Command::get_arguments)
        .filter_map(|option| Some(format!("--{}", option.get_long()?)))
        .collect();
    let value = prop_oneof![
        3 => select(&[
            "500", "20%", "12.5%", "0", "-1", "1e-3", "none", "auto", "cpu", "gpu", "l1", "sas", "norm",
            "gram-schmidt", "typiclust", "probcover", "4GiB", "17 MiB", "kept", "x.npy", "l.csv", "l.txt", "p.json", "stop",
        ][..])
        .prop_map(str::to_owned),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => any::<f64>().prop_map(|number| format!("{number}%")),
        1 => any::<String>(),
    ];
    let option =
        (select(options), value.clone(), 0..3u8).prop_map(|(option, value, form)| match form {
            0 => vec![option],
            1 => vec![option, value],
            _ => vec![format!("{option}={value}")],
        });
    let start = prop_oneof![
        6 => Just(vec!["select", "x.npy", "--method=sas", "--budget=5"]),
        4 => select(&["norm", "gram-schmidt", "typiclust", "probcover"][..]).prop_map(|method| {
            vec!["select", "x.npy", "--budget=20%", "--method", method]
        }),
        2 => Just(vec!["duplicates", "x.npy", "--threshold=0.9"]),
        1 => Just(vec!["duplicates", "x.npy"]),
        2 => Just(vec!["bench"]),
        1 => Just(vec!["devices"]),
        1 => Just(vec![]),
    ];
    (
        start,
        prop::collection::vec(option, 0..6),
        prop::option::of(value),
    )
        .prop_map(|(start, options, stray)| {
            let start = std::iter::once("coresift").chain(start).map(str::to_owned);
            start
                .chain(options.into_iter().flatten())
                .chain(stray)
                .collect()
        })
}

/// Bytes that clap takes for the options that there are and for the help of one, whatever is asked.
const OF_CLAP: u64 = 3 << 17;

#[test]
fn options_of_any_words() {
    fuzz(words(), |_, words| {
        let size: usize = words.iter().map(String::len).sum();
        let parsed = measured(|| {
            let mut matches = Cli::command().try_get_matches_from(&words).ok()?;
            Cli::from_arg_matches_mut(&mut matches).ok()
        });
        let (parsed, memory) = parsed;
        prop_assert!(
            memory <= 4 * size as u64 + OF_CLAP,
            "{memory} bytes for {size}"
        );
        match parsed.map(|parsed| parsed.command) {
            Some(Command::Select(args)) => {
                let _ = known::check(&args);
                for rows in [1, 7, usize::MAX] {
                    let budget = args.budget.of(rows);
                    let is_share = matches!(args.budget, Budget::Share { .. });
                    prop_assert!(!is_share || (1..=rows).contains(&budget));
                }
            }
            Some(Command::Duplicates(args)) => {
                prop_assert!(args.threshold > 0.0 && args.threshold <= 1.0);
            }
            _ => {}
        }
        Ok(())
    });
}
