//! Binds `shaders/k_nearest.wgsl`.

use super::about_centres::AboutCentres;
use super::directions::{
    COLUMNS, DIRECTIONS_OF_BLOCK, Directions, ROWS, Width, check_columns, fours,
};
use super::float_rows::FloatRows;
use super::memory::Block;
use crate::error::Error;
use crate::gpu::device::Gpu;
use crate::kernels::pool::ClusterRows;
use crate::progress::Pass;
use std::ops::Range;
use wgpu::BufferUsages;

pub(super) const WGSL: &str = concat!(
    include_str!("../../shaders/square_tile.wgsl"),
    include_str!("../../shaders/k_nearest.wgsl"),
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
    k: u32,
    tiles: u32,
}

/// `Tile` in the shader, likewise.
#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Tile {
    row: u32,
    row_end: u32,
    block: u32,
    block_end: u32,
    first: u32,
    count: u32,
    own: u32,
}

/// For every row of every cluster the `k` largest products less halves.
pub(super) fn run(
    features: &FloatRows<'_>,
    clusters: &[ClusterRows<'_>],
    k: usize,
    pass: &Pass<'_>,
) -> Result<Vec<Vec<f32>>, Error> {
    check_columns(&features.gpu, features.dim, rounds(k))?;
    let most = AtOnce::of(features, k);
    let (mut found, mut rest) = (Vec::with_capacity(clusters.len()), clusters);
    while let Some(first) = rest.first() {
        let fit = most.fit(rest);
        let (some, after) = rest.split_at(fit.max(1));
        rest = after;
        if fit == 0 {
            found.push(of_cluster(features, first, (k, pass), &most)?);
        } else {
            found.extend(together(features, some, k)?);
            let pairs = |cluster: &ClusterRows<'_>| (cluster.rows.len() as u64).pow(2);
            pass.met(some.iter().map(pairs).sum())?;
        }
    }
    Ok(found)
}

/// Rounds of a thread's loops over the products with a tile's vectors, at most as many as of one row with
/// four blocks: each product may have to be inserted into the list.
fn rounds(k: usize) -> u64 {
    4 * DIRECTIONS_OF_BLOCK as u64 * (k as u64 + 3)
}

/// How much is resident at a time.
struct AtOnce {
    rows: usize,
    /// Tiles of rows.
    tiles: u64,
    /// Blocks of vectors.
    blocks: usize,
}

impl AtOnce {
    fn of(features: &FloatRows<'_>, k: usize) -> Self {
        // Of what is left: rows, lists, vectors, and as much again to gather and to read them.
        let share = features.gpu.share().unwrap_or(PANEL_BYTES);
        let bytes = features.gpu.most_bound().min(PANEL_BYTES).min(share) as usize;
        let tiles = (features.gpu.most_groups()).min(bytes as u64 / size_of::<Tile>() as u64);
        let rows = bytes / (4 * features.dim.max(k));
        let columns = features.dim.next_multiple_of(COLUMNS);
        Self {
            rows: rows.clamp(1, tiles.saturating_mul(ROWS) as usize),
            tiles,
            blocks: (bytes / (4 * columns * DIRECTIONS_OF_BLOCK)).max(1),
        }
    }

    /// How many of the clusters fit, from the first on.
    fn fit(&self, clusters: &[ClusterRows<'_>]) -> usize {
        let (mut rows, mut tiles, mut blocks) = (0, 0, 0);
        let fits = |cluster: &&ClusterRows<'_>| {
            rows += cluster.rows.len();
            tiles += (cluster.rows.len() as u64).div_ceil(ROWS);
            blocks += cluster.rows.len().div_ceil(DIRECTIONS_OF_BLOCK);
            rows <= self.rows && tiles <= self.tiles && blocks <= self.blocks
        };
        clusters.iter().take_while(fits).count()
    }
}

/// Some rows of a cluster, and vectors that they are to meet.
struct Meeting {
    /// Where the rows are among those resident.
    rows: Range<usize>,
    /// Where the vectors are, in blocks.
    blocks: Range<usize>,
    /// Which vector of the cluster the first is, how many there are in all, which the first row is.
    first: usize,
    count: usize,
    own: usize,
}

impl Meeting {
    /// The tiles that meet at most so many blocks, after the first `begin`, which are not all.
    fn tiles(&self, begin: usize, most: usize) -> impl Iterator<Item = Tile> {
        let block = self.blocks.start + begin;
        let block_end = (block + most).min(self.blocks.end);
        let first_rows = self.rows.clone().step_by(ROWS as usize);
        first_rows.map(move |row| Tile {
            row: row as u32,
            row_end: self.rows.end as u32,
            block: block as u32,
            block_end: block_end as u32,
            first: (self.first + begin * DIRECTIONS_OF_BLOCK) as u32,
            count: self.count as u32,
            own: (self.own + row - self.rows.start) as u32,
        })
    }
}

/// Clusters that fit together: the device is asked, and waited for, once.
fn together(
    features: &FloatRows<'_>,
    clusters: &[ClusterRows<'_>],
    k: usize,
) -> Result<Vec<Vec<f32>>, Error> {
    let (mut row, mut block) = (0, 0);
    let meeting = |cluster: &ClusterRows<'_>| {
        let count = cluster.rows.len();
        let (rows, blocks) = (
            row..row + count,
            block..block + count.div_ceil(DIRECTIONS_OF_BLOCK),
        );
        (row, block) = (rows.end, blocks.end);
        Meeting {
            rows,
            blocks,
            first: 0,
            count,
            own: 0,
        }
    };
    let meetings: Vec<Meeting> = clusters.iter().map(meeting).collect();
    let about = AboutCentres::new(features, clusters);
    let panel = Panel::new(features, &about, k)?;
    let halves: Vec<&[f32]> = clusters.iter().map(|cluster| cluster.halves).collect();
    panel.meet(&about.directions()?, &halves, &meetings)?;
    let found = panel.read()?;
    let answers = |rows: &Range<usize>| found[rows.start * k..rows.end * k].to_vec();
    Ok(meetings.iter().map(|m| answers(&m.rows)).collect())
}

/// Panels of the cluster, each against the whole of it, in pieces.
fn of_cluster(
    features: &FloatRows<'_>,
    cluster: &ClusterRows<'_>,
    (k, pass): (usize, &Pass<'_>),
    most: &AtOnce,
) -> Result<Vec<f32>, Error> {
    let count = cluster.rows.len();
    let mut found = Vec::with_capacity(count * k);
    let piece = most.blocks * DIRECTIONS_OF_BLOCK;
    for own in (0..count).step_by(most.rows) {
        let members = [part_of(cluster, own..count.min(own + most.rows))];
        let panel = Panel::new(features, &AboutCentres::new(features, &members), k)?;
        for first in (0..count).step_by(piece) {
            let others = [part_of(cluster, first..count.min(first + piece))];
            let meeting = Meeting {
                rows: 0..members[0].rows.len(),
                blocks: 0..others[0].rows.len().div_ceil(DIRECTIONS_OF_BLOCK),
                first,
                count,
                own,
            };
            let vectors = AboutCentres::new(features, &others).directions()?;
            let pairs = meeting.rows.len() * others[0].rows.len();
            panel.meet(&vectors, &[others[0].halves], &[meeting])?;
            pass.met(pairs as u64)?;
        }
        found.extend(panel.read()?);
    }
    Ok(found)
}

/// The rows at some places of a cluster.
fn part_of<'a>(cluster: &ClusterRows<'a>, places: Range<usize>) -> ClusterRows<'a> {
    ClusterRows {
        rows: &cluster.rows[places.clone()],
        lengths: &cluster.lengths[places.clone()],
        centre: cluster.centre,
        halves: &cluster.halves[places],
    }
}

/// Resident rows about their centres, and their lists.
struct Panel<'a> {
    gpu: &'a Gpu,
    dim: usize,
    rows: usize,
    features: Block,
    lists: Block,
    k: usize,
}

impl<'a> Panel<'a> {
    fn new(rows: &'a FloatRows<'_>, about: &AboutCentres<'_>, k: usize) -> Result<Self, Error> {
        let (gpu, dim, rows) = (&rows.gpu, rows.dim, about.count());
        let usage = BufferUsages::STORAGE | BufferUsages::COPY_SRC;
        Ok(Self {
            gpu,
            dim,
            rows,
            features: about.rows()?,
            lists: gpu.filled("k_nearest", &vec![f32::MIN; rows * k], usage)?,
            k,
        })
    }

    /// Rows meet vectors, whose halves come in parts that begin with a block.
    fn meet(
        &self,
        vectors: &Directions,
        halves: &[&[f32]],
        meetings: &[Meeting],
    ) -> Result<(), Error> {
        let gpu = self.gpu;
        let halves = gpu.filled("halves", &in_blocks(halves), BufferUsages::STORAGE)?;
        let at_once = vectors.most_at_once(gpu, rounds(self.k));
        let blocks = |meeting: &Meeting| meeting.blocks.len();
        let most = meetings.iter().map(blocks).max().unwrap_or(0);
        for begin in (0..most).step_by(at_once) {
            let unmet = meetings.iter().filter(|meeting| begin < blocks(meeting));
            let tiles: Vec<Tile> = unmet
                .flat_map(|meeting| meeting.tiles(begin, at_once))
                .collect();
            self.dispatch((vectors, &halves), &tiles, most)?;
        }
        Ok(())
    }

    /// One dispatch, of clusters of up to so many blocks.
    fn dispatch(
        &self,
        (vectors, halves): (&Directions, &Block),
        tiles: &[Tile],
        most: usize,
    ) -> Result<(), Error> {
        let (gpu, dim) = (self.gpu, self.dim);
        let width = Width::for_vectors(most * DIRECTIONS_OF_BLOCK);
        let all = vectors.whole();
        let shape = gpu.uniform(Shape {
            rows: self.rows as u32,
            dim: dim as u32,
            columns: vectors.columns,
            blocks: all.blocks,
            k: self.k as u32,
            tiles: tiles.len() as u32,
        })?;
        let list = gpu.filled("tiles", tiles, BufferUsages::STORAGE)?;
        let features = self.features.as_entire_binding();
        let bytes = 4 * (self.rows * dim) as u64;
        gpu.dispatch(
            "k_nearest",
            (WGSL, &width.constants(dim)),
            &[
                shape.as_entire_binding(),
                features.clone(),
                all.binding.clone(),
                self.lists.as_entire_binding(),
                fours(features, bytes, &all),
                list.as_entire_binding(),
                halves.as_entire_binding(),
            ],
            tiles.len() as u64,
        )?;
        Ok(())
    }

    fn read(&self) -> Result<Vec<f32>, Error> {
        self.gpu.read("k_nearest", &self.lists)
    }
}

/// The halves of all parts, each from a block on, and what a tile may read past the last.
fn in_blocks(parts: &[&[f32]]) -> Vec<f32> {
    const MOST_AT_ONCE: usize = 4 * DIRECTIONS_OF_BLOCK;
    let mut halves = Vec::new();
    for part in parts {
        halves.extend_from_slice(part);
        halves.resize(halves.len().next_multiple_of(DIRECTIONS_OF_BLOCK), 0.0);
    }
    halves.resize(halves.len() + MOST_AT_ONCE, 0.0);
    halves
}

#[cfg(test)]
mod tests {
    use super::super::layout::{assert_square_kernel, assert_struct};
    use super::*;
    use std::mem::offset_of;

    #[test]
    fn layout() {
        let bindings = [
            "shape",
            "features",
            "directions",
            "k_nearest_of",
            "fours",
            "tiles",
            "halves",
        ];
        assert_square_kernel(WGSL, "k_nearest", &bindings);
        let members = [
            ("rows", offset_of!(Shape, rows)),
            ("dim", offset_of!(Shape, dim)),
            ("columns", offset_of!(Shape, columns)),
            ("blocks", offset_of!(Shape, blocks)),
            ("k", offset_of!(Shape, k)),
            ("tiles", offset_of!(Shape, tiles)),
        ];
        assert_struct(WGSL, "Shape", &members, size_of::<Shape>());
        let members = [
            ("row", offset_of!(Tile, row)),
            ("row_end", offset_of!(Tile, row_end)),
            ("block", offset_of!(Tile, block)),
            ("block_end", offset_of!(Tile, block_end)),
            ("first", offset_of!(Tile, first)),
            ("count", offset_of!(Tile, count)),
            ("own", offset_of!(Tile, own)),
        ];
        assert_struct(WGSL, "Tile", &members, size_of::<Tile>());
    }
}
