//! Device memory: counted, and kept within a limit.

use super::device::{Shared, Transient};
use super::record::Kind;
use crate::error::Error;
use crate::gpu::device::Gpu;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, Weak};
use wgpu::BufferUsages;

impl Gpu {
    /// Bytes that may still be taken, where there is a limit: those that nobody has, and those that would
    /// give way.
    pub(super) fn memory_left(&self) -> Option<u64> {
        if self.memory_limit == u64::MAX {
            return None;
        }
        let idle: u64 = self.transients().iter().map(|held| held.idle_bytes()).sum();
        Some(self.memory_unused().saturating_add(idle))
    }

    /// Bytes that nobody has, of those that may be taken.
    fn memory_unused(&self) -> u64 {
        let in_use = self.shared.in_use.load(Ordering::Relaxed);
        self.memory_limit.saturating_sub(in_use)
    }

    /// Lets what is held give way from now on where its memory is needed.
    pub(super) fn may_give_way(&self, held: &Arc<impl Transient + 'static>) {
        let held: Arc<dyn Transient> = held.clone();
        let mut transients = self
            .shared
            .transients
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        transients.retain(|held| held.strong_count() > 0);
        transients.push(Arc::downgrade(&held));
    }

    fn transients(&self) -> Vec<Arc<dyn Transient>> {
        let transients = self
            .shared
            .transients
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        transients.iter().filter_map(Weak::upgrade).collect()
    }

    /// The number of a use, which grows.
    pub(super) fn tick(&self) -> u64 {
        self.shared.uses.fetch_add(1, Ordering::Relaxed)
    }

    /// Frees at least so many bytes of what may give way, first of what was not used for longest. Gives
    /// what it freed, which is less where there is no more.
    fn free(&self, needed: u64) -> Result<u64, Error> {
        let mut transients = self.transients();
        transients.sort_by_key(|held| held.last_use());
        let mut freed = 0;
        for held in transients {
            while freed < needed
                && let Some(bytes) = held.give_way()
            {
                freed += bytes;
            }
        }
        if freed > 0 {
            self.idle()?; // a device has the memory until what reads it is done
        }
        Ok(freed)
    }

    /// Device memory of ours that is counted; one block for each of `sizes`, in bytes.
    pub(super) fn blocks(
        &self,
        what: &'static str,
        sizes: &[u64],
        usage: BufferUsages,
    ) -> Result<Vec<Block>, Error> {
        self.counted(Kind::Memory, || self.take_blocks(what, sizes, usage))
    }

    /// As [`blocks`](Self::blocks), within what the record counts already.
    pub(super) fn take_blocks(
        &self,
        what: &'static str,
        sizes: &[u64],
        usage: BufferUsages,
    ) -> Result<Vec<Block>, Error> {
        let needed: u64 = sizes.iter().sum();
        let available = self.memory_left();
        if available.is_some_and(|available| needed > available) {
            return Err(Error::OutOfMemory {
                what,
                needed,
                available,
            });
        }
        let lacking = needed.saturating_sub(self.memory_unused());
        if lacking > 0 {
            self.free(lacking)?;
        }
        loop {
            match self.create_blocks(what, sizes, usage) {
                // The driver's, of which nothing is known before.
                Err(Error::OutOfMemory { .. }) if self.free(needed)? > 0 => {}
                result => return result,
            }
        }
    }

    fn create_blocks(
        &self,
        what: &'static str,
        sizes: &[u64],
        usage: BufferUsages,
    ) -> Result<Vec<Block>, Error> {
        let create = |&size: &u64| {
            let before = self.shared.in_use.fetch_add(size, Ordering::Relaxed);
            self.shared.peak.fetch_max(before + size, Ordering::Relaxed);
            let label = Some(what);
            let descriptor = wgpu::BufferDescriptor {
                label,
                size,
                usage,
                mapped_at_creation: false,
            };
            let buffer = self.shared.device.create_buffer(&descriptor);
            Block {
                buffer,
                shared: self.shared.clone(),
            }
        };
        let needed = sizes.iter().sum();
        self.caught(what, needed, || sizes.iter().map(create).collect())
    }

    /// One block of device memory.
    pub(super) fn block(
        &self,
        what: &'static str,
        size: u64,
        usage: BufferUsages,
    ) -> Result<Block, Error> {
        let mut blocks = self.blocks(what, &[size], usage)?;
        Ok(blocks.remove(0))
    }

    /// A block for a kernel to write. In debug builds it is full of NaN before, so that a value
    /// left unwritten is seen: wgpu's zeros could pass for an answer.
    pub(super) fn output(&self, what: &'static str, size: u64) -> Result<Block, Error> {
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC | BufferUsages::COPY_DST;
        let block = self.block(what, size, usage)?;
        if cfg!(debug_assertions) {
            self.write(what, &block, &vec![u32::MAX; size as usize / 4])?;
        }
        Ok(block)
    }

    /// A block that holds `values`.
    pub(super) fn filled<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        values: &[T],
        usage: BufferUsages,
    ) -> Result<Block, Error> {
        let size = size_of_val(values) as u64;
        let block = self.block(what, size, usage | BufferUsages::COPY_DST)?;
        self.write(what, &block, values)?;
        Ok(block)
    }

    /// A kernel's uniform.
    pub(super) fn uniform<T: bytemuck::Pod>(&self, shape: T) -> Result<Block, Error> {
        self.filled("shape", &[shape], BufferUsages::UNIFORM)
    }
}

/// Ranges of `size`, and what is left.
pub(super) fn blocks(range: Range<usize>, size: usize) -> impl Iterator<Item = Range<usize>> {
    let end = range.end;
    range
        .step_by(size)
        .map(move |first| first..end.min(first + size))
}

/// Device memory of ours; freed, and no longer counted, when dropped.
#[derive(Debug)]
pub(super) struct Block {
    buffer: wgpu::Buffer,
    shared: Arc<Shared>,
}

impl std::ops::Deref for Block {
    type Target = wgpu::Buffer;

    fn deref(&self) -> &wgpu::Buffer {
        &self.buffer
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.shared
            .in_use
            .fetch_sub(self.buffer.size(), Ordering::Relaxed);
    }
}
