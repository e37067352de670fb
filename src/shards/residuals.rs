//! The states of a Gram-Schmidt run, shard by shard.

use super::parts::{Cuts, Parts, lock, side_by_side};
use crate::error::Error;
use crate::kernels::residuals::{Draws, Due, Epoch, Rate, Residuals, RowState, Totals};
use std::sync::Mutex;

pub(super) struct ShardResiduals<'a> {
    cuts: &'a Cuts,
    /// Each is asked by one thread at a time.
    shards: Vec<Mutex<Box<dyn Residuals + 'a>>>,
}

impl<'a> ShardResiduals<'a> {
    pub(super) fn new(shards: &'a Parts<'_>) -> Result<Self, Error> {
        let made = shards.each(|_, pool| pool.residuals().map(Mutex::new))?;
        Ok(Self {
            cuts: &shards.cuts,
            shards: made,
        })
    }

    /// What `work` makes of every shard, side by side.
    fn each<T: Send>(
        &self,
        work: impl Fn(usize, &mut (dyn Residuals + 'a)) -> Result<T, Error> + Sync,
    ) -> Result<Vec<T>, Error> {
        let shards = self.shards.iter().enumerate().collect();
        side_by_side(shards, |(shard, residuals): (usize, &Mutex<Box<_>>)| {
            work(shard, &mut **lock(residuals))
        })
    }
}

impl Residuals for ShardResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        let cuts = self.cuts;
        self.each(|shard, residuals| residuals.load(&states[cuts.rows(shard)]))?;
        Ok(())
    }

    /// Where any part cannot, all are to be loaded.
    fn begin(&mut self, epoch: &Epoch<'_>) -> Result<Option<Totals>, Error> {
        let parts = self.cuts.split(epoch.excluded);
        let found = self.each(|shard, residuals| {
            let rows = self.cuts.rows(shard);
            let draws = epoch.draws.map(|draws| Draws {
                row_ids: draws.row_ids.part(rows),
                ..draws
            });
            residuals.begin(&Epoch {
                excluded: &parts[shard].rows,
                draws,
                rate: epoch.rate,
            })
        })?;
        let found: Option<Vec<Totals>> = found.into_iter().collect();
        Ok(found.map(|found| sum(&found)))
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        Ok(self.each(|_, residuals| residuals.read())?.concat())
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        let parts = self.cuts.split(rows);
        self.each(|shard, residuals| {
            let part = &parts[shard];
            if part.rows.is_empty() {
                return Ok(());
            }
            let states: Vec<RowState> = part.places.iter().map(|&place| states[place]).collect();
            residuals.write(&part.rows, &states)
        })?;
        Ok(())
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        let mut all = Due::default();
        let found = self.each(|_, residuals| residuals.due_rows(tau, rate, limit))?;
        for (shard, due) in found.into_iter().enumerate() {
            let first = self.cuts.rows(shard).start;
            all.count += due.count;
            all.rows.extend(due.rows.into_iter().map(|row| first + row));
        }
        all.rows.truncate(limit);
        Ok(all)
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let totals = self.each(|_, residuals| residuals.deflate(directions, dt, rate))?;
        Ok(sum(&totals))
    }

    /// The `count` largest of all are among those of the shards.
    fn deflate_largest(
        &mut self,
        directions: &[f32],
        number: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        let totals =
            self.each(|_, residuals| residuals.deflate_largest(directions, number, count, rate))?;
        Ok(sum(&totals))
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        let totals = self.each(|_, residuals| residuals.refresh(basis, dead, rate))?;
        Ok(sum(&totals))
    }
}

fn sum(shards: &[Totals]) -> Totals {
    shards.iter().fold(Totals::default(), |a, b| Totals {
        rate: a.rate + b.rate,
        residual_sq: a.residual_sq + b.residual_sq,
    })
}
