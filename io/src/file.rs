//! Files: opened once it is known what they are, known again under every name, written whole or not at
//! all.

use file_id::FileId;
use std::ffi::OsString;
use std::fs::{File, FileType, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
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

/// Lets so many files be open at a time besides the usual ones, as far as the system allows it.
pub(crate) fn allow(files: usize) {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        const USUAL: u64 = 256;
        let limit = getrlimit(Resource::Nofile);
        let wanted = USUAL.saturating_add(files as u64);
        if let Some(current) = limit.current.filter(|&current| current < wanted) {
            let raised = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
            let limit = Rlimit {
                current: Some(raised.max(current)),
                ..limit
            };
            // Where it is not taken, opening a file says so.
            let _ = setrlimit(Resource::Nofile, limit);
        }
    }
    #[cfg(not(unix))]
    let _ = files;
}

/// What stands in place of a regular file.
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

/// Which file a path leads to. Equal for all of a file's names: relative and absolute, hard links and
/// symbolic ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// A file that is there.
    There(FileId),
    /// A file that is not there yet: its folder, and its name in that.
    Yet(FileId, OsString),
}

/// Tells which file a path leads to. Nothing is opened where that could wait: a pipe has an identity too.
///
/// # Errors
///
/// What the system says.
pub fn identity(path: &Path) -> io::Result<Identity> {
    let target = target(path)?;
    match file_id::get_file_id(&target) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let name = target.file_name().ok_or(e)?;
            let folder = file_id::get_file_id(folder(&target))?;
            Ok(Identity::Yet(folder, name.to_owned()))
        }
        found => found.map(Identity::There),
    }
}

/// The file that stdout goes to, where it does go to one.
#[must_use]
pub fn identity_of_stdout() -> Option<Identity> {
    #[cfg(unix)]
    {
        use std::os::fd::AsFd as _;
        use std::os::unix::fs::MetadataExt as _;
        let stdout = io::stdout().as_fd().try_clone_to_owned().ok()?;
        let found = File::from(stdout).metadata().ok()?;
        let id = FileId::new_inode(found.dev(), found.ino());
        found.is_file().then_some(Identity::There(id))
    }
    #[cfg(not(unix))]
    None
}

/// Where what is written to `path` comes to be: symbolic links are followed, to a file that is not there
/// yet as well.
///
/// # Errors
///
/// What the system says, of links that lead in a circle too.
pub fn target(path: &Path) -> io::Result<PathBuf> {
    match path.metadata() {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let mut target = path.to_owned();
    while target.is_symlink() {
        target = folder(&target).join(target.read_link()?);
    }
    Ok(target)
}

/// What is at `path` in place of a file that could be replaced, in words.
#[must_use]
pub fn obstacle(path: &Path) -> Option<&'static str> {
    let ends_in_separator = (path.as_os_str().as_encoded_bytes().last())
        .is_some_and(|&byte| std::path::is_separator(byte.into()));
    match path.metadata() {
        Ok(found) => other(found.file_type()),
        Err(_) => ends_in_separator.then_some("the name of a folder"),
    }
}

/// Makes a file where one is to be for `path`, and takes it away again.
///
/// # Errors
///
/// What the system says.
pub fn try_out(path: &Path) -> io::Result<()> {
    let _writing = hold();
    temporary(&target(path)?).map(drop)
}

/// Writes a file under a temporary name and renames it. A symbolic link stays one: what it leads to is
/// replaced.
///
/// # Errors
///
/// What the system says, or that what is there is no regular file; then nothing is left, and what was
/// there is as it was.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let _writing = hold();
    if let Some(found) = obstacle(path) {
        return Err(io::Error::other(format!(
            "{found} found, a regular file expected"
        )));
    }
    let target = target(path)?;
    let mut file = temporary(&target)?;
    file.write_all(bytes)?;
    // Some file systems only now say that they are full.
    file.as_file().sync_all()?;
    file.persist(target).map(drop).map_err(|e| e.error)
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_file_is_known_by_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("in")).unwrap();
        for name in ["a", "b"] {
            fs::write(at(name), name).unwrap();
        }
        fs::hard_link(at("a"), at("hard")).unwrap();
        symlink("a", at("soft")).unwrap();
        symlink("../soft", at("in/softer")).unwrap();
        let a = identity(&at("a")).unwrap();
        for name in ["./a", "in/../a", "hard", "soft", "in/softer"] {
            assert_eq!(identity(&at(name)).unwrap(), a, "{name}");
        }
        assert_ne!(identity(&at("b")).unwrap(), a);
    }

    #[test]
    fn a_file_to_be_is_known_by_every_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("in")).unwrap();
        symlink("../new", at("in/soft")).unwrap();
        let new = identity(&at("new")).unwrap();
        for name in ["./new", "in/../new", "in/soft"] {
            assert_eq!(identity(&at(name)).unwrap(), new, "{name}");
        }
        assert_ne!(identity(&at("in/new")).unwrap(), new);
        assert_ne!(identity(&at("old")).unwrap(), new);
        fs::write(at("new"), "").unwrap();
        assert_ne!(identity(&at("new")).unwrap(), new, "now it is there");
    }

    #[test]
    fn what_a_link_leads_to_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("in")).unwrap();
        fs::write(at("old"), "old").unwrap();
        symlink("../old", at("in/soft")).unwrap();
        symlink("new", at("in/dangling")).unwrap();
        replace(&at("in/soft"), b"1").unwrap();
        replace(&at("in/dangling"), b"2").unwrap();
        assert_eq!(fs::read(at("old")).unwrap(), b"1");
        assert_eq!(fs::read(at("in/new")).unwrap(), b"2");
        assert!(at("in/soft").is_symlink() && at("in/dangling").is_symlink());
        assert_eq!(fs::read_dir(at("in")).unwrap().count(), 3);
    }

    #[test]
    fn what_is_no_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        symlink("circle", at("round")).unwrap();
        symlink("round", at("circle")).unwrap();
        symlink("/dev/null", at("nothing")).unwrap();
        for name in ["", "socket", "circle", "nothing", "new/"] {
            let refused = replace(&at(name), b"1");
            assert!(refused.is_err(), "{name}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 4);
    }
}
