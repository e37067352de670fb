//! Binds `shaders/ceiling_*.wgsl`: what a device can do at best, for benchmarks.

use super::adapter::{backend_name, driver, type_name};
use super::memory::Block;
use crate::bench::{Effort, Limit, Measured, Number, latency, long_enough, word, wrong};
use crate::error::Error;
use crate::gpu::device::Gpu;
use std::sync::mpsc;
use std::time::Instant;
use wgpu::BufferUsages;

const COPY: &str = include_str!("../../shaders/ceiling_copy.wgsl");
const READ: &str = include_str!("../../shaders/ceiling_read.wgsl");
const F32: &str = concat!(
    include_str!("../../shaders/ceiling_f32.wgsl"),
    include_str!("../../shaders/ceiling_chains.wgsl"),
);
const F16: &str = concat!(
    include_str!("../../shaders/ceiling_f16.wgsl"),
    include_str!("../../shaders/ceiling_chains.wgsl"),
);
const I32: &str = concat!(
    include_str!("../../shaders/ceiling_i32.wgsl"),
    include_str!("../../shaders/ceiling_chains.wgsl"),
);

/// Threads of a workgroup that copies or reads, `THREADS` in the shaders.
const THREADS: u64 = 256;
/// Vectors that a thread reads, `EACH` in `ceiling_read`.
const EACH: u64 = 32;
/// Threads of a workgroup of chains, and chains of a thread: `THREADS` and `CHAINS` in
/// `ceiling_chains`.
const LANES: usize = 64;
const CHAINS: usize = 12;
/// Rounds of the chains' loop, far from the 65 535 after which lavapipe stops.
const ROUNDS: u32 = 1024;
/// Multiply-adds of a chain: 16 a round, and one more.
const LINKS: u32 = 16 * ROUNDS + 1;
/// Workgroups of the least number of chains.
const GROUPS: u64 = 16;

/// `Shape` in `ceiling_chains`; the test below holds the two to one layout. The other shaders have
/// but a number.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rounds: u32,
    factor: u32,
    term: u32,
}

impl Gpu {
    /// Its name, backend, kind and driver.
    #[doc(hidden)]
    #[must_use]
    pub fn about(&self) -> [String; 4] {
        let info = self.device().adapter_info();
        let (backend, kind) = (backend_name(info.backend), type_name(info.device_type));
        let driver = driver(&info);
        [info.name, backend.to_owned(), kind.to_owned(), driver]
    }

    /// Measures a limit; `None` where the device has no such thing.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`], [`Error::DeviceLost`]; [`Error::Device`] where what it did is not what it
    /// was told to.
    #[doc(hidden)]
    pub fn measure(&self, limit: Limit, effort: &Effort) -> Result<Option<Measured>, Error> {
        match limit {
            Limit::Copy => self.copies(effort),
            Limit::Read => self.reads(effort),
            Limit::MultiplyAdd(Number::F16) if !self.has_f16() => return Ok(None),
            Limit::MultiplyAdd(number) => self.multiply_adds(number, effort),
            Limit::Dispatch => self.dispatches(effort),
            Limit::ReadBack => self.read_backs(effort),
            Limit::Upload => self.uploads(effort),
            Limit::Gemm(_) => return Ok(None),
        }
        .map(Some)
    }

    /// Seconds of a little work, always the same, by which a device's clock is told; `None` for a
    /// software device.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] and [`Error::DeviceLost`].
    #[doc(hidden)]
    pub fn spin(&self) -> Result<Option<f64>, Error> {
        const SOME: u64 = 2048; // workgroups: a millisecond of a large GPU's time
        if self.is_software() {
            return Ok(None);
        }
        let (factor, term) = factor_and_term(Number::F32);
        let shape = self.uniform(Shape {
            rounds: ROUNDS,
            factor,
            term,
        })?;
        let sums = self.output("sums", 4 * SOME * LANES as u64)?;
        self.seconds("ceiling_f32", F32, &[&shape, &sums], SOME)
            .map(Some)
    }

    fn has_f16(&self) -> bool {
        let features = self.device().features();
        features.contains(wgpu::Features::SHADER_F16)
    }

    /// Seconds of one dispatch of a kernel.
    fn seconds(
        &self,
        name: &'static str,
        source: &str,
        blocks: &[&Block],
        groups: u64,
    ) -> Result<f64, Error> {
        let bindings: Vec<_> = (blocks.iter())
            .map(|block| block.as_entire_binding())
            .collect();
        self.idle()?;
        Self::take_record(self)?;
        let began = Instant::now();
        self.dispatch(name, (source, &[]), &bindings, groups)?;
        self.idle()?;
        let by_host = began.elapsed().as_secs_f64();
        let record = Self::take_record(self)?;
        let part = record.and_then(|record| record.parts.into_iter().find(|p| p.name == name));
        Ok(part.map_or(by_host, |part| part.seconds))
    }

    /// A buffer of words that differ, in whole workgroups of reading threads.
    fn words(&self, effort: &Effort) -> Result<(Vec<u32>, Block), Error> {
        let unit = 16 * EACH * THREADS;
        let size = (effort.buffer as u64).min(self.most_bound()) / unit * unit;
        let words: Vec<u32> = (0..size as u32 / 4).map(word).collect();
        let block = self.filled("source", &words, BufferUsages::STORAGE)?;
        Ok((words, block))
    }

    fn copies(&self, effort: &Effort) -> Result<Measured, Error> {
        let (words, source) = self.words(effort)?;
        let copied = self.output("copied", source.size())?;
        let vectors = source.size() / 16;
        let shape = self.uniform(vectors as u32)?;
        let blocks = [&shape, &source, &copied];
        let groups = vectors.div_ceil(THREADS);
        let run = || self.seconds("ceiling_copy", COPY, &blocks, groups);
        run()?;
        if self.read::<u32>("copied", &copied)? != words {
            return Err(wrong(Limit::Copy));
        }
        let seconds: Result<_, _> = (0..effort.samples).map(|_| run()).collect();
        Ok((2.0 * source.size() as f64, seconds?))
    }

    fn reads(&self, effort: &Effort) -> Result<Measured, Error> {
        let (words, source) = self.words(effort)?;
        let threads = source.size() / (16 * EACH);
        let sums = self.output("sums", 4 * threads)?;
        let shape = self.uniform(threads as u32)?;
        let blocks = [&shape, &source, &sums];
        let run = || self.seconds("ceiling_read", READ, &blocks, threads / THREADS);
        run()?;
        let sum = |words: &[u32]| words.iter().fold(0u32, |sum, &w| sum.wrapping_add(w));
        if sum(&self.read::<u32>("sums", &sums)?) != sum(&words) {
            return Err(wrong(Limit::Read));
        }
        let seconds: Result<_, _> = (0..effort.samples).map(|_| run()).collect();
        Ok(((source.size() + sums.size()) as f64, seconds?))
    }

    fn multiply_adds(&self, number: Number, effort: &Effort) -> Result<Measured, Error> {
        let (name, source) = match number {
            Number::F32 => ("ceiling_f32", F32),
            Number::F16 => ("ceiling_f16", F16),
            Number::I32 => ("ceiling_i32", I32),
        };
        let (factor, term) = factor_and_term(number);
        let shape = self.uniform(Shape {
            rounds: ROUNDS,
            factor,
            term,
        })?;
        let want: Vec<u32> = (0..LANES as u32).map(|lane| end(number, lane)).collect();
        let bound = self.most_bound() / (4 * LANES as u64);
        let most = self.most_groups().min(bound) / GROUPS;
        let run = |times: u64| {
            let groups = GROUPS * times;
            let sums = self.output("sums", 4 * groups * LANES as u64)?;
            let seconds = self.seconds(name, source, &[&shape, &sums], groups)?;
            let got = self.read::<u32>("sums", &sums)?;
            if got.chunks(LANES).any(|got| got != want) {
                return Err(wrong(Limit::MultiplyAdd(number)));
            }
            Ok(seconds)
        };
        run(1)?; // compiles
        let (times, seconds) = long_enough(effort, most, run)?;
        let chains = GROUPS * times * (LANES * CHAINS) as u64;
        Ok((2.0 * chains as f64 * f64::from(LINKS), seconds))
    }

    /// By the host's clock: a device's own does not see how its host waits.
    fn dispatches(&self, effort: &Effort) -> Result<Measured, Error> {
        let source = self.filled("source", &[word(1); 4], BufferUsages::STORAGE)?;
        let copied = self.output("copied", 16)?;
        let shape = self.uniform(1u32)?;
        let blocks = [&shape, &source, &copied];
        let bindings = blocks.map(|block| block.as_entire_binding());
        let run = |times| {
            let began = Instant::now();
            for _ in 0..times {
                self.dispatch("ceiling_copy", (COPY, &[]), &bindings, 1)?;
                self.idle()?;
            }
            Ok(began.elapsed().as_secs_f64())
        };
        run(1)?;
        if self.read::<u32>("copied", &copied)? != [word(1); 4] {
            return Err(wrong(Limit::Dispatch));
        }
        latency(effort, run)
    }

    fn read_backs(&self, effort: &Effort) -> Result<Measured, Error> {
        let usage = BufferUsages::COPY_SRC;
        let source = self.filled("source", &[word(1); 4], usage)?;
        latency(effort, |times| {
            self.idle()?;
            let began = Instant::now();
            for _ in 0..times {
                if self.read::<u32>("source", &source)? != [word(1); 4] {
                    return Err(wrong(Limit::ReadBack));
                }
            }
            Ok(began.elapsed().as_secs_f64())
        })
    }

    fn uploads(&self, effort: &Effort) -> Result<Measured, Error> {
        let size = (effort.buffer as u64).min(self.most_bound()) / 4 * 4;
        let words: Vec<u32> = (0..size as u32 / 4).map(word).collect();
        let mapped = BufferUsages::MAP_WRITE | BufferUsages::COPY_SRC;
        let staging = self.block("staging", size, mapped)?;
        let arrived = self.output("uploaded", size)?;
        let run = || {
            let began = Instant::now();
            self.fill_mapped(&staging, bytemuck::cast_slice(&words))?;
            let index = self.submit("upload", |encoder| {
                encoder.copy_buffer_to_buffer(&staging, 0, &arrived, 0, size);
            })?;
            self.wait(index)?;
            Ok(began.elapsed().as_secs_f64())
        };
        run()?;
        if self.read::<u32>("uploaded", &arrived)? != words {
            return Err(wrong(Limit::Upload));
        }
        let seconds: Result<_, Error> = (0..effort.samples).map(|_| run()).collect();
        Ok((size as f64, seconds?))
    }

    fn fill_mapped(&self, staging: &wgpu::Buffer, bytes: &[u8]) -> Result<(), Error> {
        let (sender, receiver) = mpsc::channel();
        self.caught("staging", 0, || {
            staging.map_async(wgpu::MapMode::Write, .., move |result| {
                let _ = sender.send(result.is_ok());
            });
        })?;
        self.idle()?;
        if receiver.recv() != Ok(true) {
            return Err(self.lost());
        }
        let Ok(mut view) = staging.get_mapped_range_mut(..) else {
            return Err(self.lost());
        };
        view.copy_from_slice(bytes);
        drop(view);
        staging.unmap();
        Ok(())
    }
}

/// By what the chains are multiplied and what is added, as bits. In f32 a chain counts; in f16, which
/// does not count past 2048, it goes from v to 3 - v and back; integers wrap.
fn factor_and_term(number: Number) -> (u32, u32) {
    match number {
        Number::F32 => (1.0f32.to_bits(), 1.0f32.to_bits()),
        Number::F16 => ((-1.0f32).to_bits(), 3.0f32.to_bits()),
        Number::I32 => (1_664_525, 1_013_904_223),
    }
}

/// The bits of the sum that a thread's chains must come to: integers that every type holds.
fn end(number: Number, lane: u32) -> u32 {
    let starts = lane..lane + CHAINS as u32;
    match number {
        Number::F32 => (starts.map(|start| start + LINKS).sum::<u32>() as f32).to_bits(),
        Number::F16 => (starts.map(|start| 3.0 - start as f32).sum::<f32>()).to_bits(),
        Number::I32 => {
            let (factor, term) = factor_and_term(number);
            let next = |v: u32, _| v.wrapping_mul(factor).wrapping_add(term);
            let ends = starts.map(|start| (0..LINKS).fold(start, next));
            ends.fold(0, u32::wrapping_add)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, constant};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        assert_entry(COPY, "ceiling_copy", 256, &["shape", "source", "copied"]);
        assert_struct(COPY, "Shape", &[("vectors", 0)], 4);
        assert_eq!(constant(COPY, "THREADS"), THREADS);
        assert_entry(READ, "ceiling_read", 256, &["shape", "source", "sums"]);
        assert_struct(READ, "Shape", &[("threads", 0)], 4);
        assert_eq!(constant(READ, "THREADS"), THREADS);
        assert_eq!(constant(READ, "EACH"), EACH);
        for (name, source) in [
            ("ceiling_f32", F32),
            ("ceiling_f16", F16),
            ("ceiling_i32", I32),
        ] {
            assert_entry(source, name, LANES as u32, &["shape", "sums"]);
            let members = [
                ("rounds", offset_of!(Shape, rounds)),
                ("factor", offset_of!(Shape, factor)),
                ("term", offset_of!(Shape, term)),
            ];
            assert_struct(source, "Shape", &members, size_of::<Shape>());
            assert_eq!(constant(source, "CHAINS"), CHAINS as u64);
        }
    }

    /// What is expected of the chains is exact in the types that they are computed in.
    #[test]
    fn ends_are_exact() {
        for lane in 0..LANES as u32 {
            assert!(f32::from_bits(end(Number::F32, lane)) < (1 << 24) as f32);
            assert!(f32::from_bits(end(Number::F16, lane)).abs() <= 2048.0);
        }
    }
}
