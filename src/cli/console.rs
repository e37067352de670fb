//! What is said to the person at the terminal: notes, errors and progress on stderr, results
//! on stdout.

use super::failure::Failure;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::error::Error as _;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write as _};
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

/// Prints a line on stderr. One that cannot be printed is dropped: there is nowhere left to
/// complain to.
fn line(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
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

/// Prints results. A reader that has seen enough and closed the pipe is no failure.
pub(crate) fn results(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Stdout(e)),
        _ => Ok(()),
    }
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
        let shown = !self.quiet && io::stderr().is_terminal();
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
        ProgressBar::with_draw_target(Some(self.total), ProgressDrawTarget::stderr())
            .with_style(style)
            .with_elapsed(self.began.elapsed())
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        clear();
    }
}
