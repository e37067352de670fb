//! Rows of a worker that those of others visit, to whoever drives.

use super::message::{Ask, OfVisited};
use super::opened::{Opened, narrow};
use super::wire::Array;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::visited::{Digits, Visited};
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::ops::Range;

pub(super) struct RemoteVisited<'a> {
    pub(super) opened: Opened<'a>,
    pub(super) at_once: u64,
    pub(super) dim: usize,
}

impl RemoteVisited<'_> {
    fn asked<'m>(&self, ask: OfVisited<'m>) -> Ask<'m> {
        Ask::Visited(self.opened.number, ask)
    }

    /// What changes it and has no answer goes with the next question.
    fn tell(&self, ask: OfVisited<'_>) -> Result<(), Error> {
        self.opened.connection.tell(self.asked(ask))
    }
}

impl Visited for RemoteVisited<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let asked = self.asked(OfVisited::Rows(narrow(places).into()));
        let values = self.opened.array(asked)?;
        Ok(IntegerRows::of(values, IntegerRows::pitch_of(self.dim)))
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        self.opened.array(self.asked(OfVisited::Squares))
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        let asked = self.asked(OfVisited::RowSums);
        self.opened.array_of_pass(asked, pass)
    }

    fn visit(&mut self, visitors: &IntegerRows) -> Result<(), Error> {
        self.tell(OfVisited::Visit(visitors.into()))
    }

    fn sums(&self, others: &IntegerRows, pass: &Pass<'_>) -> Result<[Vec<i64>; 2], Error> {
        let asked = self.asked(OfVisited::Sums(others.into()));
        let (own, theirs, met): (Array<'_, i64>, Array<'_, i64>, u64) =
            self.opened.connection.ask(asked)?;
        pass.met(met)?;
        Ok([own.into_vec(), theirs.into_vec()])
    }

    fn columns(&self, visitors: Range<usize>) -> Result<Vec<i32>, Error> {
        let asked = OfVisited::Columns(visitors.start as u32, visitors.end as u32);
        self.opened.array(self.asked(asked))
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        let weights = cover.weights.map(Array::from);
        self.tell(OfVisited::SetCover(cover.best.into(), weights))
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        self.opened.array(self.asked(OfVisited::Covered))
    }

    fn raise(&mut self, chosen: &IntegerRows) -> Result<(), Error> {
        self.tell(OfVisited::Raise(chosen.into()))
    }

    fn gains(&mut self) -> Result<Vec<i64>, Error> {
        self.opened.array(self.asked(OfVisited::Gains))
    }

    fn at_once(&self) -> usize {
        self.at_once as usize
    }

    fn count_distances(&self, asked: &Digits<'_>) -> Result<Vec<u32>, Error> {
        let (halves, before) = (asked.halves.into(), asked.before.into());
        let asked = OfVisited::CountDistances(halves, before, asked.shift, asked.bits);
        self.opened.array(self.asked(asked))
    }
}
