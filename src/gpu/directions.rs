//! Directions as the kernels want them: blocks of 32, a column's 32 values together.

use super::memory::Block;
use super::record::Kind;
use crate::error::Error;
use crate::gpu::device::Gpu;
use rayon::prelude::*;
use std::num::NonZeroU64;
use wgpu::BufferUsages;

/// Directions of a block, four times `QUADS` in `shaders/square_tile.wgsl`.
pub(super) const DIRECTIONS_OF_BLOCK: usize = 32;
/// Rows of a workgroup, `ROWS` there.
pub(super) const ROWS: u64 = 64;
/// Columns of a step of a tile, or of half a step, `COLUMNS` there.
pub(super) const COLUMNS: usize = 16;

/// Rounds of all loops together after which a thread of Mesa's lavapipe silently stops. One
/// dispatch stays below, which also keeps it short on the GPUs that take seconds for a hang.
const MOST_ROUNDS: u64 = 65_535;
/// Rounds that a kernel's thread spends on so many columns: for each block of directions, and besides.
const ROUNDS_OF_BLOCK: u64 = 64;
const ROUNDS_OF_TILE: u64 = 32;

/// Columns up to which a thread can take one block of directions at least, if it spends `more`
/// rounds on the block when its tiles are done.
const fn most_columns(more: u64) -> usize {
    ((MOST_ROUNDS - more) / (ROUNDS_OF_BLOCK + ROUNDS_OF_TILE)) as usize * COLUMNS
}

/// Refuses rows that a software adapter might leave half done; `more` as of [`most_columns`].
pub(super) fn check_columns(gpu: &Gpu, dim: usize, more: u64) -> Result<(), Error> {
    let most = most_columns(more);
    if dim > most && gpu.is_software() {
        return Err(Error::Device(format!(
            "rows of {dim} values found, at most {most} expected by a software adapter"
        )));
    }
    Ok(())
}

/// Blocks that one dispatch may take; `more` as of [`most_columns`].
fn most_blocks(columns: usize, more: u64) -> u64 {
    let tiles = (columns / COLUMNS) as u64;
    let rounds = MOST_ROUNDS.saturating_sub(tiles * ROUNDS_OF_TILE);
    (rounds / (tiles * ROUNDS_OF_BLOCK + more)).max(1)
}

/// The features as the tile binds them to read four values at a time. Where there are fewer in all
/// it reads none so, and gets what else is at hand, since a binding cannot be as small.
pub(super) fn fours<'a>(
    features: wgpu::BindingResource<'a>,
    bytes: u64,
    window: &Window<'a>,
) -> wgpu::BindingResource<'a> {
    const FOUR: u64 = 4 * size_of::<f32>() as u64;
    if bytes < FOUR {
        window.binding.clone()
    } else {
        features
    }
}

/// Vectors that a workgroup of `shaders/square_tile.wgsl` takes at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// 32.
    Narrow,
    /// 128.
    Wide,
}

impl Width {
    /// On an H100 the wide tile does the same products in seven tenths of the time: it pays from three
    /// blocks on.
    pub(super) fn for_vectors(count: usize) -> Self {
        if count > 2 * DIRECTIONS_OF_BLOCK {
            Self::Wide
        } else {
            Self::Narrow
        }
    }

    /// Threads of a workgroup along the vectors.
    pub(super) fn threads(self) -> usize {
        match self {
            Self::Narrow => 8,
            Self::Wide => 16,
        }
    }

    /// The shader's overrides for rows of so many values.
    pub(super) fn constants(self, dim: usize) -> [(&'static str, f64); 2] {
        [
            ("COLUMN_THREADS", self.threads() as f64),
            ("IN_FOURS", f64::from(u8::from(in_fours(dim)))),
        ]
    }
}

/// Whether rows of so many values can be read four values at a time.
fn in_fours(dim: usize) -> bool {
    dim.is_multiple_of(4)
}

/// Resident directions, `blocks` x `columns` x 32.
pub(super) struct Directions {
    resident: Block,
    /// Values per direction, with the zeros after them.
    pub(super) columns: u32,
    blocks: u32,
    /// Blocks that one dispatch takes.
    per_window: u32,
}

/// Blocks that one dispatch takes.
pub(super) struct Window<'a> {
    pub(super) binding: wgpu::BindingResource<'a>,
    pub(super) first: u32,
    pub(super) blocks: u32,
    pub(super) is_last: bool,
}

impl Directions {
    /// Sends `count` x `dim` values, each times `factor`.
    ///
    /// # Errors
    ///
    /// [`Error::Device`] where 32 directions do not fit one binding, and the device's own.
    pub(super) fn upload(
        gpu: &Gpu,
        values: &[f32],
        dim: usize,
        factor: f32,
    ) -> Result<Self, Error> {
        Self::of_parts(gpu, &[values], dim, factor)
    }

    /// The same for values in parts, each of which begins with a block.
    pub(super) fn of_parts(
        gpu: &Gpu,
        parts: &[&[f32]],
        dim: usize,
        factor: f32,
    ) -> Result<Self, Error> {
        let (fit, values_of_block) = (Self::fit(gpu, dim)?, Self::values_of_block(dim));
        let of_part = |part: &&[f32]| (part.len() / dim).div_ceil(DIRECTIONS_OF_BLOCK);
        let blocks: usize = parts.iter().map(of_part).sum();
        let packed = gpu.counted(Kind::Host, || {
            let mut packed = vec![0.0f32; blocks.max(1) * values_of_block];
            let block = dim * DIRECTIONS_OF_BLOCK;
            let values: Vec<&[f32]> = parts.iter().flat_map(|part| part.chunks(block)).collect();
            packed
                .par_chunks_exact_mut(values_of_block)
                .zip(values)
                .for_each(|(block, values)| pack(block, values, dim, factor));
            Ok(packed)
        })?;
        let resident = gpu.filled("directions", &packed, BufferUsages::STORAGE)?;
        Ok(Self::of(resident, blocks, dim, fit))
    }

    /// So many blocks of zeros.
    pub(super) fn zeros(gpu: &Gpu, blocks: usize, dim: usize) -> Result<Self, Error> {
        let fit = Self::fit(gpu, dim)?;
        let bytes = (4 * blocks.max(1) * Self::values_of_block(dim)) as u64;
        let resident = gpu.block("directions", bytes, BufferUsages::STORAGE)?; // wgpu clears it
        Ok(Self::of(resident, blocks, dim, fit))
    }

    fn of(resident: Block, blocks: usize, dim: usize, fit: u64) -> Self {
        let columns = dim.next_multiple_of(COLUMNS);
        Self {
            resident,
            columns: columns as u32,
            blocks: blocks as u32,
            per_window: fit.min(most_blocks(columns, 0)) as u32,
        }
    }

    /// Blocks that one binding holds, one at least.
    fn fit(gpu: &Gpu, dim: usize) -> Result<u64, Error> {
        let block_bytes = 4 * Self::values_of_block(dim) as u64;
        let limit = gpu.limits().max_storage_buffer_binding_size;
        if block_bytes > limit {
            return Err(Error::Device(format!(
                "32 directions of {block_bytes} bytes do not fit a binding of {limit}"
            )));
        }
        Ok(limit / block_bytes)
    }

    /// Values of a block of directions, with the zeros after them: a column's stand together.
    pub(super) fn values_of_block(dim: usize) -> usize {
        dim.next_multiple_of(COLUMNS) * DIRECTIONS_OF_BLOCK
    }

    /// All blocks.
    pub(super) fn resident(&self) -> &Block {
        &self.resident
    }

    /// How many blocks a dispatch's workgroup may take, if its thread spends `more` rounds on a block
    /// when its tiles are done. A hardware adapter counts no rounds, but should not be kept long.
    pub(super) fn most_at_once(&self, gpu: &Gpu, more: u64) -> usize {
        let most = most_blocks(self.columns as usize, more) as usize;
        if gpu.is_software() { most } else { 8 * most }
    }

    /// All blocks at once, where they fit one binding.
    pub(super) fn whole(&self) -> Window<'_> {
        Window {
            binding: self.resident.as_entire_binding(),
            first: 0,
            blocks: self.blocks,
            is_last: true,
        }
    }

    /// The blocks in order, in windows; one empty window where there are none.
    pub(super) fn windows(&self) -> impl Iterator<Item = Window<'_>> {
        let step = self.per_window;
        (0..self.blocks.max(1))
            .step_by(step as usize)
            .map(move |first| {
                let blocks = step.min(self.blocks - first);
                let block_bytes = u64::from(self.columns) * DIRECTIONS_OF_BLOCK as u64 * 4;
                let binding = wgpu::BufferBinding {
                    buffer: &self.resident,
                    offset: u64::from(first) * block_bytes,
                    size: NonZeroU64::new(u64::from(blocks.max(1)) * block_bytes),
                };
                Window {
                    binding: wgpu::BindingResource::Buffer(binding),
                    first,
                    blocks,
                    is_last: first + blocks == self.blocks,
                }
            })
    }
}

/// Writes a block's directions, a column's 32 values together.
fn pack(block: &mut [f32], values: &[f32], dim: usize, factor: f32) {
    for (lane, direction) in values.chunks_exact(dim).enumerate() {
        let places = block[lane..].iter_mut().step_by(DIRECTIONS_OF_BLOCK);
        for (place, v) in places.zip(direction) {
            *place = v * factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dispatches_end_before_lavapipe_stops_them() {
        for more in [0, 192, 8576] {
            for columns in [16, 1008, 4096.min(most_columns(more)), most_columns(more)] {
                let tiles = (columns / COLUMNS) as u64;
                let of_block = tiles * ROUNDS_OF_BLOCK + more;
                let rounds = most_blocks(columns, more) * of_block + tiles * ROUNDS_OF_TILE;
                assert!(rounds <= MOST_ROUNDS, "{columns}, {more} more");
            }
            assert_eq!(most_blocks(most_columns(more), more), 1);
        }
        assert!(most_blocks(16, 8576) > 1);
    }

    #[test]
    fn widths_follow_the_vectors() {
        assert_eq!(Width::for_vectors(0), Width::Narrow);
        assert_eq!(Width::for_vectors(64), Width::Narrow);
        assert_eq!(Width::for_vectors(65), Width::Wide);
    }
}
