//! Values in memory, and how much of it there is.

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

/// Bytes that memory and swap can still take, where the system says so. Linux grants more than
/// it has, and ends the process that takes it at its word.
#[allow(clippy::disallowed_methods, reason = "it is the system's")]
pub(crate) fn memory_available() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let bytes = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
        kib.checked_mul(1024)
    };
    bytes("MemAvailable:")?.checked_add(bytes("SwapFree:")?)
}
