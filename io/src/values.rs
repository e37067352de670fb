//! Values in memory.

use memmap2::MmapMut;
use std::io;
use std::ops::{Deref, DerefMut};

/// Values in memory of their own, in large pages where the system has them: to get as much in pages
/// of 4 KiB takes longer than to read what they will hold.
#[derive(Debug)]
pub struct Values(MmapMut);

impl Values {
    pub(crate) fn zeros(len: usize) -> io::Result<Self> {
        let memory = MmapMut::map_anon(len * size_of::<f32>())?;
        // Advice: where it is not taken pages are small.
        #[cfg(target_os = "linux")]
        let _ = memory.advise(memmap2::Advice::HugePage);
        Ok(Self(memory))
    }
}

impl Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        bytemuck::cast_slice(&self.0)
    }
}

impl AsRef<[f32]> for Values {
    fn as_ref(&self) -> &[f32] {
        self
    }
}

impl DerefMut for Values {
    fn deref_mut(&mut self) -> &mut [f32] {
        bytemuck::cast_slice_mut(&mut self.0)
    }
}
