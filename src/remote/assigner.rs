//! The rows of a worker, ready to be given to the nearest of some vectors.

use super::answer::OfGroup;
use super::connection::Connection;
use super::message::{Ask, OfAssigner, OfPool};
use super::opened::{Opened, narrow};
use crate::error::Error;
use crate::kernels::assigner::{Assigner, Assignment, CandidateGroup, Margins};
use std::sync::OnceLock;

/// They are made ready once something is asked of them: where a worker does whole steps nothing is.
pub(super) struct RemoteAssigner<'a> {
    connection: &'a Connection,
    pool: u32,
    lengths: Vec<f32>,
    opened: OnceLock<Opened<'a>>,
}

impl<'a> RemoteAssigner<'a> {
    pub(super) fn new(connection: &'a Connection, pool: u32, lengths: Vec<f32>) -> Self {
        Self {
            connection,
            pool,
            lengths,
            opened: OnceLock::new(),
        }
    }

    fn opened(&self) -> Result<&Opened<'a>, Error> {
        if let Some(opened) = self.opened.get() {
            return Ok(opened);
        }
        let lengths = &self.lengths[..];
        let ask = |number| OfPool::OpenAssigner(number, lengths.into());
        let (opened, ()) = Opened::new(self.connection, self.pool, ask)?;
        Ok(self.opened.get_or_init(|| opened))
    }
}

impl Assigner for RemoteAssigner<'_> {
    fn assign(&self, vectors: &[f32], offsets: &[f32]) -> Result<Vec<Assignment>, Error> {
        let opened = self.opened()?;
        let asked = OfAssigner::Assign(vectors.into(), offsets.into());
        opened.array(Ask::Assigner(opened.number, asked))
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
        let opened = self.opened()?;
        let asked = OfAssigner::Margins(groups.collect(), vectors.into(), offsets.into());
        let asked = Ask::Assigner(opened.number, asked);
        let found: Option<Vec<OfGroup<'_>>> = opened.connection.ask(asked)?;
        Ok(found.map(|found| found.into_iter().map(Margins::from).collect()))
    }
}
