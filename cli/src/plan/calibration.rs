//! What a device can do, measured once and kept in the user's cache folder.

use super::measure;
use crate::console::Console;
use crate::failure::Failure;
use coresift::Device;
use coresift::plan::Rates;
use coresift_io::file;
use etcetera::BaseStrategy as _;
use serde::{Deserialize, Serialize};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What has been measured, and of what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Calibration {
    /// The device, with the threads beside it.
    pub(super) device: String,
    /// The version that measured.
    pub(super) version: String,
    /// Seconds until a device is ready.
    pub(super) start: f64,
    /// Seconds of a value that is read into memory, and of one that is read by a pass.
    pub(super) load: f64,
    pub(super) again: f64,
    /// Seconds of all other work.
    pub(super) rates: Rates,
}

/// The version of what is kept: of this crate, and of the form.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " 1");
/// Bytes that are kept at most: a file that has more is none of ours.
const MOST: u64 = 1 << 20;

/// What the device can do: as it was measured before, or, where it was not or is to be renewed, now.
pub(super) fn of(device: &Device, renew: bool, console: Console) -> Result<Calibration, Failure> {
    let threads = rayon::current_num_threads();
    let name = format!("{}, {threads} threads", device.name());
    let place = place(&name);
    let kept = place.as_deref().filter(|_| !renew).and_then(read);
    if let Some(kept) = kept.filter(|kept| kept.device == name && kept.version == VERSION) {
        return Ok(kept);
    }
    console.note(format_args!("calibrating: {name}, once, in a few seconds"));
    let calibration = measure::device(device, name, VERSION.to_owned(), console)?;
    let kept = match &place {
        Some(place) => keep(place, &calibration),
        None => Err(io::Error::other("no home folder found")),
    };
    if let Err(why) = kept {
        let place = place.map_or(String::new(), |place| format!("{}: ", place.display()));
        console.note(format_args!(
            "calibrating: {place}cannot keep what was measured ({why})"
        ));
    }
    Ok(calibration)
}

/// Where a device's calibration is kept.
fn place(device: &str) -> Option<PathBuf> {
    let cache = etcetera::choose_base_strategy().ok()?.cache_dir();
    let word = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '-'
        }
    };
    let name: String = device.chars().map(word).collect();
    Some(cache.join("coresift").join(format!("{name}.json")))
}

/// What is kept, where it can be read.
fn read(place: &Path) -> Option<Calibration> {
    let (file, about) = file::open(place).ok()?;
    let mut text = String::new();
    if about.len() > MOST || file.take(MOST).read_to_string(&mut text).is_err() {
        return None;
    }
    let kept: Calibration = serde_json::from_str(&text).ok()?;
    kept.is_sound().then_some(kept)
}

/// Takes the place of what was kept, whole or not at all.
fn keep(place: &Path, calibration: &Calibration) -> io::Result<()> {
    std::fs::create_dir_all(file::folder(place))?;
    file::replace(place, &serde_json::to_vec_pretty(calibration)?)
}

impl Calibration {
    /// Whether its numbers can be seconds.
    fn is_sound(&self) -> bool {
        let own = [self.start, self.load, self.again];
        let rates = self.rates.0.values();
        let rates = rates.flat_map(|rate| [rate.call, rate.item, rate.multiply_add]);
        let mut all = own.into_iter().chain(rates);
        all.all(|seconds| (0.0..1e6).contains(&seconds)) && self.rates.is_complete()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use coresift::Named as _;
    use coresift::plan::{Ceiling, Work};

    fn calibration() -> Calibration {
        let rate = Ceiling {
            call: 1e-6,
            item: 1e-9,
            multiply_add: 1e-11,
        };
        Calibration {
            device: "a device, 2 threads".to_owned(),
            version: VERSION.to_owned(),
            start: 0.1,
            load: 1e-9,
            again: 1e-10,
            rates: Rates(Work::ALL.iter().map(|&work| (work, rate)).collect()),
        }
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("deep").join("a.json");
        assert_eq!(read(&place), None);
        let kept = calibration();
        keep(&place, &kept).unwrap();
        assert_eq!(read(&place), Some(kept));
    }

    #[test]
    fn what_is_damaged_counts_for_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("a.json");
        let whole = serde_json::to_string(&calibration()).unwrap();
        let without = whole.replacen("\"check\"", "\"chick\"", 1);
        let negative = whole.replacen("\"start\":0.1", "\"start\":-0.1", 1);
        for text in ["", "{}", &whole[..whole.len() / 2], &without, &negative] {
            std::fs::write(&place, text).unwrap();
            assert_eq!(read(&place), None, "{text}");
        }
        std::fs::write(&place, whole).unwrap();
        assert!(read(&place).is_some());
    }
}
