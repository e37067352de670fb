//! What is said to the person at the terminal: notes, errors and progress on stderr, results
//! on stdout.

use super::failure::Failure;
use super::stderr;
use indicatif::{ProgressBar, ProgressStyle};
use std::error::Error as _;
use std::fmt::Display;
use std::io::{self, Write as _};
#[cfg(unix)]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Work shorter than this shows no bar.
const PATIENCE: Duration = Duration::from_secs(1);

/// The bar on screen, for Ctrl-C to clear.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Takes the bar off the screen, if there is one.
pub(crate) fn clear() {
    if let Some(bar) = BAR.lock().unwrap_or_else(PoisonError::into_inner).take() {
        bar.finish_and_clear();
    }
}

/// Prints a line on stderr.
pub(crate) fn line(text: impl Display) {
    stderr::write(&format!("{text}\n"));
}

/// Prints a failure and what caused it.
pub(crate) fn error(failure: &Failure) {
    line(format_args!("error: {failure}"));
    let mut cause = failure.source();
    while let Some(source) = cause {
        line(format_args!("  caused by: {source}"));
        cause = source.source();
    }
}

/// What comes of several things that are done whatever comes of the others: the last failure is
/// returned, those before it are printed.
pub(crate) fn all<const N: usize>(done: [Result<(), Failure>; N]) -> Result<(), Failure> {
    let mut last = Ok(());
    for failed in done.into_iter().filter(Result::is_err) {
        if let Err(before) = std::mem::replace(&mut last, failed) {
            error(&before);
        }
    }
    last
}

/// Whether there was a stdout when the command was started. In place of one that is closed Rust opens
/// `/dev/null` before `main`, which many callers give on purpose.
#[cfg(unix)]
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks before Rust does. `unsafe` is the word of `ctor` for code that runs before `main`: this asks
/// the system for a flag and needs nothing of the standard library.
#[cfg(unix)]
#[ctor::ctor(unsafe)]
fn look() {
    let closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
    CLOSED.store(closed, Ordering::Relaxed);
}

/// Refuses a stdout that was closed when the command was started, or is open for reading alone: Rust
/// drops what is written there, and calls that done.
#[cfg(unix)]
pub(crate) fn can_print() -> Result<(), Failure> {
    use rustix::fs::OFlags;
    let unwritable = || match rustix::fs::fcntl_getfl(rustix::stdio::stdout()) {
        Ok(flags) => flags & OFlags::ACCMODE == OFlags::RDONLY,
        Err(_) => true,
    };
    if CLOSED.load(Ordering::Relaxed) || unwritable() {
        return Err(Failure::Stdout(rustix::io::Errno::BADF.into()));
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn can_print() -> Result<(), Failure> {
    Ok(())
}

/// Prints on stdout by `print`.
fn print(print: impl FnOnce() -> io::Result<()>) -> Result<(), Failure> {
    can_print()?;
    print()
        .and_then(|()| io::stdout().flush())
        .map_err(Failure::Stdout)
}

/// Prints results.
pub(crate) fn results(bytes: &[u8]) -> Result<(), Failure> {
    if bytes.is_empty() {
        return Ok(());
    }
    print(|| io::stdout().write_all(bytes))
}

/// Prints help, or the version.
pub(crate) fn help(words: &clap::Error) -> Result<(), Failure> {
    print(|| words.print())
}

/// Notes and progress, unless they are not wanted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Say nothing but errors.
    pub(crate) quiet: bool,
}

impl Console {
    /// Prints a line on stderr, in place of a bar that may be there.
    pub(crate) fn note(self, text: impl Display) {
        if !self.quiet {
            clear();
            line(text);
        }
    }

    /// A bar for work of `total` steps; `template` is its text, in indicatif's terms.
    pub(crate) fn progress(self, template: &'static str, total: u64) -> Progress {
        let shown = !self.quiet && stderr::is_terminal();
        Progress {
            template,
            total,
            began: Instant::now(),
            shown,
        }
    }
}

/// How far a piece of work has come. Its bar appears once the work takes long, and goes with it.
#[derive(Debug)]
pub(crate) struct Progress {
    template: &'static str,
    total: u64,
    began: Instant,
    shown: bool,
}

impl Progress {
    /// Says how many steps are done.
    pub(crate) fn set(&self, done: u64) {
        self.on_bar(|bar| bar.set_position(done));
    }

    /// Says what is being done.
    pub(crate) fn say(&self, text: String) {
        self.on_bar(|bar| bar.set_message(text));
    }

    fn on_bar(&self, change: impl FnOnce(&ProgressBar)) {
        if self.shown && self.began.elapsed() >= PATIENCE {
            let mut bar = BAR.lock().unwrap_or_else(PoisonError::into_inner);
            change(bar.get_or_insert_with(|| self.bar()));
        }
    }

    fn bar(&self) -> ProgressBar {
        let style = ProgressStyle::with_template(self.template).expect("our own templates parse");
        ProgressBar::with_draw_target(Some(self.total), stderr::draw_target())
            .with_style(style)
            .with_elapsed(self.began.elapsed())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear();
    }
}
