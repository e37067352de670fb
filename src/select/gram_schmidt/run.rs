//! A Gram-Schmidt selection under way: what all its rules share.

use super::begin::Numbers;
use super::options::{GramSchmidt, OnExhaustion};
use super::ridge;
use crate::course::{Course, Step};
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::lp::Lp;
use crate::progress::Progress;
use crate::random;
use crate::select::norm::{Draw, in_unit};
use crate::select::settled::Settled;
use crate::selection::{Details, Determinant, Selection, ShortfallReason};

/// A selection under way.
pub(super) struct Run<'a> {
    pub(super) options: &'a GramSchmidt,
    pub(super) pool: &'a dyn Pool,
    pub(super) budget: usize,
    /// Rows that cannot be picked any more: labelled or picked.
    pub(super) excluded: Vec<bool>,
    pub(super) selection: Selection,
    pub(super) settled: Settled,
    /// λ of the ridge, in pool unit, squared, once it is found; none without.
    pub(super) lambda: Option<f64>,
    /// What the picks add to the logarithm of the determinant with it.
    pub(super) log_det: f64,
    pub(super) course: Course<'a>,
    /// Where the picks are kept.
    pub(super) step: Step,
}

impl<'a> Run<'a> {
    /// The epoch's exponential numbers; none for greedy picks.
    pub(super) fn epoch_numbers(&self) -> Option<Numbers<'a>> {
        let pool = self.pool;
        let stream = random::RACE + self.selection.restarts.len() as u64 - 1;
        let rows = (pool.row_ids(), pool.rows());
        (!self.options.greedy).then(|| Numbers::new(rows, self.options.seed, stream))
    }

    /// All of them.
    pub(super) fn numbers(&self) -> Result<Option<Vec<f64>>, Error> {
        let all = |mut numbers: Numbers<'_>| numbers.all(self.pool.stop()).map(<[f64]>::to_vec);
        self.epoch_numbers().map(all).transpose()
    }

    /// Opens the next epoch, or says why there is none.
    pub(super) fn next_epoch(
        &mut self,
        positive: impl Fn(usize) -> bool,
    ) -> Option<ShortfallReason> {
        let left = (0..self.excluded.len()).any(|row| !self.excluded[row] && positive(row));
        if self.done() || !left {
            return Some(ShortfallReason::ZeroWeight);
        }
        if self.options.on_exhaustion == OnExhaustion::Stop {
            return Some(ShortfallReason::Rank);
        }
        self.selection.restarts.push(self.selection.picks.len());
        None
    }

    /// The last epoch of [`OnExhaustion::Norm`]: norms, without deflation.
    pub(super) fn by_norm(&mut self, norms: &[f32]) -> Result<(), Error> {
        let draw = Draw {
            norm: Lp::L2,
            power: self.options.power,
            inputs: None,
            largest: None,
            numbers: self.numbers()?,
            settled: self.settled.clone(),
        };
        let missing = self.budget - self.selection.picks.len();
        let able = (0..norms.len()).filter(|&row| !self.excluded[row]);
        let able: Vec<usize> = able.collect();
        let (picks, scores) = draw.take(self.pool, norms, &able, missing)?;
        self.selection.picks.extend(picks);
        self.selection.scores.extend(scores);
        self.tell()
    }

    /// Takes a row whose residual norm, in pool unit, is `score`.
    pub(super) fn pick(&mut self, row: usize, score: f64) -> Result<(), Error> {
        self.excluded[row] = true;
        if let Some(lambda) = self.lambda {
            self.log_det += ridge::gain(self.pool, lambda, score);
        }
        self.selection.picks.push(row);
        self.selection.scores.push(in_unit(self.pool, score));
        self.tell()
    }

    /// Tells how many picks there are, and keeps them.
    fn tell(&mut self) -> Result<(), Error> {
        let picks = self.selection.picks.len();
        self.course.tell(Progress::Picks(picks))?;
        self.course.keep_picks(self.step, &self.selection)
    }

    /// What is told of the picks of a ridge.
    pub(super) fn details(&self) -> Details {
        let of = |lambda| Determinant {
            class: 0,
            lambda: ridge::in_unit(self.pool, lambda),
            log_det: self.log_det,
        };
        let told = self
            .lambda
            .map(|lambda| Details::Determinant(vec![of(lambda)]));
        told.unwrap_or_default()
    }

    pub(super) fn done(&self) -> bool {
        self.selection.picks.len() == self.budget
    }
}
