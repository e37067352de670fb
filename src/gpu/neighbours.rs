//! The rows at length 1 in integers on a GPU.

use super::float_rows::FloatRows;
use super::integer_rows::IntegerPanels;
use super::quantise::{Quantised, Rule};
use super::{count_within, mark_within, nearest_other_label};
use crate::error::Error;
use crate::kernels::neighbours::{NearMasks, Neighbours, Thresholds};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::borrow::Cow;

pub(super) struct GpuNeighbours<'a>(IntegerPanels<'a>);

impl<'a> GpuNeighbours<'a> {
    pub(super) fn new(features: &'a FloatRows<'a>) -> Result<Self, Error> {
        let examples = (0..features.rows).collect();
        let source = Quantised::new(features, examples, Rule::Units)?;
        let pitch = IntegerRows::pitch_of(features.dim);
        let panels = IntegerPanels::new(&features.gpu, features.rows, pitch, source)?;
        panels.make_all()?;
        Ok(Self(panels))
    }

    /// Rows of another pool on this device, with the places after those of the rows.
    fn receive<'v>(&'v self, visitors: &'v IntegerRows) -> Result<IntegerPanels<'v>, Error> {
        IntegerPanels::given(self.0.gpu, self.0.rows(), Cow::Borrowed(visitors))
    }
}

impl Neighbours for GpuNeighbours<'_> {
    fn count_within(&self, least: i32, pass: &Pass<'_>) -> Result<Vec<u32>, Error> {
        count_within::run(&self.0, least, None, pass)
    }

    fn mark_within(
        &self,
        marked: &[usize],
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        mark_within::run(&self.0, &self.0.some(marked)?, among, thresholds)
    }

    /// All: the kernel goes through them whoever is asked for.
    fn at_once(&self) -> usize {
        usize::MAX
    }

    fn nearest_other_label(&self, labels: &[u32], pass: &Pass<'_>) -> Result<Vec<i32>, Error> {
        nearest_other_label::run(&self.0, labels, None, pass)
    }

    fn rows(&self, rows: &[usize]) -> Result<IntegerRows, Error> {
        self.0.fetch(rows)
    }

    fn count_visitors(
        &self,
        visitors: &IntegerRows,
        least: i32,
        pass: &Pass<'_>,
    ) -> Result<[Vec<u32>; 2], Error> {
        let visitors = self.receive(visitors)?;
        let mut counts = count_within::run(&self.0, least, Some(&visitors), pass)?;
        let of_visitors = counts.split_off(self.0.rows());
        Ok([counts, of_visitors])
    }

    fn mark_visitors(
        &self,
        visitors: &IntegerRows,
        among: &[usize],
        thresholds: Thresholds,
    ) -> Result<Vec<NearMasks>, Error> {
        // Their places are those of their bits.
        let visitors = IntegerPanels::given(self.0.gpu, 0, Cow::Borrowed(visitors))?;
        mark_within::run(&self.0, &visitors, among, thresholds)
    }

    fn nearest_visitors(
        &self,
        labels: &[u32],
        visitors: &IntegerRows,
        labels_of_visitors: &[u32],
        pass: &Pass<'_>,
    ) -> Result<[Vec<i32>; 2], Error> {
        let visitors = self.receive(visitors)?;
        let labels = [labels, labels_of_visitors].concat();
        let mut largest = nearest_other_label::run(&self.0, &labels, Some(&visitors), pass)?;
        let of_visitors = largest.split_off(self.0.rows());
        Ok([largest, of_visitors])
    }
}
