//! Rows and the vectors nearest to them, on a GPU.

use super::assign;
use super::float_rows::FloatRows;
use super::memory::Block;
use crate::error::Error;
use crate::kernels::assigner::{Assigner, Assignment, CandidateGroup, Margins};
use std::ops::Range;
use wgpu::BufferUsages;

/// A pool's rows; their lengths are resident, one block a panel.
pub(super) struct GpuAssigner<'a> {
    features: &'a FloatRows<'a>,
    lengths: Vec<Block>,
}

impl<'a> GpuAssigner<'a> {
    pub(super) fn new(features: &'a FloatRows<'a>, lengths: &[f32]) -> Result<Self, Error> {
        let usage = BufferUsages::STORAGE;
        let of_panel =
            |rows: &Range<usize>| (features.gpu).filled("lengths", &lengths[rows.clone()], usage);
        let lengths = features.cuts().iter().map(of_panel);
        let lengths = lengths.collect::<Result<_, _>>()?;
        features.gpu.alive()?;
        Ok(Self { features, lengths })
    }
}

impl Assigner for GpuAssigner<'_> {
    fn assign(&self, vectors: &[f32], offsets: &[f32]) -> Result<Vec<Assignment>, Error> {
        assign::run(self.features, &self.lengths, vectors, offsets)
    }

    /// None: there is no shader for it.
    fn margins(
        &self,
        _: &[CandidateGroup<'_>],
        _: &[f64],
        _: &[f64],
    ) -> Result<Option<Vec<Margins>>, Error> {
        Ok(None)
    }
}
