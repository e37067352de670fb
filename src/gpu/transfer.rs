//! Values sent to a device and fetched from it.

use super::record::Kind;
use crate::error::Error;
use crate::gpu::device::Gpu;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;
use wgpu::BufferUsages;

/// Bytes sent or fetched at a time, so that host memory is never needed twice over.
pub(super) const PIECE_BYTES: u64 = 32 << 20;

impl Gpu {
    /// Writes `values` at the start of a buffer.
    pub(super) fn write<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        values: &[T],
    ) -> Result<(), Error> {
        self.write_at(what, buffer, 0, values)
    }

    /// Writes `values` from byte `offset` of a buffer on.
    pub(super) fn write_at<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        offset: u64,
        values: &[T],
    ) -> Result<(), Error> {
        self.counted(Kind::Upload, || {
            self.send(what, buffer, offset, bytemuck::cast_slice(values))
        })
    }

    fn send(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        offset: u64,
        bytes: &[u8],
    ) -> Result<(), Error> {
        if bytes.len() as u64 > PIECE_BYTES / 8 {
            return self.send_by(what, (buffer, offset), bytes, |mut to, bytes| {
                to.copy_from_slice(bytes);
            });
        }
        self.caught(what, bytes.len() as u64, || {
            self.queue().write_buffer(buffer, offset, bytes);
        })
    }

    /// The whole of a buffer.
    pub(super) fn read<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
    ) -> Result<Vec<T>, Error> {
        self.read_part(what, buffer, 0..buffer.size())
    }

    /// The whole of a buffer, of which no more than `most` bytes are on their way at a time.
    pub(super) fn read_by_pieces<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        most: u64,
    ) -> Result<Vec<T>, Error> {
        let size = size_of::<T>() as u64;
        let piece = (most / size).max(1) * size;
        let mut values = Vec::with_capacity((buffer.size() / size) as usize);
        for start in (0..buffer.size()).step_by(piece as usize) {
            let end = buffer.size().min(start + piece);
            values.extend(self.read_part::<T>(what, buffer, start..end)?);
        }
        Ok(values)
    }

    /// A range of a buffer's bytes.
    pub(super) fn read_part<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        bytes: Range<u64>,
    ) -> Result<Vec<T>, Error> {
        let size = bytes.end - bytes.start;
        self.shared.read_back.fetch_add(size, Ordering::Relaxed);
        self.counted(Kind::ReadBack, || self.fetch(what, buffer, bytes))
    }

    /// As [`read_part`](Self::read_part), and in no record.
    pub(super) fn fetch<T: bytemuck::Pod>(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        bytes: Range<u64>,
    ) -> Result<Vec<T>, Error> {
        let whole = (bytes.end - bytes.start) as usize;
        let mut values = vec![T::zeroed(); whole / size_of::<T>()];
        let pieces = bytemuck::cast_slice_mut(&mut values).chunks_mut(PIECE_BYTES as usize);
        let usage = BufferUsages::MAP_READ | BufferUsages::COPY_DST;
        let size = (whole as u64).min(PIECE_BYTES);
        let staging = self.take_blocks(what, &[size], usage)?.remove(0);
        let mut offset = bytes.start;
        for piece in pieces {
            let size = piece.len() as u64;
            let index = self.submit(what, |encoder| {
                encoder.copy_buffer_to_buffer(buffer, offset, &staging, 0, size);
            })?;
            self.read_staging(what, index, &staging, piece)?;
            offset += size;
        }
        Ok(values)
    }

    /// The first bytes of a staging buffer, when the submission that fills it is done.
    fn read_staging(
        &self,
        what: &'static str,
        filled: wgpu::SubmissionIndex,
        staging: &wgpu::Buffer,
        to: &mut [u8],
    ) -> Result<(), Error> {
        let size = to.len() as u64;
        self.map(what, wgpu::MapMode::Read, filled, staging, size)?;
        let Ok(view) = staging.get_mapped_range(0..size) else {
            return Err(self.lost());
        };
        copy(&view, to);
        drop(view);
        staging.unmap();
        Ok(())
    }

    /// Maps the first `size` bytes of a staging buffer when a submission is done.
    fn map(
        &self,
        what: &'static str,
        mode: wgpu::MapMode,
        after: wgpu::SubmissionIndex,
        staging: &wgpu::Buffer,
        size: u64,
    ) -> Result<(), Error> {
        let (sender, receiver) = mpsc::channel();
        self.caught(what, 0, || {
            staging.map_async(mode, 0..size, move |result| {
                let _ = sender.send(result.is_ok());
            });
        })?;
        // The mapping is told by whichever thread's poll comes upon it: maybe not by ours, and
        // then a little later.
        let mapped = loop {
            self.wait(after.clone())?;
            match receiver.recv_timeout(Duration::from_millis(100)) {
                Ok(mapped) => break mapped,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break false,
            }
        };
        if mapped { Ok(()) } else { Err(self.lost()) }
    }

    /// Sends values to a buffer, multiplied by `scale`.
    pub(super) fn send_scaled(
        &self,
        what: &'static str,
        buffer: &wgpu::Buffer,
        values: &[f32],
        scale: f32,
    ) -> Result<(), Error> {
        self.send_by(what, (buffer, 0), values, |to, values| {
            write_scaled(to, values, scale);
        })
    }

    /// Sends values to a buffer from a byte on, by way of staging memory into which all cores `write`
    /// them: one alone is slower than the way to the device. Two pieces are under way at a time.
    fn send_by<T: bytemuck::Pod + Sync>(
        &self,
        what: &'static str,
        (buffer, mut offset): (&wgpu::Buffer, u64),
        values: &[T],
        write: impl Fn(wgpu::WriteOnly<'_, [u8]>, &[T]) + Sync,
    ) -> Result<(), Error> {
        let pieces = values.chunks(PIECE_BYTES as usize / size_of::<T>());
        let mut under_way: [Option<(wgpu::Buffer, wgpu::SubmissionIndex)>; 2] = [None, None];
        for (at, piece) in pieces.enumerate() {
            let size = size_of_val(piece) as u64;
            let staging = match under_way[at % 2].take() {
                Some((staging, sent)) => {
                    self.map(what, wgpu::MapMode::Write, sent, &staging, size)?;
                    staging
                }
                None => self.staging(what, size)?,
            };
            let Ok(mut view) = staging.get_mapped_range_mut(0..size) else {
                return Err(self.lost());
            };
            by_all_cores(view.slice(..), piece, &write);
            drop(view);
            staging.unmap();
            let sent = self.submit(what, |encoder| {
                encoder.copy_buffer_to_buffer(&staging, 0, buffer, offset, size);
            })?;
            under_way[at % 2] = Some((staging, sent));
            offset += size;
        }
        for (_, sent) in under_way.into_iter().flatten() {
            self.wait(sent)?;
        }
        Ok(())
    }

    /// Memory of the host's that the device copies from, mapped.
    fn staging(&self, what: &'static str, size: u64) -> Result<wgpu::Buffer, Error> {
        let descriptor = wgpu::BufferDescriptor {
            label: Some(what),
            size,
            usage: BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC,
            mapped_at_creation: true,
        };
        self.caught(what, size, || self.shared.device.create_buffer(&descriptor))
    }
}

/// Bytes that it does not pay to share among cores.
const MUCH: usize = 1 << 18;

/// Copies with all cores what is much.
fn copy(from: &[u8], to: &mut [u8]) {
    let parts = from.par_chunks(MUCH).zip(to.par_chunks_mut(MUCH));
    parts.for_each(|(from, to)| to.copy_from_slice(from));
}

/// Has all cores write values into mapped memory, each its part.
fn by_all_cores<T: Sync>(
    to: wgpu::WriteOnly<'_, [u8]>,
    values: &[T],
    write: &(impl Fn(wgpu::WriteOnly<'_, [u8]>, &[T]) + Sync),
) {
    let parts = values.chunks_exact(MUCH / size_of::<T>());
    let (whole, rest) = to.into_chunks::<MUCH>();
    write(rest, parts.remainder());
    let parts: Vec<_> = whole.into_iter().zip(parts).collect();
    parts
        .into_par_iter()
        .for_each(|(to, part)| write(to.into(), part));
}

/// Writes values times `scale`. Mapped memory may be written once and not read, so some values are
/// multiplied beside it first.
fn write_scaled(to: wgpu::WriteOnly<'_, [u8]>, values: &[f32], scale: f32) {
    const VALUES: usize = 4096;
    const BYTES: usize = VALUES * size_of::<f32>();
    let (whole, rest) = to.into_chunks::<BYTES>();
    let (values, values_of_rest) = values.split_at(whole.len() * VALUES);
    for (to, values) in whole.into_iter().zip(values.chunks_exact(VALUES)) {
        let mut scaled = [0; BYTES];
        let words = scaled.as_chunks_mut::<4>().0.iter_mut();
        words
            .zip(values)
            .for_each(|(word, v)| *word = (v * scale).to_ne_bytes());
        to.write(scaled);
    }
    let (words, _) = rest.into_chunks::<4>();
    words.write_iter(values_of_rest.iter().map(|v| (v * scale).to_ne_bytes()));
}
