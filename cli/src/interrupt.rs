//! Ctrl-C: it ends the command at once; but while rows are selected the first asks for the picks made.

use super::console;
use coresift::Stop;
use coresift_io::file;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What Ctrl-C finds.
enum Phase {
    /// Nothing has been made that could be written.
    Before,
    /// Rows are selected until this is stopped.
    Selecting(Stop),
    /// All picks are made, and being written.
    After,
}

static PHASE: Mutex<Phase> = Mutex::new(Phase::Before);

fn phase() -> MutexGuard<'static, Phase> {
    PHASE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Has Ctrl-C end the command this way. Where that cannot be had it still ends it, only less tidily.
pub(crate) fn listen() {
    let _ = ctrlc::set_handler(|| {
        let words = match &*phase() {
            Phase::Before => "interrupted: nothing written",
            Phase::Selecting(stop) if !stop.is_stopped() => return stop.stop(),
            Phase::Selecting(_) | Phase::After => "interrupted",
        };
        end(words)
    });
}

/// Rows are selected by `select`, with what the first Ctrl-C stops from here on.
pub(crate) fn until_stopped<T>(select: impl FnOnce(Stop) -> T) -> T {
    let stop = Stop::new();
    *phase() = Phase::Selecting(stop.clone());
    let selected = select(stop);
    *phase() = Phase::After;
    selected
}

/// Says so and ends the command, without a wait for what the device has begun; with one for a file that is
/// being written.
pub(crate) fn end(words: &str) -> ! {
    console::clear();
    console::line(words);
    file::finish();
    std::process::exit(130)
}
