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
        let (held, memory) = self.in_memory(file)?;
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

    /// The same rows less a mean row that is known.
    pub(crate) fn less(self, file: &Arc<FeatureFile>, mean: Vec<f64>) -> Result<Self, Error> {
        let (held, memory) = self.in_memory(file)?;
        let rows = match held {
            Some(mut values) => {
                file.subtract(&mean, &mut values, |_| {})?;
                Place::Held(values)
            }
            None => Place::Read(FeatureReader::new(file, Some(mean), |_| {})?.into()),
        };
        Ok(Self { rows, memory })
    }

    /// The values where they may be changed, if there is room, and the bytes that are then left.
    fn in_memory(self, file: &FeatureFile) -> Result<(Option<Values>, u64), Error> {
        let needed = file.values().saturating_mul(size_of::<f32>() as u64);
        Ok(match self.rows {
            Place::Held(values) => (Some(values), self.memory),
            Place::InPlace(_) if needed <= self.memory => {
                (Some(file.read(|_| {})?), self.memory - needed)
            }
            Place::InPlace(_) | Place::Read(_) => (None, self.memory),
        })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Array, Kind, Stored};
    use coresift::Lp;

    /// Six values of some type, as two rows.
    fn array(bytes: Vec<u8>, kind: Kind) -> Result<Arc<FeatureFile>, Error> {
        let array = Array {
            memory: Arc::new(bytes),
            stored: Stored::plain(kind),
            shape: [2, 3],
        };
        FeatureFile::of_array(array, "features").map(Arc::new)
    }

    fn loaded(file: &Arc<FeatureFile>, memory: u64) -> Loaded {
        Loaded::new(file, Room::of(file, Some(memory)).unwrap(), |_| {}).unwrap()
    }

    #[test]
    fn arrays_are_used_in_place_or_converted_or_read() {
        let values = [1.0, 2.0, 3.0, 5.0, 6.0, 7.0];
        let narrow = values.iter().flat_map(|v| (*v as f32).to_ne_bytes());
        let wide = values.iter().flat_map(|v: &f64| v.to_ne_bytes());
        let narrow = array(narrow.collect(), Kind::F32).unwrap();
        let wide = array(wide.collect(), Kind::F64).unwrap();
        let all = LeftOut::default();
        for (file, memory, needed) in [(&narrow, 24, 0), (&wide, 24, 24), (&wide, 23, 24)] {
            assert_eq!(Room::of(file, Some(memory)).unwrap().needed, needed);
            let norms =
                |loaded: &Loaded| loaded.checked(file, &all).unwrap().norms(Lp::L1).unwrap();
            let whole = loaded(file, memory);
            assert_eq!(norms(&whole), [6.0, 18.0]);
            let (centered, mean) = whole.centered(file, None, |_| {}).unwrap();
            assert_eq!(
                (norms(&centered), mean),
                (vec![6.0, 6.0], vec![3.0, 4.0, 5.0])
            );
        }
    }

    #[test]
    fn arrays_of_another_size_are_refused() {
        let error = array(vec![0; 23], Kind::F32).unwrap_err().to_string();
        let expected = "features: 23 bytes found, 2 rows of 3 float32 values expected";
        assert_eq!(error, expected);
    }
}
