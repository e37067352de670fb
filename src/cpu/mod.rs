//! The CPU pool: each kernel as a blocked, threaded loop over borrowed rows. No algorithm.

mod arrangement;
mod closest;
mod count_within;
mod deflate;
mod deflate_largest;
mod due_rows;
mod gather_rows;
mod greedy_rounds;
mod leads;
mod mark_within;
mod nearest;
mod nearest_other;
mod neighbours;
mod quantise;
mod refresh;
mod row_norms;
mod row_sums;
mod similarities;
mod store_similarities;
mod sum_columns;
mod sum_stored;
mod visitors;

use crate::control::Stop;
use crate::error::Error;
use crate::features::{Features, Precision};
use crate::kernels::neighbours::Neighbours;
use crate::kernels::pool::{Bunch, Field, Leads, Nearest, Pool};
use crate::kernels::residuals::{Due, Rate, Residuals, RowState, Totals};
use crate::kernels::similarities::{Examples, Similarities};
use crate::lp::Lp;
use crate::quantise::{ClassRanges, IntegerRows};
use crate::random::Numbering;

use deflate_largest::{Lacking, catch_up_all};
use neighbours::CpuNeighbours;
use similarities::CpuSimilarities;

/// Rows one thread works on at a time: small enough that a block of rows, its inner products
/// and its states stay in a core's own cache between the product and the epilogue.
const BLOCK: usize = 256;

/// Multiply-adds that a thread does between two looks at the [`Stop`] of its pool, at most: some tens of
/// milliseconds. Every kernel goes over its blocks by [`Stop::over`]; where a block may take more, it
/// looks within.
const BETWEEN_LOOKS: usize = 1 << 28;

/// How many of a block's rows, at so many multiply-adds each, are worked on between two looks.
fn rows_between_looks(work: usize) -> usize {
    (BETWEEN_LOOKS / work.max(1)).clamp(1, BLOCK)
}

/// A pool on the processor: borrows the features, copies nothing, uses every core.
#[derive(Clone, Debug)]
pub struct CpuPool<'a> {
    features: Features<'a>,
    scale: f32,
    numbering: Numbering<'a>,
    precision: Precision,
    stop: Stop,
}

impl<'a> CpuPool<'a> {
    /// A pool of these rows.
    #[must_use]
    pub fn new(features: Features<'a>) -> Self {
        let (scale, precision) = (features.scale(), features.precision());
        Self {
            features,
            scale,
            precision,
            numbering: Numbering::default(),
            stop: Stop::default(),
        }
    }

    /// The same rows, to be worked on until this is stopped.
    #[must_use]
    pub fn with_stop(self, stop: Stop) -> Self {
        Self { stop, ..self }
    }

    #[cfg(feature = "gpu")]
    pub(crate) fn features(&self) -> &Features<'a> {
        &self.features
    }

    /// The same rows with other random numbers.
    pub(crate) fn numbered(self, numbering: Numbering<'a>) -> Self {
        Self { numbering, ..self }
    }

    /// The same rows as part of others that have been rounded to this.
    pub(crate) fn rounded_to(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }
}

impl Pool for CpuPool<'_> {
    fn rows(&self) -> usize {
        self.features.rows()
    }

    fn dim(&self) -> usize {
        self.features.dim()
    }

    fn scale(&self) -> f32 {
        self.scale
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn row_norms(&self, norm: Lp) -> Result<Vec<f32>, Error> {
        row_norms::row_norms(self, norm)
    }

    fn gather_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        gather_rows::gather_rows(self, rows, self.scale)
    }

    fn given_rows(&self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        gather_rows::gather_rows(self, rows, 1.0)
    }

    /// As many as stay in the threads' own caches.
    fn values_at_once(&self) -> usize {
        (1 << 15) * rayon::current_num_threads()
    }

    fn residuals(&self) -> Result<Box<dyn Residuals + '_>, Error> {
        let states = vec![RowState::MASKED; self.rows()];
        let lacking = Lacking::none(self.rows());
        Ok(Box::new(CpuResiduals {
            pool: self,
            states,
            lacking,
        }))
    }

    fn similarities(
        &self,
        examples: Examples<'_>,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(CpuSimilarities::new(self, examples, threshold)?))
    }

    fn similarities_of(
        &self,
        rows: IntegerRows,
        classes: ClassRanges,
        threshold: Option<i32>,
    ) -> Result<Box<dyn Similarities + '_>, Error> {
        Ok(Box::new(CpuSimilarities::of(
            rows, classes, threshold, &self.stop,
        )))
    }

    fn beside<'a>(&'a self, features: Features<'a>) -> Result<Box<dyn Pool + 'a>, Error> {
        Ok(Box::new(
            CpuPool::new(features).with_stop(self.stop.clone()),
        ))
    }

    fn neighbours(&self) -> Result<Box<dyn Neighbours + '_>, Error> {
        Ok(Box::new(CpuNeighbours::new(self)?))
    }

    fn nearest(
        &self,
        vectors: &[f32],
        offsets: &[f32],
        lengths: &[f32],
    ) -> Result<Vec<Nearest>, Error> {
        nearest::nearest(self, vectors, offsets, lengths)
    }

    fn leads(
        &self,
        fields: &[Field<'_>],
        vectors: &[f64],
        offsets: &[f64],
        lengths: &[f32],
    ) -> Result<Option<Vec<Leads>>, Error> {
        leads::leads(self, fields, vectors, offsets, lengths).map(Some)
    }

    fn stop(&self) -> &Stop {
        &self.stop
    }

    fn numbering(&self) -> Numbering<'_> {
        self.numbering
    }

    fn closest(&self, bunches: &[Bunch<'_>], k: usize) -> Result<Vec<Vec<f32>>, Error> {
        closest::closest(self, bunches, k)
    }
}

/// The row states of one run, beside the pool they belong to.
struct CpuResiduals<'a> {
    pool: &'a CpuPool<'a>,
    states: Vec<RowState>,
    lacking: Lacking,
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
            self.lacking.set_up_to_date(row, self.pool.dim());
        }
        Ok(())
    }

    fn due_rows(&self, tau: f32, rate: Rate, limit: usize) -> Result<Due, Error> {
        due_rows::due_rows(self, tau, rate, limit)
    }

    fn deflate(&mut self, directions: &[f32], dt: &[f32], rate: Rate) -> Result<Totals, Error> {
        catch_up_all(self)?;
        deflate::deflate(self, directions, dt, rate)
    }

    fn deflate_largest(
        &mut self,
        directions: &[f32],
        _: usize,
        count: usize,
        rate: Rate,
    ) -> Result<Totals, Error> {
        deflate_largest::deflate_largest(self, directions, count, rate)
    }

    fn refresh(&mut self, basis: &[f32], dead: f32, rate: Rate) -> Result<Totals, Error> {
        self.lacking.clear();
        refresh::refresh(self, basis, dead, rate)
    }
}

/// What an unmasked row adds to the totals.
fn totals_of(states: &[RowState], rate: Rate) -> Totals {
    let mut totals = Totals::default();
    for state in states.iter().filter(|s| !s.is_masked()) {
        totals.rate += f64::from(rate.of(state.bound_sq()));
        totals.residual_sq += f64::from(state.residual_sq);
    }
    totals
}

/// The blocks' totals, added in order so that a run repeats to the bit.
fn sum_in_order(blocks: &[Totals]) -> Totals {
    blocks.iter().fold(Totals::default(), |a, b| Totals {
        rate: a.rate + b.rate,
        residual_sq: a.residual_sq + b.residual_sq,
    })
}
