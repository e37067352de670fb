//! What a name stands for: a file, all files of a folder, those that a pattern matches, standard input.

use std::path::{Path, PathBuf};

/// How files end that a folder is searched for.
const ENDINGS: [&str; 8] = [
    "npy",
    "npz",
    "safetensors",
    "parquet",
    "arrow",
    "arrows",
    "ipc",
    "feather",
];

/// A name, and the array, tensor or column that is meant behind its last `#`.
#[derive(Debug)]
pub(super) struct Location {
    pub(super) path: PathBuf,
    pub(super) key: Option<String>,
}

impl Location {
    /// What is there under the whole name is meant, whatever signs that has.
    pub(super) fn of(named: &Path) -> Self {
        let split = named.to_str().and_then(|name| name.rsplit_once('#'));
        let (path, key) = match split {
            Some((path, key)) if !path.is_empty() && !named.exists() => {
                (Path::new(path), Some(key.to_owned()))
            }
            _ => (named, None),
        };
        let path = path.to_owned();
        Self { path, key }
    }

    /// The files that are meant, in no order; with `all` those of a folder whatever they are called.
    pub(super) fn files(&self, all: bool) -> Result<Vec<PathBuf>, String> {
        let pattern = self
            .path
            .to_str()
            .filter(|name| name.contains(['*', '?', '[']));
        if self.path.is_dir() {
            of_folder(&self.path, all)
        } else if let Some(pattern) = pattern.filter(|_| !self.path.exists()) {
            matching(pattern)
        } else {
            Ok(vec![self.path.clone()])
        }
    }
}

/// Whether a name means standard input.
#[must_use]
pub fn is_stdin(named: &Path) -> bool {
    Location::of(named).path == Path::new("-")
}

/// The files that features named so are read from, as far as that can be told: none of standard input.
/// With `all` they may be called as they like, since they are raw.
#[must_use]
pub fn files(named: &Path, all: bool) -> Vec<PathBuf> {
    if is_stdin(named) {
        return Vec::new();
    }
    let location = Location::of(named);
    location.files(all).unwrap_or_default()
}

fn of_folder(folder: &Path, all: bool) -> Result<Vec<PathBuf>, String> {
    let unreadable =
        |e| format!("a folder that cannot be read found ({e}), one that can be expected");
    let mut files = Vec::new();
    let mut endings: Vec<String> = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b".") || !path.is_file() {
            continue;
        }
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let ending = ending.to_ascii_lowercase();
        if !all && !ENDINGS.contains(&&*ending) {
            continue;
        }
        if !all && !endings.contains(&ending) {
            endings.push(ending);
        }
        files.push(path);
    }
    endings.sort();
    match &endings[..] {
        [one, other, ..] => Err(format!(
            "a folder of .{one} and .{other} files found, one of files of one form expected"
        )),
        _ if files.is_empty() && all => Err("an empty folder found, files expected".to_owned()),
        _ if files.is_empty() => Err(format!(
            "a folder found without features, at least one file in .{} expected",
            ENDINGS.join(", .")
        )),
        _ => Ok(files),
    }
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, String> {
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let found = glob::glob_with(pattern, options)
        .map_err(|e| format!("a pattern that cannot be read found ({e}), another expected"))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.map_err(|e| format!("a folder that cannot be read found ({e})"))?;
        if path.is_file() {
            files.push(path);
        }
    }
    if files.is_empty() {
        return Err("no file found that matches, at least one expected".to_owned());
    }
    Ok(files)
}
