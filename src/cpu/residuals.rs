//! The state of a Gram-Schmidt run on the processor.

use super::deflate::deflate;
use super::deflate_largest::{Lacking, catch_up_all, deflate_largest};
use super::due_rows::due_rows;
use super::refresh::refresh;
use crate::control::Stop;
use crate::error::Error;
use crate::features::Features;
use crate::kernels::residuals::{Due, Rate, Residuals, RowState, Totals};

/// Every row's state, and the directions that some of them lack.
pub(super) struct CpuResiduals<'a> {
    features: &'a Features<'a>,
    stop: &'a Stop,
    states: Vec<RowState>,
    lacking: Lacking,
}

impl<'a> CpuResiduals<'a> {
    pub(super) fn new(features: &'a Features<'a>, stop: &'a Stop) -> Self {
        Self {
            features,
            stop,
            states: vec![RowState::MASKED; features.rows()],
            lacking: Lacking::none(features.rows()),
        }
    }
}

impl Residuals for CpuResiduals<'_> {
    fn load(&mut self, states: &[RowState]) -> Result<(), Error> {
        self.states.copy_from_slice(states);
        self.lacking.clear();
        Ok(())
    }

    fn read(&self) -> Result<Vec<RowState>, Error> {
        Ok(self.states.clone())
    }

    fn write(&mut self, rows: &[usize], states: &[RowState]) -> Result<(), Error> {
        for (&row, &state) in rows.iter().zip(states) {
            self.states[row] = state;
            self.lacking.set_up_to_date(row, self.features.dim());
        }
        Ok(())
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        due_rows(&self.states, tau, rate, limit, self.stop)
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        catch_up_all(
            self.features,
            &mut self.states,
            &mut self.lacking,
            self.stop,
        )?;
        deflate(
            self.features,
            &mut self.states,
            directions,
            dt,
            rate,
            self.stop,
        )
    }

    fn deflate_largest(
        &mut self,
        directions: &[f32],
        _: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        deflate_largest(
            self.features,
            &mut self.states,
            &mut self.lacking,
            directions,
            count,
            rate,
            self.stop,
        )
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        self.lacking.clear();
        refresh(
            self.features,
            &mut self.states,
            basis,
            dead,
            rate,
            self.stop,
        )
    }
}
