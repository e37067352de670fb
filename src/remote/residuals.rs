//! The states of a Gram-Schmidt run that a worker has.

use super::message::{Ask, OfResiduals, totals};
use super::opened::{Opened, narrow};
use super::wire::Array;
use crate::error::Error;
use crate::kernels::residuals::{Due, Rate, Residuals, RowState, Totals};
use serde::de::DeserializeOwned;

pub(super) struct RemoteResiduals<'a>(pub(super) Opened<'a>);

impl RemoteResiduals<'_> {
    fn ask<T: DeserializeOwned>(&self, ask: OfResiduals<'_>) -> Result<T, Error> {
        self.0.connection.ask(Ask::Residuals(self.0.number, ask))
    }
}

impl Residuals for RemoteResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        self.ask(OfResiduals::Load(states.into()))
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        self.0
            .array(Ask::Residuals(self.0.number, OfResiduals::Read))
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        self.ask(OfResiduals::Write(narrow(rows).into(), states.into()))
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
