//! Rows of one class on the processor, visited by those of other pools: mirrors of the same shaders as `row_sums.rs`,
//! `columns.rs`, `raise.rs` and `gain_columns.rs`.

use super::class_rows::Run;
use super::gain_columns::{Strip, gain_columns};
use super::raise::raise;
use super::row_sums::visitor_sums;
use super::similarities::CpuSimilarities;
use crate::error::Error;
use crate::kernels::cover::Cover;
use crate::kernels::similarities::Similarities;
use crate::kernels::visited::Visited;
use crate::progress::Pass;
use crate::quantise::IntegerRows;
use std::ops::Range;

/// Visitors whose similarities are kept for gains: four times as many as columns of a pool's own are, for each time that
/// others come may be a message. Facility location then asks a third as often, and takes 5 % longer.
const MOST_VISITORS: u64 = 1024;

pub(super) struct CpuVisited<'a> {
    own: CpuSimilarities<'a>,
    visitors: IntegerRows,
    /// Their similarities, once gains have been asked for.
    strip: Option<Strip>,
}

impl<'a> CpuVisited<'a> {
    /// Similarities of one class.
    pub(super) fn new(own: CpuSimilarities<'a>, dim: usize) -> Self {
        Self {
            own,
            visitors: IntegerRows::zeros(dim, 0),
            strip: None,
        }
    }

    fn rows_in_all(&self) -> usize {
        self.own.rows.ranges.places()
    }

    /// The similarities of all rows and some others, as `narrow` leaves them: rows x others.
    fn columns_of<T: Copy + Default + Send>(
        &self,
        others: &IntegerRows,
        narrow: impl Fn(i32) -> T + Sync,
    ) -> Result<Vec<T>, Error> {
        let own = &self.own;
        (own.rows).visitor_columns(0, others, &own.function, narrow, own.stop)
    }
}

impl Visited for CpuVisited<'_> {
    fn rows(&self, places: &[usize]) -> Result<IntegerRows, Error> {
        self.own.rows(places)
    }

    fn squares(&self) -> Result<Vec<i32>, Error> {
        self.own.squares()
    }

    fn row_sums(&self, pass: &Pass<'_>) -> Result<Vec<i64>, Error> {
        self.own.row_sums(pass)
    }

    fn visit(&mut self, visitors: &IntegerRows) -> Result<(), Error> {
        self.strip = None;
        self.visitors = visitors.clone();
        Ok(())
    }

    fn sums(&self, others: &IntegerRows, pass: &Pass<'_>) -> Result<[Vec<i64>; 2], Error> {
        let (mut of_rows, mut of_others) = (Vec::new(), vec![0; others.rows()]);
        let mut meet = |rows: &IntegerRows, places: Range<usize>| {
            let watch = (self.own.stop, pass);
            let [own, theirs] = visitor_sums((rows, places), others, &self.own.function, watch)?;
            of_rows.extend(own);
            let sums = of_others.iter_mut().zip(theirs);
            sums.for_each(|(sum, more)| *sum += more);
            Ok(())
        };
        match self.own.rows.having(0)? {
            Run::Held(run) => meet(&run.rows, run.places(0))?,
            Run::Large(class) => {
                for rows in class.pieces() {
                    let rows = rows?;
                    meet(&rows, 0..rows.rows())?;
                }
            }
        }
        Ok([of_rows, of_others])
    }

    fn columns(&self, visitors: Range<usize>) -> Result<Vec<i32>, Error> {
        let some = self.visitors.some(&visitors.collect::<Vec<_>>());
        self.columns_of(&some, |similarity| similarity)
    }

    fn set_cover(&mut self, cover: Cover<'_>) -> Result<(), Error> {
        self.own.set_cover(cover)
    }

    fn covered(&self) -> Result<Vec<u16>, Error> {
        self.own.covered()
    }

    fn raise(&mut self, chosen: &IntegerRows) -> Result<(), Error> {
        if chosen.rows() == 0 {
            return Ok(());
        }
        let (rows, values) = (
            self.rows_in_all(),
            self.columns_of(chosen, |similarity| similarity as u16)?,
        );
        let stop = self.own.stop;
        self.own.covered.begin(rows);
        let (best, _) = self.own.covered.part(0..rows);
        let all: Vec<usize> = (0..chosen.rows()).collect();
        raise(best, (&values, chosen.rows()), &all, stop)
    }

    fn gains(&mut self) -> Result<Vec<i64>, Error> {
        if self.visitors.rows() == 0 {
            return Ok(Vec::new());
        }
        let rows = self.rows_in_all();
        let strip = match self.strip.take() {
            Some(strip) => strip,
            None => Strip {
                columns: (0..self.visitors.rows()).collect(),
                rows: 0..rows,
                values: self.columns_of(&self.visitors, |similarity| similarity as u16)?,
            },
        };
        self.own.covered.begin(rows);
        let gains = gain_columns(&strip, self.own.covered.cover(), self.own.stop);
        self.strip = Some(strip);
        gains
    }

    fn at_once(&self) -> usize {
        let column = 2 * self.rows_in_all() as u64;
        (self.own.room() / column.max(1)).clamp(1, MOST_VISITORS) as usize
    }
}
