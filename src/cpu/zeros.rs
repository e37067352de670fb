//! Memory for similarities.

use memmap2::MmapMut;
use std::ops::{Deref, DerefMut};

/// Words of zeros. Many are in large pages, where the system has them: to get 200 MB in pages of 4 KiB takes half
/// as long as the similarities of 10 thousand rows.
pub(super) enum Zeros {
    Few(Vec<u64>),
    Many(MmapMut),
}

/// Bytes that some large pages are worth.
const MANY: usize = 1 << 23;

impl Zeros {
    /// So many words, if memory allows it. They come with the memory, which is first touched by the cores that
    /// fill it.
    pub(super) fn new(words: usize) -> Result<Self, ()> {
        let bytes = words * size_of::<u64>();
        if bytes < MANY {
            Vec::<u64>::new().try_reserve_exact(words).map_err(drop)?;
            return Ok(Self::Few(vec![0; words]));
        }
        let memory = MmapMut::map_anon(bytes).map_err(drop)?;
        // Advice: where it is not taken pages are small.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        Ok(Self::Many(memory))
    }
}

impl Default for Zeros {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Deref for Zeros {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        match self {
            Self::Few(words) => words,
            Self::Many(memory) => bytemuck::cast_slice(memory),
        }
    }
}

impl DerefMut for Zeros {
    fn deref_mut(&mut self) -> &mut [u64] {
        match self {
            Self::Few(words) => words,
            Self::Many(memory) => bytemuck::cast_slice_mut(memory),
        }
    }
}
