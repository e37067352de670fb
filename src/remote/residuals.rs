//! The states of a Gram-Schmidt run that a worker has.

use super::answer::totals;
use super::message::{Ask, OfResiduals, TAKES_NO_PART};
use super::opened::{Opened, narrow};
use super::wire::Array;
use crate::error::Error;
use crate::kernels::residuals::{Due, Rate, Residuals, RowState, Totals};
use serde::de::DeserializeOwned;

pub(super) struct RemoteResiduals<'a> {
    opened: Opened<'a>,
    /// The squared lengths that the worker keeps: every epoch begins with the same, and need not send them.
    lengths: Vec<f32>,
}

impl<'a> RemoteResiduals<'a> {
    pub(super) fn new(opened: Opened<'a>) -> Self {
        let lengths = Vec::new();
        Self { opened, lengths }
    }

    fn ask<T: DeserializeOwned>(&self, ask: OfResiduals<'_>) -> Result<T, Error> {
        let asked = Ask::Residuals(self.opened.number, ask);
        self.opened.connection.ask(asked)
    }

    fn tell(&self, ask: OfResiduals<'_>) -> Result<(), Error> {
        let asked = Ask::Residuals(self.opened.number, ask);
        self.opened.connection.tell(asked)
    }

    /// What is left of each row's hazard, where states are as they begin: those of whole rows, or masked.
    fn left(states: &[RowState]) -> Option<Vec<f32>> {
        let left = states.iter().map(|state| {
            let is_whole = state.guard == 0.0 && state.residual_sq == state.norm_sq;
            match is_whole && state.left >= 0.0 && !state.is_masked() {
                true => Some(state.left),
                false => (*state == RowState::MASKED).then_some(TAKES_NO_PART),
            }
        });
        left.collect()
    }
}

impl Residuals for RemoteResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        let Some(left) = Self::left(states) else {
            return self.tell(OfResiduals::Load(states.into()));
        };
        let of_rows = || states.iter().map(|state| state.norm_sq).zip(&left);
        let is_kept =
            |((own, &left), &kept): ((f32, &f32), &f32)| own == kept || left == TAKES_NO_PART;
        let are_kept = self.lengths.len() == states.len();
        if !are_kept || !of_rows().zip(&self.lengths).all(is_kept) {
            self.lengths = of_rows().map(|(own, _)| own).collect();
            self.tell(OfResiduals::Lengths(self.lengths[..].into()))?;
        }
        self.tell(OfResiduals::Begin(left.into()))
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        let asked = Ask::Residuals(self.opened.number, OfResiduals::Read);
        self.opened.array(asked)
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
