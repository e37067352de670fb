//! What `coresift bench` measures, as a report: kept, shown, compared and drawn.

pub mod compare;
pub mod plot;
pub mod report;
pub mod table;
mod words;

use crate::Error;
use report::{Adapter, Named};
use std::io;
use std::path::Path;

/// An adapter of some reports: its number among all of theirs, counted from 1, and where it is.
struct Entry<'a> {
    number: usize,
    from: &'a Named,
    adapter: &'a Adapter,
}

impl Entry<'_> {
    /// What stands for it where space is short; names may be long, and two may be the same.
    fn mark(&self) -> String {
        format!("[{}]", self.number)
    }

    /// Its mark, and what it is.
    fn title(&self) -> String {
        format!("{} {}", self.mark(), words::about(self.adapter))
    }
}

/// All adapters, report by report; there must be one.
fn entries(reports: &[Named]) -> Result<Vec<Entry<'_>>, Error> {
    let adapters =
        (reports.iter()).flat_map(|from| from.report.adapters.iter().map(move |a| (from, a)));
    let entry = |(number, (from, adapter))| Entry {
        number,
        from,
        adapter,
    };
    let entries: Vec<Entry<'_>> = (1..).zip(adapters).map(entry).collect();
    if entries.is_empty() {
        return Err(Error::Argument {
            argument: "reports",
            found: "no adapter".to_owned(),
            expected: "at least one".to_owned(),
        });
    }
    Ok(entries)
}

/// What has the same key on several adapters, in the order in which keys come up: each adapter's, or
/// `None`.
fn aligned<'a, T, K: PartialEq>(
    entries: &'a [Entry<'a>],
    of: impl Fn(&'a Entry<'a>) -> &'a [T],
    key: impl Fn(&'a T) -> K,
) -> Vec<(K, Vec<Option<&'a T>>)> {
    let mut rows: Vec<(K, Vec<Option<&T>>)> = Vec::new();
    for (column, entry) in entries.iter().enumerate() {
        for item in of(entry) {
            let key = key(item);
            let at = rows.iter().position(|row| row.0 == key);
            let at = at.unwrap_or_else(|| {
                rows.push((key, vec![None; entries.len()]));
                rows.len() - 1
            });
            rows[at].1[column].get_or_insert(item);
        }
    }
    rows
}

/// A file that the system would not let us use.
fn unusable(path: &Path, problem: &'static str, error: &io::Error) -> Error {
    Error::File {
        path: path.display().to_string(),
        problem,
        reason: error.to_string(),
    }
}
