//! The rows at length 1 in whole numbers on a GPU.

use super::integer_rows::Panels;
use super::integer_tile::{Kernel, Size, Tile, pairs};
use super::memory::Block;
use super::quantise::{Rule, fill};
use super::{GpuPool, count_within, mark_within, nearest_other};
use crate::error::Error;
use crate::kernels::neighbours::{Marks, Neighbours, Reach};
use crate::kernels::pool::Pool as _;
use crate::quantise::IntegerRows;
use wgpu::BufferUsages;

pub(super) struct GpuNeighbours<'a> {
    pool: &'a GpuPool<'a>,
    pub(super) panels: Panels<'a>,
}

impl<'a> GpuNeighbours<'a> {
    pub(super) fn new(pool: &'a GpuPool<'a>) -> Result<Self, Error> {
        let pitch = IntegerRows::pitch_of(pool.dim());
        let panels = Panels::new(&pool.gpu, pool.rows(), pitch)?;
        let all: Vec<usize> = (0..pool.rows()).collect();
        fill(pool, &panels, &all, Rule::Units)?;
        Ok(Self { pool, panels })
    }

    pub(super) fn rows(&self) -> usize {
        self.pool.rows()
    }

    /// Runs a kernel on every pair of rows once: tiles on and above the diagonal.
    pub(super) fn on_all_pairs(
        &self,
        kernel: &Kernel<'_>,
        threshold: i32,
        others: &[wgpu::BindingResource<'_>],
    ) -> Result<(), Error> {
        let size = Size::for_classes(std::iter::once(self.rows()));
        for (at, a) in self.panels.iter().enumerate() {
            for b in &self.panels[at..] {
                let pairs = pairs(a.rows.clone(), b.rows.clone(), size.rows());
                let tiles = pairs.map(|(rows, columns)| Tile::of((a, &rows), (b, &columns)));
                (self.panels).dispatch(kernel, size, (a, b), threshold, tiles, others)?;
            }
        }
        Ok(())
    }

    /// The kernels' uniform.
    pub(super) fn reach(&self, reach: Reach) -> Result<Block, Error> {
        let words = [reach.certain, reach.possible];
        self.pool.gpu.filled("reach", &words, BufferUsages::UNIFORM)
    }
}

impl Neighbours for GpuNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        count_within::run(self, least)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        mark_within::run(self, marked, among, reach)
    }

    /// All: the kernel goes through them whoever is asked for.
    fn at_once(&self) -> usize {
        usize::MAX
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        nearest_other::run(self, labels)
    }
}
