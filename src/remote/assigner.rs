//! The rows of a worker, ready to be given to the nearest of some vectors.

use super::message::{Ask, OfAssigner, OfGroup};
use super::opened::{Opened, narrow};
use crate::error::Error;
use crate::kernels::assigner::{Assigner, Assignment, CandidateGroup, Margins};

pub(super) struct RemoteAssigner<'a>(pub(super) Opened<'a>);

impl Assigner for RemoteAssigner<'_> {
    fn assign(&self, vectors: &[f32], offsets: &[f32]) -> Result<Vec<Assignment>, Error> {
        let asked = OfAssigner::Assign(vectors.into(), offsets.into());
        self.0.array(Ask::Assigner(self.0.number, asked))
    }

    fn margins(
        &self,
        groups: &[CandidateGroup<'_>],
        vectors: &[f64],
        offsets: &[f64],
    ) -> Result<Option<Vec<Margins>>, Error> {
        let groups = groups.iter().map(|group| {
            let vectors: &[u32] = &group.vectors;
            (narrow(group.rows).into(), vectors.into())
        });
        let asked = OfAssigner::Margins(groups.collect(), vectors.into(), offsets.into());
        let asked = Ask::Assigner(self.0.number, asked);
        let found: Option<Vec<OfGroup<'_>>> = self.0.connection.ask(asked)?;
        Ok(found.map(|found| found.into_iter().map(Margins::from).collect()))
    }
}
