//! Rows and the vectors nearest to them, shard by shard.

use super::parts::{Cuts, Part, Parts, side_by_side};
use crate::error::Error;
use crate::kernels::assigner::{Assigner, Assignment, CandidateGroup, Margins};

pub(super) struct ShardAssigner<'a> {
    cuts: &'a Cuts,
    shards: Vec<Box<dyn Assigner + 'a>>,
}

impl<'a> ShardAssigner<'a> {
    pub(super) fn new(shards: &'a Parts<'_>, lengths: &[f32]) -> Result<Self, Error> {
        Ok(Self {
            cuts: &shards.cuts,
            shards: shards
                .each(|shard, pool| pool.assigner(lengths[shards.cuts.rows(shard)].to_vec()))?,
        })
    }

    /// What `work` makes of every shard, side by side.
    fn each<T: Send>(
        &self,
        work: impl Fn(usize, &(dyn Assigner + 'a)) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let shards = self.shards.iter().enumerate().collect();
        side_by_side(shards, |(shard, assigner): (usize, &Box<_>)| {
            work(shard, &**assigner)
        })
    }
}

impl Assigner for ShardAssigner<'_> {
    fn assign(&self, vectors: &[f32], offsets: &[f32]) -> Result<Vec<Assignment>, Error> {
        let found = self.each(|_, assigner| assigner.assign(vectors, offsets))?;
        Ok(found.concat())
    }

    fn margins(
        &self,
        groups: &[CandidateGroup<'_>],
        vectors: &[f64],
        offsets: &[f64],
    ) -> Result<Option<Vec<Margins>>, Error> {
        let split: Vec<Vec<Part>> = (groups.iter())
            .map(|group| self.cuts.split(group.rows))
            .collect();
        let found = self.each(|shard, assigner| {
            let parts = groups.iter().zip(&split);
            let of_shard: Vec<CandidateGroup<'_>> = parts
                .map(|(group, parts)| CandidateGroup {
                    rows: &parts[shard].rows,
                    vectors: group.vectors.clone(),
                })
                .collect();
            assigner.margins(&of_shard, vectors, offsets)
        })?;
        let Some(found) = found.into_iter().collect::<Option<Vec<_>>>() else {
            return Ok(None);
        };
        let mut margins: Vec<Margins> = groups.iter().map(Margins::none).collect();
        for (shard, found) in found.into_iter().enumerate() {
            for ((margins, found), parts) in margins.iter_mut().zip(found).zip(&split) {
                margins.join(&parts[shard].places, &found);
            }
        }
        Ok(Some(margins))
    }
}
