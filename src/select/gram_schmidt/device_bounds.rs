//! The directions of an epoch's picks: in f64 on the host, as bounds on the device.

use super::basis::Basis;
use super::begin::{Numbers, down, states, totals, up};
use super::candidates::{self, Candidate, Seen};
use super::held::Held;
use super::options::GramSchmidt;
use crate::control::Stop;
use crate::error::Error;
use crate::kernels::pool::Pool;
use crate::kernels::residuals::{Due, Epoch, Rate, Residuals, RowState, Totals};
use crate::kernels::rounding::inner_error;
use crate::select::settled::Settled;
use rayon::prelude::*;

/// Most directions handed to one deflation.
const MOST_DIRECTIONS: usize = 256;
/// Bytes of rows, in f32, gathered at a time where the number is ours to choose.
const GATHER_BYTES: usize = 8 << 20;
/// Labelled rows settled at a time.
const LABELLED: usize = 256;
/// Rows that a thread takes in at least.
const AT_LEAST: usize = 32;
/// The longest wait that a device can work with in f32.
const LONGEST: f64 = 1e30;

/// The span of an epoch's labelled rows and picks.
pub(super) struct DeviceBounds<'a> {
    pool: &'a dyn Pool,
    residuals: Box<dyn Residuals + 'a>,
    rate: Rate,
    lambda: Option<f64>,
    /// Share of its length under which a row's residual is rounding; 0 with a ridge.
    pub(super) tol: f64,
    pub(super) basis: Basis,
    /// Directions that the device has taken in.
    deflated: usize,
    /// Passes made over the features.
    pub(super) passes: usize,
    settled: Settled,
    /// Sums over the rows in play when the device was last asked.
    pub(super) totals: Totals,
    fresh: Fresh,
}

/// How things stood when residuals were last computed anew.
#[derive(Default)]
struct Fresh {
    directions: usize,
    residual_sq: f64,
}

impl<'a> DeviceBounds<'a> {
    pub(super) fn new(
        pool: &'a dyn Pool,
        options: &GramSchmidt,
        lambda: Option<f64>,
        settled: &Settled,
    ) -> Result<Self, Error> {
        Ok(Self {
            pool,
            residuals: pool.residuals()?,
            rate: Rate::new(options.power),
            lambda,
            tol: options.tolerance(pool),
            basis: Basis::new(pool.dim(), lambda, settled),
            deflated: 0,
            passes: 0,
            settled: settled.clone(),
            totals: Totals::default(),
            fresh: Fresh::default(),
        })
    }

    /// Starts an epoch: unprojected rows, then the labelled ones projected out.
    pub(super) fn begin(
        &mut self,
        norms_sq: &[f32],
        excluded: &[bool],
        numbers: &mut Option<Numbers<'_>>,
        labelled: &[usize],
    ) -> Result<(), Error> {
        self.basis = Basis::new(self.pool.dim(), self.lambda, &self.settled);
        self.deflated = 0;
        let rows: Vec<usize> = (0..excluded.len()).filter(|&row| excluded[row]).collect();
        let epoch = Epoch {
            excluded: &rows,
            draws: numbers.as_ref().map(Numbers::draws),
            rate: self.rate,
        };
        self.totals = match self.residuals.begin(&epoch)? {
            Some(totals) => totals,
            None => {
                let all = numbers.as_mut();
                let all = all
                    .map(|numbers| numbers.all(self.pool.stop()))
                    .transpose()?;
                let states = states(norms_sq, self.pool.dim(), |row| excluded[row], all);
                self.residuals.load(&states)?;
                totals(&states, self.rate)
            }
        };
        self.renewed();
        self.project_labelled(labelled)
    }

    /// Projects rows out in order, skipping those that the ones before device_bounds.
    fn project_labelled(&mut self, labelled: &[usize]) -> Result<(), Error> {
        for rows in labelled.chunks(LABELLED) {
            let mut candidates = self.gather(rows)?;
            candidates::settle(&mut candidates, &self.basis, self.tol, self.stop())?;
            for i in 0..rows.len() {
                if std::mem::take(&mut candidates[i].live) {
                    self.basis.push(candidates[i].residual.picked(), 0.0);
                    let rest = &mut candidates[i..];
                    candidates::settle(rest, &self.basis, self.tol, self.stop())?;
                }
            }
        }
        self.deflate()
    }

    /// What ends the work.
    pub(super) fn stop(&self) -> &Stop {
        self.pool.stop()
    }

    /// Rows to gather at a time.
    pub(super) fn rows_at_once(&self) -> usize {
        (GATHER_BYTES / (4 * self.pool.dim())).clamp(256, 1 << 16)
    }

    /// A time as the device takes it; `f32::MAX`, before which every row is due, where it is past
    /// what a device can work with, or some wait was: then its hazards are too small.
    pub(super) fn tau(&self, time: f64) -> f32 {
        let too_long = self.basis.since(0).1.iter().any(|&dt| dt > LONGEST);
        if time > 0.0 && time < LONGEST && !too_long {
            time as f32
        } else {
            f32::MAX
        }
    }

    /// The rows that may fire before `tau`.
    pub(super) fn due_rows(&self, tau: f32, limit: usize) -> Result<Due, Error> {
        self.residuals.due_rows(tau, self.rate, limit)
    }

    /// Every row's state on the device.
    pub(super) fn read(&self) -> Result<Vec<RowState>, Error> {
        self.residuals.read()
    }

    /// Rows as candidates, both in ascending order; of those that were `known` before, what is known, and of
    /// others what has been `seen`.
    pub(super) fn candidates(
        &self,
        rows: &[usize],
        bounds: impl Fn(usize) -> f64,
        known: Vec<Candidate>,
        seen: &Seen,
    ) -> Result<Vec<Candidate>, Error> {
        let mut all = known;
        all.retain(|candidate| rows.binary_search(&candidate.row).is_ok());
        let is_there = |row: &usize| {
            all.binary_search_by_key(row, |candidate| candidate.row)
                .is_ok()
        };
        let new: Vec<usize> = rows.iter().copied().filter(|row| !is_there(row)).collect();
        let mut new = self.gather(&new)?;
        seen.recall(&mut new);
        all.append(&mut new);
        for candidate in all.iter_mut().filter(|one| !one.is_settled(&self.basis)) {
            candidate.bound = candidate.bound.min(bounds(candidate.row));
        }
        all.sort_unstable_by_key(|candidate| candidate.row);
        Ok(all)
    }

    /// Rows in their order, of which nothing is known.
    fn gather(&self, rows: &[usize]) -> Result<Vec<Candidate>, Error> {
        let x = self.pool.gather_rows(rows)?;
        let rows = rows.par_iter().zip(x.par_chunks_exact(self.pool.dim()));
        let candidates = rows.with_min_len(AT_LEAST);
        Ok(candidates.map(|(&row, x)| Candidate::new(row, x)).collect())
    }

    /// Has the device take in the directions it has not seen.
    pub(super) fn deflate(&mut self) -> Result<(), Error> {
        self.hand_over(|residuals, directions, dt, rate| residuals.deflate(directions, dt, rate))
    }

    /// The same where no time passes; a device may leave out rows that are not among the `count` of
    /// largest bounds.
    pub(super) fn deflate_largest(&mut self, count: usize) -> Result<(), Error> {
        self.hand_over(|residuals, directions, dt, rate| {
            residuals.deflate_largest(directions, dt.len(), count, rate)
        })
    }

    /// Hands over the directions that the device has not seen, and the time before each.
    fn hand_over(
        &mut self,
        deflate: impl Fn(&mut dyn Residuals, &[f32], &[f32], Rate) -> Result<Totals, Error>,
    ) -> Result<(), Error> {
        let dim = self.pool.dim();
        while self.deflated < self.basis.len() {
            let (directions, dt) = self.basis.since(self.deflated);
            let count = dt.len().min(MOST_DIRECTIONS);
            let directions = to_f32(&directions[..count * dim]);
            let dt: Vec<f32> = dt[..count].iter().map(|&dt| up(dt.min(LONGEST))).collect();
            self.totals = deflate(&mut *self.residuals, &directions, &dt, self.rate)?;
            self.deflated += count;
            self.passes += 1;
        }
        Ok(())
    }

    /// Whether there are directions that the device has not seen.
    pub(super) fn is_ahead(&self) -> bool {
        self.deflated < self.basis.len()
    }

    /// Tells the device what is known of the candidates: exact residuals of those that are settled,
    /// and which are picked or dead. Call after [`deflate`](Self::deflate).
    pub(super) fn write_back(&mut self, candidates: &[Candidate]) -> Result<(), Error> {
        let state = |candidate: &Candidate| {
            if !candidate.live {
                return RowState::MASKED;
            }
            exact_state(candidate.residual.sq(), 0.0, candidate.residual.norm_sq())
        };
        let news = |candidate: &&Candidate| !candidate.live || candidate.is_settled(&self.basis);
        let news: Vec<&Candidate> = candidates.iter().filter(news).collect();
        let rows: Vec<usize> = news.iter().map(|candidate| candidate.row).collect();
        let states: Vec<_> = news.into_iter().map(state).collect();
        self.residuals.write(&rows, &states)
    }

    /// Takes rows out of the device's play.
    pub(super) fn mask(&mut self, rows: &[usize]) -> Result<(), Error> {
        let states = vec![RowState::MASKED; rows.len()];
        self.residuals.write(rows, &states)
    }

    /// Puts a row into the device's play, with what was left of one that is like it, and among the candidates,
    /// when that was picked. Call after [`deflate`](Self::deflate).
    pub(super) fn unmask(
        &mut self,
        row: usize,
        picked: usize,
        candidates: &[Candidate],
    ) -> Result<(), Error> {
        let Ok(at) = candidates.binary_search_by_key(&picked, |one| one.row) else {
            return Ok(());
        };
        let like = &candidates[at].residual;
        let state = exact_state(like.sq(), 0.0, like.norm_sq());
        self.residuals.write(&[row], &[state])
    }

    /// Takes rows out of the device's play; gives their features.
    pub(super) fn hold(&mut self, rows: &[usize]) -> Result<Vec<f32>, Error> {
        self.mask(rows)?;
        self.pool.gather_rows(rows)
    }

    /// Puts rows back into the device's play. Call after [`deflate`](Self::deflate).
    pub(super) fn give_back(&mut self, held: &[Held]) -> Result<(), Error> {
        let rows: Vec<_> = held.iter().map(|held| held.row).collect();
        let state =
            |held: &Held| exact_state(held.residual.sq(), held.left, held.residual.norm_sq());
        let states: Vec<_> = held.iter().map(state).collect();
        self.residuals.write(&rows, &states)
    }

    /// Whether down-dated residuals have become so poor that computing them anew pays: rows are
    /// settled needlessly, or too much of the sum is gone, and the span has grown enough.
    pub(super) fn is_stale(&self, in_vain: bool) -> bool {
        let grown = self.grown();
        grown >= 8.max(self.basis.len() / 8)
            && (in_vain || self.totals.residual_sq < 1e-3 * self.fresh.residual_sq)
    }

    /// Whether the span has grown at all since residuals were last computed anew.
    pub(super) fn has_grown(&self) -> bool {
        self.grown() > 0
    }

    /// Directions that have come since residuals were last computed anew. With a ridge they never are: a
    /// device projects twice, which is right for a basis alone.
    fn grown(&self) -> usize {
        if self.basis.has_ridge() {
            return 0;
        }
        self.basis.len() - self.fresh.directions
    }

    /// Computes every residual anew on the device, which masks rows that are surely dead.
    ///
    /// An f32 residual within [`inner_error`] is dead beyond doubt where the tolerance is at
    /// least twice that; with a smaller one the host settles every row.
    pub(super) fn refresh(&mut self) -> Result<(), Error> {
        let sure = 0.5 * self.tol >= f64::from(inner_error(self.pool.dim()));
        let dead = if sure { 0.5 * self.tol as f32 } else { -1.0 };
        self.totals = self
            .residuals
            .refresh(&to_f32(self.basis.since(0).0), dead, self.rate)?;
        self.passes += 1;
        self.renewed();
        Ok(())
    }

    fn renewed(&mut self) {
        self.fresh = Fresh {
            directions: self.basis.len(),
            residual_sq: self.totals.residual_sq,
        };
    }
}

/// What a device is told of a row that has just been settled.
fn exact_state(residual_sq: f64, left: f64, norm_sq: f64) -> RowState {
    RowState {
        residual_sq: up(residual_sq),
        left: down(left).max(0.0),
        guard: 0.0,
        norm_sq: up(norm_sq),
    }
}

fn to_f32(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}
