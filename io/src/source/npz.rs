//! Arrays in a zip archive, as numpy's `savez` and `savez_compressed` write them.

use super::Source;
use super::fixed::Fixed;
use super::names::choose;
use crate::error::{Error, Origin};
use crate::npy::{Header, Npy};
use crate::stretch::{Reader, Stretch};
use std::io::{self, BufReader};
use zip::CompressionMethod;
use zip::read::{ZipArchive, ZipFile};
use zip::result::ZipError;

type Archive = ZipArchive<BufReader<Reader>>;

/// The array called `key`, or without a key the only one of rank 2.
pub(super) fn open(
    bytes: &Stretch,
    key: Option<&str>,
    origin: &Origin,
) -> Result<Box<dyn Source>, Error> {
    let broken = |e| broken(origin, e);
    let mut archive = Archive::new(BufReader::new(bytes.reader())).map_err(broken)?;
    let names = archive.file_names().filter_map(|name| {
        let name = name.ok()?;
        Some(name.strip_suffix(".npy")?.to_owned())
    });
    let names: Vec<String> = names.collect();
    let key = key.map(|key| key.strip_suffix(".npy").unwrap_or(key));
    let matrices = match key {
        Some(_) => Vec::new(),
        None => matrices(&mut archive, &names, origin)?,
    };
    let key = choose("array", key, &names, &matrices, origin)?;
    let origin = origin.of(&key);
    let entry = archive.by_name(&format!("{key}.npy")).map_err(broken)?;
    let array = content(bytes, entry, &origin)?;
    Ok(Box::new(Fixed::of_npy(&Npy::of(&array, origin)?)?))
}

/// The names of the arrays of rank 2.
fn matrices(
    archive: &mut Archive,
    names: &[String],
    origin: &Origin,
) -> Result<Vec<String>, Error> {
    let mut matrices = Vec::new();
    for name in names {
        let entry = archive.by_name(&format!("{name}.npy"));
        let mut entry = entry.map_err(|e| broken(&origin.of(name), e))?;
        let header = Header::read(&mut entry);
        let header = header.map_err(|problem| origin.of(name).failure(problem))?;
        if header.shape.len() == 2 {
            matrices.push(name.clone());
        }
    }
    Ok(matrices)
}

/// The bytes of an entry: where they are stored as they are, those of the archive, else a copy of them.
fn content(
    bytes: &Stretch,
    entry: ZipFile<'_, BufReader<Reader>>,
    origin: &Origin,
) -> Result<Stretch, Error> {
    match entry.compression() {
        CompressionMethod::Stored => {
            let start = entry.data_start();
            let part = start.and_then(|start| bytes.part(start, entry.size()));
            part.ok_or_else(|| broken(origin, io::Error::from(io::ErrorKind::UnexpectedEof).into()))
        }
        CompressionMethod::Deflated => {
            let size = entry.size();
            let array = Stretch::spool(entry).map_err(|e| broken(origin, e.into()))?;
            if array.len() == size {
                return Ok(array);
            }
            let found = array.len();
            Err(origin.failure(format!(
                "{found} bytes found, {size} expected, as the archive says"
            )))
        }
        method => Err(origin.failure(format!(
            "compression {method:?} found, stored or deflated expected"
        ))),
    }
}

/// What is wrong with an archive.
fn broken(origin: &Origin, error: ZipError) -> Error {
    origin.failure(format!(
        "a zip archive that cannot be read found ({error}), a whole one expected"
    ))
}
