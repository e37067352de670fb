//! Similarities of rows that a worker has.

use super::answer::{AboutSimilarities, Rounds};
use super::message::{Ask, ClassCut, OfSimilarities};
use super::opened::{Opened, narrow};
use super::wire::Array;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::cut::{Cut, CutRule};
use crate::kernels::similarities::{CutHeard, CutPicks, Round, Similarities, Update};
use crate::progress::Pass;
use crate::quantise::{ClassRanges, IntegerRows};
use serde::de::DeserializeOwned;
use std::ops::Range;

/// Rows of several classes that are picked from in one message, at most.
const ROWS_OF_MESSAGE: usize = 4096;

pub(super) struct RemoteSimilarities<'a> {
    opened: Opened<'a>,
    about: AboutSimilarities,
    dim: usize,
    ranges: ClassRanges,
}

impl<'a> RemoteSimilarities<'a> {
    pub(super) fn new(
        opened: Opened<'a>,
        about: AboutSimilarities,
        dim: usize,
        ranges: ClassRanges,
    ) -> Self {
        Self {
            opened,
            about,
            dim,
            ranges,
        }
    }

    fn asked<'m>(&self, ask: OfSimilarities<'m>) -> Ask<'m> {
        Ask::Similarities(self.opened.number, ask)
    }

    fn ask<T: DeserializeOwned>(&self, ask: OfSimilarities<'_>) -> Result<T, Error> {
        self.opened.connection.ask(self.asked(ask))
    }

    /// How many of these classes go with one message: the first, and others while there are few rows.
    fn of_message(&self, cuts: &[Cut]) -> usize {
        let mut rows = 0;
        let fits = |cut: &&Cut| {
            rows += self.ranges.class(cut.class).len();
            rows <= ROWS_OF_MESSAGE
        };
        cuts.iter().take_while(fits).count().max(1)
    }
}

impl Similarities for RemoteSimilarities<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        let asked = self.asked(OfSimilarities::Rows(narrow(places).into()));
        let values = self.opened.array(asked)?;
        Ok(IntegerRows::of(values, IntegerRows::pitch_of(self.dim)))
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        self.opened.array(self.asked(OfSimilarities::Squares))
    }

    fn total(&self, class: usize) -> Result<Vec<i64>, Error> {
        let asked = self.asked(OfSimilarities::Total(class as u32));
        self.opened.array(asked)
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        let asked = self.asked(OfSimilarities::RowSums);
        self.opened.array_of_pass(asked, pass)
    }

    fn sum_columns(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = self.asked(OfSimilarities::SumColumns(narrow(columns).into()));
        self.opened.array(asked)
    }

    fn columns(&self, columns: &[usize]) -> Result<Vec<i32>, Error> {
        let asked = self.asked(OfSimilarities::Columns(narrow(columns).into()));
        self.opened.array(asked)
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        let weights = cover.weights.map(Array::from);
        self.ask(OfSimilarities::SetCover(cover.best.into(), weights))
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        self.opened.array(self.asked(OfSimilarities::Covered))
    }

    fn raise(&mut self, columns: &[usize]) -> Result<(), Error> {
        self.ask(OfSimilarities::Raise(narrow(columns).into()))
    }

    fn gain_columns(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = self.asked(OfSimilarities::GainColumns(narrow(columns).into()));
        self.opened.array(asked)
    }

    fn columns_at_once(&self) -> usize {
        self.about.columns_at_once as usize
    }

    fn together(&self, class: usize) -> Range<usize> {
        let runs = &self.about.together;
        let at = runs.partition_point(|run| run.1 as usize <= class);
        runs.get(at)
            .map_or(class..class + 1, |run| run.0 as usize..run.1 as usize)
    }

    fn room(&self) -> u64 {
        self.about.room
    }

    fn batch(&self) -> u64 {
        self.about.batch
    }

    fn store(&mut self, classes: Range<usize>, pass: &Pass<'_>) -> Result<(), Error> {
        let asked = OfSimilarities::Store(classes.start as u32, classes.end as u32);
        pass.met(self.ask(asked)?)
    }

    fn sum_stored(&self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = self.asked(OfSimilarities::SumStored(narrow(columns).into()));
        self.opened.array(asked)
    }

    fn gain_stored(&mut self, columns: &[usize]) -> Result<Vec<i64>, Error> {
        let asked = self.asked(OfSimilarities::GainStored(narrow(columns).into()));
        self.opened.array(asked)
    }

    fn picks_by_itself(&self) -> bool {
        true
    }

    fn nth_distances(&self, rows: &[usize], nth: usize) -> Result<Option<Vec<u32>>, Error> {
        let asked = OfSimilarities::NthDistances(narrow(rows).into(), nth as u32);
        let found: Array<'_, u32> = self.ask(asked)?;
        found.exactly(rows.len()).map(Some)
    }

    fn cover_rounds(
        &mut self,
        class: usize,
        gains: &mut [i64],
        count: usize,
    ) -> Result<Vec<Round>, Error> {
        let given: &[i64] = gains;
        let asked = OfSimilarities::CoverRounds(class as u32, given.into(), count as u32);
        let (left, rounds): (Array<'_, i64>, Rounds<'_>) = self.ask(asked)?;
        gains.copy_from_slice(&left.exactly(gains.len())?);
        Ok(rounds.rounds())
    }

    fn greedy_rounds(
        &mut self,
        gains: &mut [i64],
        counts: &[usize],
        update: Update,
    ) -> Result<Vec<Vec<Round>>, Error> {
        let given: &[i64] = gains;
        let asked = OfSimilarities::GreedyRounds(given.into(), narrow(counts).into(), update);
        let (left, rounds): (Array<'_, i64>, Vec<Rounds<'_>>) = self.ask(asked)?;
        gains.copy_from_slice(&left.exactly(gains.len())?);
        Ok(rounds.iter().map(Rounds::rounds).collect())
    }
    fn cuts(&mut self, cuts: &[Cut], rule: &CutRule, told: &CutHeard<'_>) -> Result<(), Error> {
        let mut rest = cuts;
        while !rest.is_empty() {
            let (some, after) = rest.split_at(self.of_message(rest));
            let asked = OfSimilarities::Cuts(some.iter().map(ClassCut::from).collect(), *rule);
            let found: Vec<(Rounds<'_>, i64)> = self.ask(asked)?;
            if found.len() != some.len() {
                let (found, count) = (found.len(), some.len());
                return Err(Error::Device(format!(
                    "an answer of {found} classes found, of {count} expected"
                )));
            }
            for (cut, (rounds, value)) in some.iter().zip(found) {
                let rounds = rounds.rounds();
                told(cut.class, CutPicks { rounds, value })?;
            }
            rest = after;
        }
        Ok(())
    }
}
