//! Outputs, refused where they could not be written or would take the place of an input.

use crate::error::Error;
use crate::file;
use std::path::{Path, PathBuf};

/// A file, and the argument that names it.
pub type Named = (&'static str, PathBuf);

/// Refuses, before anything is computed, outputs that could not be written and those that would take the
/// place of an input or of each other, whatever names lead there.
///
/// # Errors
///
/// [`Error::File`] for the first such output, and for an input that stdout goes to.
pub fn check(outputs: &[Named], inputs: &[Named]) -> Result<(), Error> {
    let mut taken = Vec::new();
    let stdout = file::identity_of_stdout();
    for (argument, path) in inputs {
        // Who reads it says why it cannot be found.
        let Ok(identity) = file::identity(path) else {
            continue;
        };
        if stdout.as_ref() == Some(&identity) {
            let problem = "the file that stdout goes to found, another expected";
            return Err(Error::file(path, argument, problem));
        }
        taken.push((format!("{argument} ({})", path.display()), identity));
    }
    taken.extend(stdout.map(|identity| ("stdout".to_owned(), identity)));
    for (argument, path) in outputs {
        let identity = able(path, argument)?;
        if let Some((other, _)) = taken.iter().find(|(_, other)| *other == identity) {
            let problem = format!("the same file as {other} found, one of its own expected");
            return Err(Error::file(path, argument, problem));
        }
        taken.push((format!("{argument} ({})", path.display()), identity));
    }
    Ok(())
}

/// Refuses a file that could not be written; tells which it is.
fn able(path: &Path, argument: &'static str) -> Result<file::Identity, Error> {
    let refuse = |problem: String| Err(Error::file(path, argument, problem));
    let unable = |problem| move |e| Error::io(path, argument, problem, e);
    if let Some(found) = file::obstacle(path) {
        return refuse(format!("{found} found, a file expected"));
    }
    if !file::folder(path).is_dir() {
        return refuse(no_folder(path));
    }
    let target = file::target(path).map_err(unable("cannot tell where this leads"))?;
    if !file::folder(&target).is_dir() {
        return refuse(no_folder(&target));
    }
    file::try_out(path).map_err(unable("cannot write to this folder"))?;
    file::identity(path).map_err(unable("cannot tell where this leads"))
}

fn no_folder(path: &Path) -> String {
    format!("no folder {:?} found, one expected", file::folder(path))
}
