//! `--checkpoint` and `--resume`: what a run has settled, in a file.

use super::rows::ReadyRows;
use crate::args::SelectArgs;
use crate::console::Console;
use crate::failure::Failure;
use crate::method::Given;
use coresift::{Checkpoint, Others};
use coresift_io::file;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, Instant};
use twox_hash::XxHash3_64;

/// What a file begins with. The number is that of its form.
const MAGIC: &[u8] = b"coresift checkpoint 1\n";

/// It is written at least so often, as something is settled,
const EVERY: Duration = Duration::from_secs(60);
/// and more often where that takes no more than one part in so many of the time.
const SHARE: u32 = 100;

/// What the picks of a run depend on, by name: options in words, whatever is long as a hash.
type Terms = BTreeMap<String, Term>;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Term {
    Words(String),
    Hash(u64),
}

/// A run that is kept, goes on from what was kept, or both.
pub(super) struct Kept<'a> {
    args: &'a SelectArgs,
    terms: Terms,
    console: Console,
    /// When it is to be written again.
    due: Instant,
    /// Whether it has been said that it cannot be.
    is_told: bool,
}

/// A run that is kept or gone on with, where that is asked for, and what it begins with. `about` is what a
/// record says of it.
pub(super) fn open<'a>(
    args: &'a SelectArgs,
    (about, given): (&Value, &Given),
    rows: &ReadyRows<'_>,
    console: Console,
) -> Result<Option<(Kept<'a>, Checkpoint)>, Failure> {
    if args.checkpoint.is_none() && args.resume.is_none() {
        return Ok(None);
    }
    let terms = terms((about, given), rows)?;
    let begun = match &args.resume {
        Some(path) => read(path, &terms)?,
        None => Checkpoint::default(),
    };
    let mut kept = Kept {
        args,
        terms,
        console,
        due: Instant::now(),
        is_told: false,
    };
    if let Some(path) = &args.checkpoint {
        // A file that cannot be written is told of before any work.
        kept.replace(path, &begun)?;
    }
    Ok(Some((kept, begun)))
}

impl Kept<'_> {
    /// Something has been settled.
    pub(super) fn settled(&mut self, checkpoint: &Checkpoint) {
        if Instant::now() >= self.due {
            self.write(checkpoint);
        }
    }

    /// Writes what there is. What cannot be written ends no run, and is said once.
    pub(super) fn write(&mut self, checkpoint: &Checkpoint) {
        if let Some(path) = &self.args.checkpoint
            && let Err(failure) = self.replace(path, checkpoint)
            && !std::mem::replace(&mut self.is_told, true)
        {
            self.console.note(format_args!("warning: {failure}"));
        }
    }

    fn replace(&mut self, path: &Path, checkpoint: &Checkpoint) -> Result<(), Failure> {
        let began = Instant::now();
        let written = file::replace(path, &bytes(&self.terms, checkpoint));
        let took = began.elapsed();
        self.due = Instant::now() + EVERY.min(took * SHARE);
        written.map_err(|e| Failure::io(path, "checkpoint", "cannot write the file", e))
    }
}

/// Refuses a file for the checkpoint that holds anything but what this run goes on from.
pub(super) fn check(args: &SelectArgs) -> Result<(), Failure> {
    let Some(path) = &args.checkpoint else {
        return Ok(());
    };
    if path.exists() && !args.is_kept_on() {
        let problem = "a file that is there already found, a new one expected, or the one that --resume reads";
        return Err(Failure::file(path, "checkpoint", problem));
    }
    Ok(())
}

/// What the picks of a run depend on.
fn terms((about, given): (&Value, &Given), rows: &ReadyRows<'_>) -> Result<Terms, Failure> {
    /// What a record says of a run that no pick depends on.
    const ASIDE: [&str; 4] = ["device", "partial", "resumed", "versions"];
    let mut terms = Terms::new();
    let about = about.as_object().into_iter().flatten();
    for (name, value) in about.filter(|(name, _)| !ASIDE.contains(&&***name)) {
        // Options go by their own names.
        let name = if name == "options" { "" } else { name };
        add(name, value, &mut terms);
    }
    let version = Term::Words(env!("CARGO_PKG_VERSION").to_owned());
    terms.insert("version of coresift".to_owned(), version);
    let mut hash = |name: &str, hash| terms.insert(name.to_owned(), Term::Hash(hash));
    hash("feature values", rows.fingerprint()?);
    let others = rows.others();
    hash(
        "rows left out",
        of_debug(&others.as_ref().map(Others::numbers)),
    );
    hash("labelled rows", of_debug(&given.labelled));
    hash("latent classes", of_debug(&given.classes));
    hash("given clusters", of_debug(&given.clusters));
    hash("input norms", of_debug(&given.input_norms));
    hash("target weights", of_debug(&given.target_weights));
    Ok(terms)
}

/// Adds what a record says, with names that say where in it.
fn add(name: &str, value: &Value, terms: &mut Terms) {
    match value {
        Value::Object(entries) => {
            for (entry, value) in entries {
                let within = match name {
                    "" => entry.clone(),
                    name => format!("{name}.{entry}"),
                };
                add(&within, value, terms);
            }
        }
        value => {
            let text = value.to_string();
            terms.insert(
                name.to_owned(),
                Term::Words(text.trim_matches('"').to_owned()),
            );
        }
    }
}

fn of_debug(value: &impl std::fmt::Debug) -> u64 {
    XxHash3_64::oneshot(format!("{value:?}").as_bytes())
}

/// The bytes of a file, which end in a hash of those before.
fn bytes(terms: &Terms, checkpoint: &Checkpoint) -> Vec<u8> {
    let content = postcard::to_stdvec(&(terms, checkpoint));
    let mut bytes = MAGIC.to_vec();
    bytes.extend(content.expect("memory takes every byte"));
    let hash = XxHash3_64::oneshot(&bytes);
    bytes.extend(hash.to_le_bytes());
    bytes
}

/// What a file says that such bytes are of.
fn saved(bytes: &[u8]) -> Result<(Terms, Checkpoint), &'static str> {
    const OTHER: &str =
        "a checkpoint of another version of coresift found, one of this version expected";
    let Some((content, hash)) = bytes.split_last_chunk::<8>() else {
        return Err("no checkpoint found, one expected");
    };
    let Some(content_alone) = content.strip_prefix(MAGIC) else {
        let other = MAGIC.strip_suffix(b" 1\n").unwrap_or_default();
        return Err(match content.starts_with(other) {
            true => OTHER,
            false => "no checkpoint found, one expected",
        });
    };
    if XxHash3_64::oneshot(content) != u64::from_le_bytes(*hash) {
        return Err("a damaged checkpoint found, a whole one expected");
    }
    postcard::from_bytes(content_alone).map_err(|_| OTHER)
}

/// What a run goes on from; refuses that of another.
fn read(path: &Path, terms: &Terms) -> Result<Checkpoint, Failure> {
    let refuse = |problem: String| Failure::file(path, "resume", problem);
    let (mut opened, _) =
        file::open(path).map_err(|why| coresift_io::Error::unopened(path, "resume", why))?;
    let mut bytes = Vec::new();
    opened
        .read_to_end(&mut bytes)
        .map_err(|e| Failure::io(path, "resume", "cannot read the file", e))?;
    let (found, checkpoint) = saved(&bytes).map_err(|problem| refuse(problem.to_owned()))?;
    match difference(&found, terms) {
        Some(problem) => Err(refuse(problem)),
        None => Ok(checkpoint),
    }
}

/// The first thing in which the run that a file is of differs from this one.
fn difference(found: &Terms, expected: &Terms) -> Option<String> {
    let none = Term::Words("none".to_owned());
    // What decides about the rest comes first, and what can be told in words.
    const FIRST: [&str; 4] = ["version of coresift", "method", "rows", "dim"];
    let mut names: Vec<&String> = expected.keys().chain(found.keys()).collect();
    names.sort_by_key(|name| {
        let first = FIRST.iter().position(|first| first == name);
        let is_hash = matches!(expected.get(*name), Some(Term::Hash(_)));
        (first.unwrap_or(FIRST.len()), is_hash)
    });
    names.into_iter().find_map(|name| {
        let found = found.get(name).unwrap_or(&none);
        let expected = expected.get(name).unwrap_or(&none);
        match (found, expected) {
            (found, expected) if found == expected => None,
            (Term::Words(found), Term::Words(expected)) => Some(format!(
                "a run of {name} {found} found, one of {expected} expected"
            )),
            _ => Some(format!(
                "a run of other {name} found, one of the same expected"
            )),
        }
    })
}
