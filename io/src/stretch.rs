//! Bytes of an open file, or of memory that an application lends, read by position.

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// How often it is looked whether a file has changed, at most, where many short reads follow each other: the
/// times that files have go by steps of some milliseconds.
const BETWEEN_LOOKS: Duration = Duration::from_millis(1);

/// In place of the time of the last look.
const CHANGED: u64 = u64::MAX;

/// Bytes in memory that somebody else holds, and that stay where they are.
pub type Memory = Arc<dyn AsRef<[u8]> + Send + Sync>;

/// Bytes of an open file, or of memory, that stand one after another: all of them, or what one array has of
/// them. Threads read them side by side.
#[derive(Clone, Debug)]
pub(crate) struct Stretch {
    holder: Holder,
    start: u64,
    len: u64,
}

/// What has the bytes.
#[derive(Clone)]
enum Holder {
    File(Arc<Opened>),
    Memory(Memory),
}

/// A file, and what it was when it was opened.
#[derive(Debug)]
struct Opened {
    file: File,
    about: Metadata,
    since: Instant,
    /// When it was last looked whether it has changed, in microseconds; 0 before that.
    looked: AtomicU64,
}

impl Stretch {
    /// All bytes of a file that has just been opened.
    pub(crate) fn new(file: File, about: Metadata) -> Self {
        Self {
            start: 0,
            len: about.len(),
            holder: Holder::File(Arc::new(Opened {
                file,
                about,
                since: Instant::now(),
                looked: AtomicU64::new(0),
            })),
        }
    }

    /// All bytes of memory.
    pub(crate) fn of_memory(memory: Memory) -> Self {
        Self {
            start: 0,
            len: (*memory).as_ref().len() as u64,
            holder: Holder::Memory(memory),
        }
    }

    /// All of the memory that these bytes are of, where they are of memory.
    pub(crate) fn memory(&self) -> Option<&Memory> {
        match &self.holder {
            Holder::File(_) => None,
            Holder::Memory(memory) => Some(memory),
        }
    }

    /// Whether the file was written to since it was opened, as far as its length and times tell; of memory
    /// nothing does.
    pub(crate) fn is_changed(&self) -> bool {
        let Holder::File(opened) = &self.holder else {
            return false;
        };
        let Opened { file, about, .. } = &**opened;
        let told = |about: &Metadata| (about.len(), about.modified().ok());
        file.metadata()
            .map_or(true, |now| told(&now) != told(about))
    }

    /// The same, to be asked after every read: in between two looks it is not, until it is.
    pub(crate) fn is_found_changed(&self) -> bool {
        let Holder::File(opened) = &self.holder else {
            return false;
        };
        let Opened { since, looked, .. } = &**opened;
        let now = since.elapsed().as_micros() as u64;
        let last = looked.load(Relaxed);
        if last > 0 && now < last.saturating_add(BETWEEN_LOOKS.as_micros() as u64) {
            return last == CHANGED;
        }
        let is_changed = self.is_changed();
        looked.fetch_max(if is_changed { CHANGED } else { now.max(1) }, Relaxed);
        is_changed
    }

    /// What comes out of `from`, in a file that has no name and is gone when nobody reads it.
    pub(crate) fn spool(mut from: impl Read) -> io::Result<Self> {
        let mut file = tempfile::tempfile()?;
        io::copy(&mut from, &mut file)?;
        let about = file.metadata()?;
        Ok(Self::new(file, about))
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// `len` bytes from `start` on, where there are as many.
    #[cfg(any(
        feature = "npz",
        feature = "safetensors",
        feature = "parquet",
        feature = "arrow"
    ))]
    pub(crate) fn part(&self, start: u64, len: u64) -> Option<Self> {
        let end = start.checked_add(len)?;
        (end <= self.len).then(|| Self {
            holder: self.holder.clone(),
            start: self.start + start,
            len,
        })
    }

    /// All bytes from `start` on; none past the end.
    pub(crate) fn from(&self, start: u64) -> Self {
        let start = start.min(self.len);
        Self {
            holder: self.holder.clone(),
            start: self.start + start,
            len: self.len - start,
        }
    }

    /// Fills `bytes` from position `at` on.
    pub(crate) fn read_at(&self, at: u64, bytes: &mut [u8]) -> io::Result<()> {
        let end = at.checked_add(bytes.len() as u64);
        if end.is_none_or(|end| end > self.len) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let at = self.start + at;
        match &self.holder {
            Holder::File(opened) => read_at(&opened.file, at, bytes),
            Holder::Memory(memory) => {
                let at = at as usize; // below a length in memory
                let from = (**memory).as_ref().get(at..at + bytes.len());
                bytes.copy_from_slice(from.ok_or(io::ErrorKind::UnexpectedEof)?);
                Ok(())
            }
        }
    }

    /// `len` bytes from position `at` on; none are held before it is known that there are as many.
    #[cfg(any(feature = "safetensors", feature = "parquet", feature = "arrow"))]
    pub(crate) fn bytes(&self, at: u64, len: u64) -> io::Result<Vec<u8>> {
        let part = self.part(at, len).ok_or(io::ErrorKind::UnexpectedEof)?;
        let mut bytes = vec![0; usize::try_from(len).map_err(io::Error::other)?];
        part.read_at(0, &mut bytes)?;
        Ok(bytes)
    }

    /// Reads them in order.
    pub(crate) fn reader(&self) -> Reader {
        let stretch = self.clone();
        Reader { stretch, at: 0 }
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(opened) => opened.fmt(f),
            Self::Memory(_) => f.write_str("Memory"),
        }
    }
}

/// A place among the bytes of a stretch.
#[derive(Debug)]
pub(crate) struct Reader {
    stretch: Stretch,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = self.stretch.len.saturating_sub(self.at);
        let count = left.min(bytes.len() as u64) as usize;
        self.stretch.read_at(self.at, &mut bytes[..count])?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Reader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.stretch.len.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

/// Reads bytes from place `at` on; threads may do so side by side.
#[cfg(unix)]
fn read_at(file: &File, at: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

/// Reads bytes from place `at` on; threads may do so side by side.
#[cfg(windows)]
fn read_at(file: &File, mut at: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                at += read as u64;
                bytes = &mut bytes[read..];
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
