//! What a device can do at best, and how near to it each kernel and selector comes: measured, and as
//! a report kept, shown, compared and drawn. `coresift bench` is this module's command.
//!
//! [`run`] measures a device's limits by kernels that do nothing else, then every kernel of the
//! library as a share of the limit that binds it, then every selector from features in host memory
//! to picks. No answer that differs from the CPU pool's is timed.
//!
//! # What is timed
//!
//! A *kernel* is timed by the device's own timestamps where it has any; else from its submission
//! until the host knows it done. On the CPU pool it is the time of the call. One multiply-add counts
//! as two operations, in ceilings and kernels alike.
//!
//! GPUs slow down where they idle, as they do while the CPU's answers are computed for comparison: before
//! anything is timed the device is kept busy until it is as fast as it ever was. What is seldom busy,
//! as the device is within some selectors, may slow down again.
//!
//! Of a *selector* the host's clock tells the time to picks: making the pool and the selection (a GPU
//! uploads the features when a kernel first reads them), while every call of the pool is timed too.
//! *Device time* is the time of these calls, *host time* is the rest. The *parts* of the device time
//! come from elsewhere: kernels from the device's timestamps; `memory`, `upload`, `submit`,
//! `read-back` and `host`, rows and lengths from the caller's memory and rows made as kernels read
//! them, timed one by one; `wait`, until the kernels before a read-back have begun and the host has
//! noticed their end, is the time of that less the kernels' own. Where these are more, they ran while
//! the host was at something else: that is `overlap`, to be taken off. What calls spend otherwise is in
//! no part: parts that add up to the device time, with no more `wait` than dispatches take, say that it
//! is spent where it should be. On the CPU pool the calls *are* the parts.

pub(crate) mod command;
pub mod compare;
mod cpu;
mod date;
pub mod degenerate;
mod device;
pub mod factors;
mod features;
#[cfg(feature = "gpu")]
mod gpu;
pub mod kernels;
mod measure;
pub mod plot;
pub mod report;
pub mod selectors;
mod sizes;
pub mod table;
mod timed;
mod words;

pub use coresift::bench::{Limit, Number, Product};
pub use cpu::Cpu;
pub use device::{Device, Record};
#[cfg(feature = "gpu")]
pub use measure::unopened;
pub use measure::{report, run};
pub use sizes::{Job, Shape, Sizes};

use coresift::Error;
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
