//! The rows at length 1 in whole numbers on a GPU.

use super::float_rows::FloatRows;
use super::integer_rows::IntegerPanels;
use super::integer_tile::{Kernel, Size, Tile, pairs};
use super::memory::{Block, blocks};
use super::quantise::{Quantised, Rule};
use super::{count_within, mark_within, nearest_other};
use crate::error::Error;
use crate::kernels::neighbours::{Marks, Neighbours, Reach};
use crate::quantise::IntegerRows;
use std::borrow::Cow;
use wgpu::BufferUsages;

pub(super) struct GpuNeighbours<'a> {
    pub(super) panels: IntegerPanels<'a>,
}

impl<'a> GpuNeighbours<'a> {
    pub(super) fn new(features: &'a FloatRows<'a>) -> Result<Self, Error> {
        let examples = (0..features.rows).collect();
        let source = Quantised::new(features, examples, Rule::Units)?;
        let pitch = IntegerRows::pitch_of(features.dim);
        let panels = IntegerPanels::new(&features.gpu, features.rows, pitch, source)?;
        panels.make_all()?;
        Ok(Self { panels })
    }

    pub(super) fn rows(&self) -> usize {
        self.panels.rows()
    }

    /// Runs a kernel on every pair of rows once: tiles on and above the diagonal.
    pub(super) fn on_all_pairs(
        &self,
        kernel: &Kernel<'_>,
        threshold: i32,
        others: &[wgpu::BindingResource<'_>],
    ) -> Result<(), Error> {
        let size = Size::for_classes(std::iter::once(self.rows()));
        self.panels.pairs(|a, b| {
            let pairs = pairs(a.rows.clone(), b.rows.clone(), size.rows());
            let tiles = pairs.map(|(rows, columns)| Tile::of((a, &rows), (b, &columns)));
            (self.panels).dispatch(kernel, size, (a, b), threshold, tiles, others)
        })
    }

    /// Runs a kernel on every pair of a row and a visitor. Visitors have the places after the rows.
    pub(super) fn on_visitors(
        &self,
        kernel: &Kernel<'_>,
        threshold: i32,
        visitors: &IntegerPanels<'_>,
        others: &[wgpu::BindingResource<'_>],
    ) -> Result<(), Error> {
        let size = Size::for_columns(visitors.rows());
        self.panels.pairs_with(visitors, |a, b| {
            let pairs = blocks(a.rows.clone(), size.rows()).flat_map(|rows| {
                let columns = blocks(b.rows.clone(), size.columns());
                columns.map(move |columns| (rows.clone(), columns))
            });
            let tiles = pairs.map(|(rows, columns)| Tile::of((a, &rows), (b, &columns)));
            (self.panels).dispatch(kernel, size, (a, b), threshold, tiles, others)
        })
    }

    /// Rows of another pool on this device, with the places after those of the rows.
    fn receive<'v>(&'v self, visitors: &'v IntegerRows) -> Result<IntegerPanels<'v>, Error> {
        IntegerPanels::given(self.panels.gpu, self.rows(), Cow::Borrowed(visitors))
    }

    /// The kernels' uniform.
    pub(super) fn reach(&self, reach: Reach) -> Result<Block, Error> {
        let words = [reach.certain, reach.possible];
        self.panels
            .gpu
            .filled("reach", &words, BufferUsages::UNIFORM)
    }
}

impl Neighbours for GpuNeighbours<'_> {
    fn count_within(&self, least: i32) -> Result<Vec<u32>, Error> {
        count_within::run(self, least, None)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        mark_within::run(self, &self.panels.some(marked)?, among, reach)
    }

    /// All: the kernel goes through them whoever is asked for.
    fn at_once(&self) -> usize {
        usize::MAX
    }

    fn nearest_other(&self, labels: &[u32]) -> Result<Vec<i32>, Error> {
        nearest_other::run(self, labels, None)
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        self.panels.fetch(rows)
    }

    fn count_visitors(&self, visitors: &IntegerRows, least: i32) -> Result<[Vec<u32>; 2], Error> {
        let visitors = self.receive(visitors)?;
        let mut counts = count_within::run(self, least, Some(&visitors))?;
        let of_visitors = counts.split_off(self.rows());
        Ok([counts, of_visitors])
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        reach: Reach,
    ) -> Result<Vec<Marks>, Error> {
        // Their places are those of their bits.
        let visitors = IntegerPanels::given(self.panels.gpu, 0, Cow::Borrowed(visitors))?;
        mark_within::run(self, &visitors, among, reach)
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
    ) -> Result<[Vec<i32>; 2], Error> {
        let visitors = self.receive(visitors)?;
        let labels = [labels, labels_of_visitors].concat();
        let mut largest = nearest_other::run(self, &labels, Some(&visitors))?;
        let of_visitors = largest.split_off(self.rows());
        Ok([largest, of_visitors])
    }
}
