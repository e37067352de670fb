//! Files: opened once it is known what they are; written whole or not at all.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why a file was not opened to be read.
#[derive(Debug)]
pub enum Unopened {
    /// It is no file, but this.
    Other(&'static str),
    /// What the system says.
    System(io::Error),
}

impl From<io::Error> for Unopened {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Opens a file to be read; every file that is read is opened here. What is no file is refused before
/// it is opened, for a pipe would wait until somebody writes to it.
///
/// # Errors
///
/// [`Unopened::Other`] for a folder, pipe, socket or device, else what the system says.
#[allow(clippy::disallowed_methods, reason = "this is where files are opened")]
pub fn open(path: &Path) -> Result<(File, Metadata), Unopened> {
    let known = |about: &Metadata| match other(about.file_type()) {
        Some(kind) => Err(Unopened::Other(kind)),
        None => Ok(()),
    };
    known(&std::fs::metadata(path)?)?;
    let file = File::open(path)?;
    // It may have become another since.
    let about = file.metadata()?;
    known(&about)?;
    Ok((file, about))
}

/// What stands in place of a file.
fn other(kind: FileType) -> Option<&'static str> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return Some("a pipe");
        }
        if kind.is_socket() {
            return Some("a socket");
        }
    }
    match kind {
        _ if kind.is_file() => None,
        _ if kind.is_dir() => Some("a folder"),
        _ => Some("a device"),
    }
}

/// Held while a file is being written, which is brief: Ctrl-C waits for it, and so leaves
/// neither half a file nor a temporary one.
static WRITING: Mutex<()> = Mutex::new(());

fn hold() -> MutexGuard<'static, ()> {
    WRITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a file that is being written, and lets no other begin.
pub fn finish() {
    std::mem::forget(hold());
}

/// The folder that a file is in.
pub fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes a file beside `path`, and takes it away again.
///
/// # Errors
///
/// What the system says.
pub fn try_out(path: &Path) -> io::Result<()> {
    let _writing = hold();
    temporary(path).map(drop)
}

/// Writes a file under a temporary name and renames it.
///
/// # Errors
///
/// What the system says; then nothing is left, and a file that was there is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _writing = hold();
    let mut file = temporary(path)?;
    file.write_all(bytes)?;
    // Some file systems only now say that they are full.
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|e| e.error)
}

/// A file beside `path` that is gone when dropped, with the rights of any new file.
fn temporary(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".coresift-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(folder(path))
}
