//! How well chosen rows cover the others, on a device: the state of `shaders/cover.wgsl`.

use super::memory::Block;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::cover::Cover;
use wgpu::BufferUsages;

/// A word a row, by place: how well it is covered, and above that what it weighs.
pub(super) struct Covered {
    pub(super) states: Block,
    rows: usize,
}

impl Covered {
    pub(super) fn new(gpu: &Gpu, cover: Cover<'_>) -> Result<Self, Error> {
        let word = |(row, &best): (usize, &u16)| {
            let weight = cover.weights.map_or(1, |weights| weights[row]);
            u32::from(best) | u32::from(weight) << 16
        };
        let rows = cover.best.len();
        let mut words: Vec<u32> = cover.best.iter().enumerate().map(word).collect();
        words.resize(rows.max(4), 0); // the least that is bound
        gpu.fits("cover", 4 * words.len() as u64)?;
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let states = gpu.filled("cover", &words, usage)?;
        Ok(Self { states, rows })
    }

    /// Of so many rows, which nothing covers.
    pub(super) fn nothing(gpu: &Gpu, rows: usize) -> Result<Self, Error> {
        let cover = Cover {
            best: &vec![0; rows],
            weights: None,
        };
        Self::new(gpu, cover)
    }

    /// How well each row is covered.
    pub(super) fn read(&self, gpu: &Gpu) -> Result<Vec<u16>, Error> {
        let words: Vec<u32> = gpu.read("cover", &self.states)?;
        Ok(words[..self.rows].iter().map(|&word| word as u16).collect())
    }
}
