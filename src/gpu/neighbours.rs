//! The rows at length 1 in whole numbers on a GPU.

use super::clock::Kind;
use super::integer_tile::{Kernel, Panels, Size, Tile, pairs};
use super::memory::Block;
use super::quantise::AT_LEAST;
use super::{GpuPool, count_within, mark_within, nearest_other};
use crate::error::Error;
use crate::kernels::neighbours::{Marks, Neighbours, Reach};
use crate::kernels::pool::Pool as _;
use crate::quantise::{IntegerRows, factor, to_integers};
use rayon::prelude::*;
use wgpu::BufferUsages;

pub(super) struct GpuNeighbours<'a> {
    pool: &'a GpuPool<'a>,
    pub(super) panels: Panels<'a>,
}

impl<'a> GpuNeighbours<'a> {
    /// Makes the rows on the host, a piece at a time.
    pub(super) fn new(pool: &'a GpuPool<'a>) -> Result<Self, Error> {
        let pitch = IntegerRows::pitch_of(pool.dim());
        let of_rows = |rows: std::ops::Range<usize>| integers(pool, &rows.collect::<Vec<_>>());
        Ok(Self {
            panels: Panels::of_one_class(&pool.gpu, pool.rows(), pitch, of_rows)?,
            pool,
        })
    }

    pub(super) fn rows(&self) -> usize {
        self.pool.rows()
    }

    /// Some rows in a panel of their own.
    pub(super) fn some(&self, rows: &[usize]) -> Result<Panels<'_>, Error> {
        let pitch = IntegerRows::pitch_of(self.pool.dim());
        let of_rows = |places: std::ops::Range<usize>| integers(self.pool, &rows[places]);
        Panels::of_one_class(&self.pool.gpu, rows.len(), pitch, of_rows)
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

/// Some rows of a pool at length 2¹⁵, each filled up with zeros.
fn integers(pool: &GpuPool<'_>, rows: &[usize]) -> Result<IntegerRows, Error> {
    let dim = pool.dim();
    let (x, scale) = (pool.given_rows(rows)?, pool.scale);
    pool.gpu.counted(Kind::Host, || {
        let mut out = IntegerRows::zeros(dim, rows.len());
        let pitch = out.pitch();
        out.values_mut()
            .par_chunks_exact_mut(pitch)
            .zip(x.par_chunks_exact(dim))
            .with_min_len(AT_LEAST.div_ceil(pitch))
            .for_each(|(out, x)| to_integers(x, scale, factor(x, scale), out));
        Ok(out)
    })
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
