//! Rows and the vectors nearest to them, on the processor.

use super::assign::assign;
use super::margins::margins;
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::assigner::{Assigner, Assignment, CandidateGroup, Margins};

/// Rows where they lie, and their lengths.
pub(super) struct CpuAssigner<'a> {
    pub(super) features: &'a Features<'a>,
    pub(super) stop: &'a Stop,
    pub(super) lengths: Vec<f32>,
}

impl Assigner for CpuAssigner<'_> {
    fn assign(&self, vectors: &[f32], offsets: &[f32]) -> Result<Vec<Assignment>, Error> {
        assign(self.features, vectors, offsets, &self.lengths, self.stop)
    }

    fn margins(
        &self,
        groups: &[CandidateGroup<'_>],
        vectors: &[f64],
        offsets: &[f64],
    ) -> Result<Option<Vec<Margins>>, Error> {
        let (features, lengths) = (self.features, &self.lengths);
        margins(features, groups, vectors, offsets, lengths, self.stop).map(Some)
    }
}
