//! Rows made ready to be worked on: where they are, held in memory, or read when they are asked for.

use crate::error::Error;
use crate::features::FeatureFile;
use crate::memory;
use crate::reader::FeatureReader;
use crate::stretch::Memory;
use crate::values::Values;
use coresift::{Error as Refused, Features, LeftOut, Rows};
use std::sync::Arc;

/// Bytes that are kept of a row beside its values, at most.
const BESIDE: u64 = 64;

/// The share of the memory there is that features may take where nothing is said, in hundredths.
const SHARE: u64 = 60;

/// The memory that rows need, and what they and the work on them may take, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Room {
    /// What the rows need; nothing where they are used in place.
    pub needed: u64,
    /// What there is.
    pub bound: u64,
}

impl Room {
    /// What the rows of some features are given: so many bytes, or else a share of what there is.
    ///
    /// # Errors
    ///
    /// [`Error::Refused`] where there is not even room for what is kept of each row beside its values.
    pub fn of(file: &FeatureFile, memory: Option<u64>) -> Result<Self, Error> {
        let available = memory::available();
        let beside = (file.rows as u64).saturating_mul(BESIDE);
        if available.is_some_and(|bytes| beside > bytes) {
            let error = Refused::OutOfMemory {
                what: "features (what is kept of each row beside its values)",
                needed: beside,
                available,
            };
            return Err(Error::of_file(file.path(), error));
        }
        let of_all = available.map_or(u64::MAX, |bytes| bytes / 100 * SHARE);
        Ok(Self {
            needed: match file.in_place() {
                Some(_) => 0,
                None => file.values().saturating_mul(size_of::<f32>() as u64),
            },
            bound: memory.unwrap_or(of_all),
        })
    }

    /// Whether the rows are held in it.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        self.needed <= self.bound
    }

    /// What is left of it for the work.
    #[must_use]
    pub fn left(&self) -> u64 {
        match self.is_enough() {
            true => self.bound - self.needed,
            false => self.bound,
        }
    }
}

/// Rows of features, ready to be worked on.
pub struct Loaded {
    rows: Place,
    /// Bytes that are left for the work on them.
    pub memory: u64,
}

enum Place {
    InPlace(InPlace),
    Held(Values),
    Read(Arc<FeatureReader>),
}

impl Loaded {
    /// Makes the rows ready in such room; `progress` hears how many values have been read so far.
    ///
    /// # Errors
    ///
    /// As [`FeatureFile::read`] and [`FeatureReader::new`].
    pub fn new(
        file: &Arc<FeatureFile>,
        room: Room,
        progress: impl FnMut(u64),
    ) -> Result<Self, Error> {
        let rows = match file.in_place() {
            Some(rows) => Place::InPlace(rows),
            None if room.is_enough() => Place::Held(file.read(progress)?),
            None => Place::Read(FeatureReader::new(file, None, progress)?.into()),
        };
        let memory = room.left();
        Ok(Self { rows, memory })
    }

    /// The rows, for as long as these are.
    #[must_use]
    pub fn rows(&self) -> Rows<'_> {
        match &self.rows {
            Place::InPlace(rows) => Rows::Owner(Arc::new(rows.clone())),
            Place::Held(values) => Rows::Slice(values),
            Place::Read(reader) => Rows::Reader(reader.clone()),
        }
    }

    /// The rows, for as long as whoever has them.
    #[must_use]
    pub fn into_rows(self) -> Rows<'static> {
        match self.rows {
            Place::InPlace(rows) => Rows::Owner(Arc::new(rows)),
            Place::Held(values) => Rows::Owner(Arc::new(values)),
            Place::Read(reader) => Rows::Reader(reader),
        }
    }

    /// The same rows less their mean, or that of some of them, ascending; and that. Those that were used in
    /// place are copied, where there is room.
    ///
    /// # Errors
    ///
    /// As [`FeatureFile::center`] and [`FeatureReader::new`].
    pub fn centered(
        self,
        file: &Arc<FeatureFile>,
        among: Option<&[usize]>,
        progress: impl FnMut(u64),
    ) -> Result<(Self, Vec<f64>), Error> {
        let needed = file.values().saturating_mul(size_of::<f32>() as u64);
        let (held, memory) = match self.rows {
            Place::Held(values) => (Some(values), self.memory),
            Place::InPlace(_) if needed <= self.memory => {
                (Some(file.read(|_| {})?), self.memory - needed)
            }
            Place::InPlace(_) | Place::Read(_) => (None, self.memory),
        };
        let (rows, mean) = match held {
            Some(mut values) => {
                let mean = file.center(&mut values, among, progress)?;
                (Place::Held(values), mean)
            }
            None => {
                let mean = file.mean(among)?;
                let reader = FeatureReader::new(file, Some(mean.clone()), progress)?;
                (Place::Read(reader.into()), mean)
            }
        };
        Ok((Self { rows, memory }, mean))
    }

    /// The features, once all values are found good that are not left out.
    ///
    /// # Errors
    ///
    /// As [`Features::without`], with the file and the row there.
    pub fn checked(&self, file: &FeatureFile, left_out: &LeftOut) -> Result<Features<'_>, Error> {
        let shape = [file.rows, file.dim];
        Features::without(self.rows(), shape, left_out).map_err(|error| file.refused(error))
    }
}

/// Values of `f32` where they are in memory that is lent.
#[derive(Clone)]
pub(crate) struct InPlace(Memory);

impl InPlace {
    /// The values of memory that begins where an `f32` may.
    pub(crate) fn of(memory: &Memory) -> Option<Self> {
        let values: Result<&[f32], _> = bytemuck::try_cast_slice((**memory).as_ref());
        values.is_ok().then(|| Self(Arc::clone(memory)))
    }
}

impl AsRef<[f32]> for InPlace {
    fn as_ref(&self) -> &[f32] {
        bytemuck::try_cast_slice((*self.0).as_ref()).unwrap_or_default()
    }
}
