//! Stderr, and what drivers write to it unasked: kept from the screen, and shown where a run fails.
//!
//! Drivers write to file descriptor 2, from C. Once one is to be loaded that descriptor leads to a file
//! of ours, and what we have to say goes to a copy of what it led to before. A run that a signal ends
//! leaves unsaid what is in that file.

use indicatif::ProgressDrawTarget;
use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _, Seek as _, Write as _};
use std::sync::OnceLock;

/// Both ends, once drivers write elsewhere; nothing where that cannot be had.
static PARTED: OnceLock<Option<Parted>> = OnceLock::new();

#[derive(Debug)]
struct Parted {
    /// The stderr that the command was started with.
    ours: File,
    /// What drivers have written.
    theirs: File,
}

fn parted() -> Option<&'static Parted> {
    PARTED.get()?.as_ref()
}

/// Keeps from the screen what is written to stderr from here on, but for what this module writes: until
/// [`rejoin`] or the end.
#[cfg(feature = "gpu")]
pub(crate) fn hush() {
    if let Some(parted) = PARTED.get_or_init(|| part().ok()) {
        lead_to(&parted.theirs);
    }
}

/// Drivers are done with: what is written to stderr is seen again.
pub(crate) fn rejoin() {
    if let Some(parted) = parted() {
        lead_to(&parted.ours);
    }
}

/// Where that fails messages go on as they went.
fn lead_to(file: &File) {
    #[cfg(unix)]
    let _ = rustix::stdio::dup2_stderr(file);
    #[cfg(not(unix))]
    let _ = file;
}

#[cfg(all(feature = "gpu", unix))]
fn part() -> io::Result<Parted> {
    use std::os::fd::AsFd as _;
    let ours = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let theirs = tempfile::tempfile()?;
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        reveal();
        print(panic);
    }));
    Ok(Parted { ours, theirs })
}

/// Drivers of other systems have not been seen to write there.
#[cfg(all(feature = "gpu", not(unix)))]
fn part() -> io::Result<Parted> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Shows what was kept from the screen, and keeps no more. What cannot be shown is dropped: there is
/// nowhere left to complain to.
pub(crate) fn reveal() {
    let Some(Parted { ours, theirs }) = parted() else {
        return;
    };
    rejoin();
    let mut said = Vec::new();
    let mut theirs: &File = theirs;
    let read = theirs.rewind().and_then(|()| theirs.read_to_end(&mut said));
    if read.is_ok_and(|bytes| bytes > 0) {
        let mut ours: &File = ours;
        let _ = ours.write_all(b"drivers say:\n");
        let _ = ours.write_all(&said);
    }
    // Shown once: a panic may be followed by an error.
    let _ = theirs.set_len(0);
}

/// Writes to the stderr that the command was started with. What cannot be written is dropped.
pub(crate) fn write(text: &str) {
    let _ = match parted() {
        Some(Parted { ours, .. }) => (&mut &*ours).write_all(text.as_bytes()),
        None => io::stderr().write_all(text.as_bytes()),
    };
}

/// Whether a person sees it.
pub(crate) fn is_terminal() -> bool {
    parted().map_or_else(
        || io::stderr().is_terminal(),
        |Parted { ours, .. }| ours.is_terminal(),
    )
}

/// Where progress is drawn.
pub(crate) fn draw_target() -> ProgressDrawTarget {
    #[cfg(unix)]
    if let Some(Parted { ours, .. }) = parted()
        && let (Ok(read), Ok(write)) = (ours.try_clone(), ours.try_clone())
    {
        /// Frames a second, as indicatif has it for stderr.
        const RATE: u8 = 20;
        return ProgressDrawTarget::term(console::Term::read_write_pair(read, write), RATE);
    }
    ProgressDrawTarget::stderr()
}
