//! The states of a Gram-Schmidt run that a worker has.

use super::answer::totals;
use super::message::{Ask, Ids, OfResiduals};
use super::opened::{Opened, narrow};
use super::wire::Array;
use crate::error::Error;
use crate::kernels::residuals::{Due, Epoch, Rate, Residuals, RowState, Totals};
use serde::de::DeserializeOwned;

pub(super) struct RemoteResiduals<'a>(pub(super) Opened<'a>);

impl RemoteResiduals<'_> {
    fn ask<T: DeserializeOwned>(&self, ask: OfResiduals<'_>) -> Result<T, Error> {
        let asked = Ask::Residuals(self.0.number, ask);
        self.0.connection.ask(asked)
    }

    fn tell(&self, ask: OfResiduals<'_>) -> Result<(), Error> {
        let asked = Ask::Residuals(self.0.number, ask);
        self.0.connection.tell(asked)
    }
}

impl Residuals for RemoteResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        self.tell(OfResiduals::Load(states.into()))
    }

    fn begin(&mut self, epoch: &Epoch<'_>) -> Result<Option<Totals>, Error> {
        let draws = epoch.draws.as_ref();
        let draws = draws.map(|draws| (Ids::new(draws.seed, draws.row_ids), draws.stream));
        let asked = OfResiduals::Begin(narrow(epoch.excluded).into(), draws, epoch.rate);
        self.ask(asked).map(|found| Some(totals(found)))
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        let asked = Ask::Residuals(self.0.number, OfResiduals::Read);
        self.0.array(asked)
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        self.tell(OfResiduals::Write(narrow(rows).into(), states.into()))
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let (count, rows): (u64, Array<'_, u32>) =
            self.ask(OfResiduals::DueRows(tau, rate, limit))?;
        Ok(Due {
            count: count as usize,
            rows: rows.iter().map(|&row| row as usize).collect(),
        })
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        let asked = OfResiduals::Deflate(directions.into(), dt.into(), rate);
        self.ask(asked).map(totals)
    }

    fn deflate_largest(
        &mut self,
        directions: &[f32],
        number: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let asked = OfResiduals::DeflateLargest(directions.into(), number as u32, count, rate);
        self.ask(asked).map(totals)
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        self.ask(OfResiduals::Refresh(basis.into(), dead, rate))
            .map(totals)
    }
}
