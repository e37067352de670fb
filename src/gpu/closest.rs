//! Binds `shaders/closest.wgsl`.

use super::GpuPool;
use super::clock::Kind;
use super::directions::{
    COLUMNS, DIRECTIONS_OF_BLOCK, Directions, ROWS, Width, check_columns, fours,
};
use super::memory::Block;
use crate::{Error, Pool};
use rayon::prelude::*;
use std::borrow::Cow;
use std::num::NonZeroU64;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/square_tile.wgsl"),
    include_str!("../../shaders/closest.wgsl"),
);

/// Most bytes of a cluster that are resident at a time as rows, as many again as vectors.
const PANEL_BYTES: u64 = 128 << 20;

/// `Shape` in the shader; the test below holds the two to one layout.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Shape {
    rows: u32,
    dim: u32,
    columns: u32,
    blocks: u32,
    first: u32,
    count: u32,
    own: u32,
    k: u32,
}

/// For every row of every cluster the `k` largest products.
pub(super) fn run(
    pool: &GpuPool<'_>,
    clusters: &[&[usize]],
    lengths: &[f32],
    k: usize,
) -> Result<Vec<Vec<f32>>, Error> {
    check_columns(&pool.gpu, pool.dim(), rounds(k))?;
    let (rows, vectors) = at_once(pool, k);
    let (mut closest, mut rest) = (Vec::with_capacity(clusters.len()), clusters);
    while let Some(&first) = rest.first() {
        let ends = Places::of(pool, rest, k);
        let fit = ends.partition_point(|places| places.end <= rows.min(vectors));
        let (some, after) = rest.split_at(fit.max(1));
        rest = after;
        if fit == 0 {
            closest.push(of_cluster(pool, first, lengths, k)?);
        } else {
            closest.extend(together(pool, some, &ends[..fit], lengths, k)?);
        }
    }
    Ok(closest)
}

/// Rounds of a thread's loops over the products with a tile's vectors, at most as many as of one row with
/// four blocks: each product may have to be inserted into the list.
fn rounds(k: usize) -> u64 {
    4 * DIRECTIONS_OF_BLOCK as u64 * (k as u64 + 3)
}

/// Where a cluster's rows are among those of several: every one's begin where a binding may.
struct Places {
    first: usize,
    end: usize,
}

impl Places {
    fn of(pool: &GpuPool<'_>, clusters: &[&[usize]], k: usize) -> Vec<Self> {
        let alignment = pool.gpu.limits().min_storage_buffer_offset_alignment as usize;
        // Every so many rows of `values` numbers one begins at the alignment, a power of two.
        let step = |values: usize| (alignment / 4) >> values.trailing_zeros();
        let step = step(pool.dim()).max(step(k)).max(1);
        let mut next = 0;
        let place = |rows: &&[usize]| {
            let first = next;
            next = (first + rows.len()).next_multiple_of(step);
            Self {
                first,
                end: first + rows.len(),
            }
        };
        clusters.iter().map(place).collect()
    }
}

/// Clusters that fit together: the device is waited for once.
fn together(
    pool: &GpuPool<'_>,
    clusters: &[&[usize]],
    places: &[Places],
    lengths: &[f32],
    k: usize,
) -> Result<Vec<Vec<f32>>, Error> {
    let (gpu, dim) = (&pool.gpu, pool.dim());
    let rows = places.last().map_or(0, |places| places.end);
    let members = at_length_1(pool, &clusters.concat(), lengths)?;
    let values = gpu.counted(Kind::Host, || Ok(placed(&members, places, dim)))?;
    drop(members);
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
    let features = gpu.filled("cluster", &values, BufferUsages::STORAGE)?;
    let lists = gpu.filled("closest", &vec![f32::MIN; rows * k], usage)?;
    for (cluster, places) in clusters.iter().zip(places) {
        let panel = Panel {
            first: 0,
            rows: cluster.len() as u32,
            features: part(&features, places, dim),
            lists: part(&lists, places, k),
        };
        let vectors = &values[places.first * dim..places.end * dim];
        meet(pool, &panel, vectors, 0, cluster.len(), k)?;
    }
    let found = gpu.read::<f32>("closest", &lists)?;
    let of_cluster = |places: &Places| found[places.first * k..places.end * k].to_vec();
    Ok(places.iter().map(of_cluster).collect())
}

/// Rows at their places.
fn placed(members: &[f32], places: &[Places], dim: usize) -> Vec<f32> {
    let mut values = Vec::with_capacity(places.last().map_or(0, |places| places.end * dim));
    let mut rest = members;
    for places in places {
        let of_cluster;
        (of_cluster, rest) = rest.split_at((places.end - places.first) * dim);
        values.resize(places.first * dim, 0.0);
        values.extend_from_slice(of_cluster);
    }
    values
}

/// What a buffer has for some rows, so many numbers a row.
fn part<'a>(buffer: &'a Block, places: &Places, width: usize) -> wgpu::BufferBinding<'a> {
    let bytes = |rows: usize| 4 * (rows * width) as u64;
    wgpu::BufferBinding {
        buffer,
        offset: bytes(places.first),
        size: NonZeroU64::new(bytes(places.end - places.first)),
    }
}

/// Some rows of a cluster, resident, and their lists.
struct Panel<'a> {
    /// The place of the first in the cluster.
    first: usize,
    rows: u32,
    features: wgpu::BufferBinding<'a>,
    lists: wgpu::BufferBinding<'a>,
}

/// Panels of the cluster, each against the whole of it, in pieces.
fn of_cluster(
    pool: &GpuPool<'_>,
    cluster: &[usize],
    lengths: &[f32],
    k: usize,
) -> Result<Vec<f32>, Error> {
    let (rows, vectors) = at_once(pool, k);
    let mut closest = Vec::with_capacity(cluster.len() * k);
    for members in cluster.chunks(rows) {
        let values = at_length_1(pool, members, lengths)?;
        let lists = vec![f32::MIN; members.len() * k];
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        let features = (pool.gpu).filled("cluster", &values, BufferUsages::STORAGE)?;
        let lists = pool.gpu.filled("closest", &lists, usage)?;
        let panel = Panel {
            first: closest.len() / k,
            rows: members.len() as u32,
            features: features.as_entire_buffer_binding(),
            lists: lists.as_entire_buffer_binding(),
        };
        for (piece, others) in cluster.chunks(vectors).enumerate() {
            let is_whole = others.len() == members.len() && others.len() == cluster.len();
            let others = if is_whole {
                Cow::Borrowed(&values)
            } else {
                Cow::Owned(at_length_1(pool, others, lengths)?)
            };
            meet(pool, &panel, &others, piece * vectors, cluster.len(), k)?;
        }
        closest.extend(pool.gpu.read::<f32>("closest", &lists)?);
    }
    Ok(closest)
}

/// How many rows of a cluster to have resident, and how many vectors, which make whole blocks.
fn at_once(pool: &GpuPool<'_>, k: usize) -> (usize, usize) {
    // Of what is left: rows, lists, vectors, and as much again to gather and to read them.
    let share = pool.gpu.memory_left().map_or(PANEL_BYTES, |left| left / 8);
    let bytes = pool.gpu.most_bound().min(PANEL_BYTES).min(share) as usize;
    let by_grid = pool.gpu.most_groups().saturating_mul(ROWS) as usize;
    let rows = bytes / (4 * pool.dim().max(k));
    let blocks = bytes / (4 * pool.dim().next_multiple_of(COLUMNS) * DIRECTIONS_OF_BLOCK);
    (rows.clamp(1, by_grid), blocks.max(1) * DIRECTIONS_OF_BLOCK)
}

/// Rows over their lengths.
fn at_length_1(pool: &GpuPool<'_>, rows: &[usize], lengths: &[f32]) -> Result<Vec<f32>, Error> {
    let mut values = pool.gather_rows(rows)?;
    let scale =
        |(values, &row): (&mut [f32], &usize)| values.iter_mut().for_each(|v| *v /= lengths[row]);
    pool.gpu.counted(Kind::Host, || {
        (values.par_chunks_exact_mut(pool.dim()).zip(rows)).for_each(scale);
        Ok(values)
    })
}

/// The panel's rows against vectors, the first of which is at place `first` of `count`.
fn meet(
    pool: &GpuPool<'_>,
    panel: &Panel<'_>,
    vectors: &[f32],
    first: usize,
    count: usize,
    k: usize,
) -> Result<(), Error> {
    let gpu = &pool.gpu;
    let width = Width::for_vectors(count);
    let rows = wgpu::BindingResource::Buffer(panel.features.clone());
    let rows_size = 4 * u64::from(panel.rows) * pool.dim() as u64;
    let vectors = Directions::upload(gpu, vectors, pool.dim(), 1.0)?.with_rounds(rounds(k));
    for window in vectors.windows() {
        let shape = gpu.uniform(Shape {
            rows: panel.rows,
            dim: pool.dim() as u32,
            columns: vectors.columns,
            blocks: window.blocks,
            first: first as u32 + window.first * DIRECTIONS_OF_BLOCK as u32,
            count: count as u32,
            own: panel.first as u32,
            k: k as u32,
        })?;
        gpu.dispatch(
            "closest",
            (WGSL, &width.constants(pool.dim())),
            &gpu.pipelines().closest[width.slot(pool.dim())],
            &[
                shape.as_entire_binding(),
                rows.clone(),
                window.binding.clone(),
                wgpu::BindingResource::Buffer(panel.lists.clone()),
                fours(rows.clone(), rows_size, &window),
            ],
            u64::from(panel.rows).div_ceil(ROWS),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_entry, assert_struct, assert_tile, overridden};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let bindings = ["shape", "features", "directions", "closest_of", "fours"];
        for width in [Width::Narrow, Width::Wide] {
            let wgsl = overridden(WGSL, &[("COLUMN_THREADS", width.threads())]);
            assert_entry(&wgsl, "closest", 8 * width.threads() as u32, &bindings);
        }
        let members = [
            ("rows", offset_of!(Shape, rows)),
            ("dim", offset_of!(Shape, dim)),
            ("columns", offset_of!(Shape, columns)),
            ("blocks", offset_of!(Shape, blocks)),
            ("first", offset_of!(Shape, first)),
            ("count", offset_of!(Shape, count)),
            ("own", offset_of!(Shape, own)),
            ("k", offset_of!(Shape, k)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        assert_tile(WGSL);
    }
}
