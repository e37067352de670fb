//! The span of the picks of an epoch: orthonormal in f64 on the host, as bounds on the device.

use super::GramSchmidt;
use super::candidates::{Candidates, project_out};
use crate::{
    Due, Error, Lp, Pool, Rate, Residuals, RowState, Totals, inner_error, norm_bounds, sums,
};

/// Most directions handed to one deflation.
const MOST_DIRECTIONS: usize = 256;
/// Bytes of rows, in f32, gathered at a time where the number is ours to choose.
const GATHER_BYTES: usize = 8 << 20;
/// The longest wait that a device can reckon with in f32.
const LONGEST: f64 = 1e30;

/// The span of an epoch's labelled rows and picks.
pub(super) struct Span<'a> {
    pool: &'a dyn Pool,
    residuals: Box<dyn Residuals + 'a>,
    pub(super) rate: Rate,
    tol: f64,
    /// Orthonormal directions, a row each.
    basis: Vec<f64>,
    /// Time that passed before each direction was picked, since the one before.
    dt: Vec<f64>,
    /// Directions that the device has taken in.
    deflated: usize,
    /// Passes made over the features.
    pub(super) passes: usize,
    /// Sums over the rows in play when the device was last asked.
    pub(super) totals: Totals,
    fresh: Fresh,
    /// Rows settled, and picks made, since residuals were last computed anew.
    settled: usize,
    picked: usize,
}

/// How things stood when residuals were last computed anew.
#[derive(Default)]
struct Fresh {
    directions: usize,
    residual_sq: f64,
}

impl<'a> Span<'a> {
    pub(super) fn new(pool: &'a dyn Pool, options: &GramSchmidt) -> Result<Self, Error> {
        Ok(Self {
            pool,
            residuals: pool.residuals()?,
            rate: Rate::new(options.power),
            tol: options.tolerance(pool.dim()),
            basis: Vec::new(),
            dt: Vec::new(),
            deflated: 0,
            passes: 0,
            totals: Totals::default(),
            fresh: Fresh::default(),
            settled: 0,
            picked: 0,
        })
    }

    /// Starts an epoch: unprojected rows, then the labelled ones projected out.
    pub(super) fn begin(
        &mut self,
        norms_sq: &[f32],
        excluded: &[bool],
        numbers: Option<&[f64]>,
        labelled: &[usize],
    ) -> Result<(), Error> {
        self.basis.clear();
        self.dt.clear();
        self.deflated = 0;
        let dim = self.pool.dim();
        let state = |row: usize| {
            if excluded[row] || norms_sq[row] == 0.0 {
                return RowState::MASKED;
            }
            let (_, norm) = norm_bounds(Lp::L2, norms_sq[row], dim);
            let norm_sq = up(norm * norm);
            let left = numbers.map_or(0.0, |numbers| down(numbers[row]));
            RowState {
                residual_sq: norm_sq,
                left,
                guard: 0.0,
                norm_sq,
            }
        };
        let states: Vec<_> = (0..norms_sq.len()).map(state).collect();
        self.residuals.load(&states)?;
        self.totals = states
            .iter()
            .filter(|s| !s.is_masked())
            .fold(Totals::default(), |t, s| Totals {
                rate: t.rate + f64::from(self.rate.of(s.bound_sq())),
                residual_sq: t.residual_sq + f64::from(s.residual_sq),
            });
        self.renewed();
        self.project_labelled(labelled)
    }

    /// Projects rows out in order, skipping those that the ones before span.
    fn project_labelled(&mut self, labelled: &[usize]) -> Result<(), Error> {
        for rows in labelled.chunks(self.rows_at_once()) {
            let x = self.pool.gather_rows(rows)?;
            for x in x.chunks_exact(self.pool.dim()) {
                let norm = sums::squares(x).sqrt();
                let mut residual: Vec<f64> = x.iter().map(|&v| f64::from(v)).collect();
                self.project_twice(&mut residual);
                if sums::dot(&residual, &residual).sqrt() > self.tol * norm {
                    self.push(&residual, 0.0);
                }
            }
        }
        self.deflate()
    }

    /// Rows to gather at a time.
    pub(super) fn rows_at_once(&self) -> usize {
        (GATHER_BYTES / (4 * self.pool.dim())).clamp(256, 1 << 16)
    }

    /// Number of directions.
    pub(super) fn len(&self) -> usize {
        self.dt.len()
    }

    /// Time before each direction.
    pub(super) fn dt(&self) -> &[f64] {
        &self.dt
    }

    /// Whether some wait was longer than a device can reckon with: from then on its hazards are
    /// too small, and every row must be thought due.
    pub(super) fn has_waited_too_long(&self) -> bool {
        self.dt.iter().any(|&dt| dt > LONGEST)
    }

    /// The rows that may fire before `tau`.
    pub(super) fn due_rows(&self, tau: f32, limit: usize) -> Result<Due, Error> {
        self.residuals.due_rows(tau, self.rate, limit)
    }

    /// Every row's state on the device.
    pub(super) fn read(&self) -> Result<Vec<RowState>, Error> {
        self.residuals.read()
    }

    /// Settles rows: exact residuals against the whole span.
    pub(super) fn settle(&mut self, mut rows: Vec<usize>) -> Result<Candidates, Error> {
        rows.sort_unstable();
        self.settled += rows.len();
        let x = self.pool.gather_rows(&rows)?;
        Ok(Candidates::new(
            rows,
            &x,
            &self.basis,
            self.pool.dim(),
            self.tol,
        ))
    }

    /// Adds the direction of candidate `i`'s residual, `dt` after the one before, and projects
    /// it out of the other candidates.
    pub(super) fn take(&mut self, candidates: &mut Candidates, i: usize, dt: f64) {
        candidates.live[i] = false;
        self.push(candidates.residual(i), dt);
        self.picked += 1;
        candidates.project_out_one(&self.basis[self.basis.len() - self.pool.dim()..]);
    }

    /// Appends a residual's direction, orthogonal to the last bit.
    fn push(&mut self, residual: &[f64], dt: f64) {
        let mut direction = residual.to_vec();
        self.project_twice(&mut direction);
        let norm = sums::dot(&direction, &direction).sqrt();
        self.basis.extend(direction.iter().map(|v| v / norm));
        self.dt.push(dt);
    }

    /// Projects the span out, to the last bit.
    fn project_twice(&self, x: &mut [f64]) {
        let mut products = vec![0.0; self.len()];
        sums::vectorised(|| {
            project_out(x, &self.basis, &mut products);
            project_out(x, &self.basis, &mut products);
        });
    }

    /// Has the device take in the directions it has not seen.
    pub(super) fn deflate(&mut self) -> Result<(), Error> {
        let dim = self.pool.dim();
        while self.deflated < self.len() {
            let end = self.len().min(self.deflated + MOST_DIRECTIONS);
            let directions = to_f32(&self.basis[self.deflated * dim..end * dim]);
            let dt: Vec<f32> = self.dt[self.deflated..end]
                .iter()
                .map(|&dt| up(dt))
                .collect();
            self.totals = self.residuals.deflate(&directions, &dt, self.rate)?;
            self.deflated = end;
            self.passes += 1;
        }
        Ok(())
    }

    /// Tells the device what the host knows of the candidates: exact residuals, and that rows
    /// are picked or dead. `left` is the hazard each has left. Call after
    /// [`deflate`](Self::deflate).
    pub(super) fn write_back(
        &mut self,
        candidates: &Candidates,
        left: impl Fn(usize) -> f64,
    ) -> Result<(), Error> {
        let state = |i: usize| {
            if !candidates.live[i] {
                return RowState::MASKED;
            }
            let residual_sq = up(candidates.residual_sq[i]);
            let norm_sq = up(candidates.norms[i].powi(2));
            RowState {
                residual_sq,
                left: down(left(i)).max(0.0),
                guard: 0.0,
                norm_sq,
            }
        };
        let states: Vec<_> = (0..candidates.rows.len()).map(state).collect();
        self.residuals.write(&candidates.rows, &states)
    }

    /// Whether down-dated residuals have become so poor that computing them anew pays: rows are
    /// settled in vain, or too much of the sum is gone, and the span has grown enough.
    pub(super) fn is_stale(&self, in_vain: bool) -> bool {
        let grown = self.len() - self.fresh.directions;
        grown >= 8.max(self.len() / 8)
            && (in_vain || self.totals.residual_sq < 1e-3 * self.fresh.residual_sq)
    }

    /// Rows settled for every pick since residuals were last computed anew.
    pub(super) fn settled_per_pick(&self) -> f64 {
        self.settled as f64 / self.picked as f64
    }

    /// Whether the span has grown at all since residuals were last computed anew.
    pub(super) fn has_grown(&self) -> bool {
        self.len() > self.fresh.directions
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
            .refresh(&to_f32(&self.basis), dead, self.rate)?;
        self.passes += 1;
        self.renewed();
        Ok(())
    }

    fn renewed(&mut self) {
        self.fresh = Fresh {
            directions: self.len(),
            residual_sq: self.totals.residual_sq,
        };
        (self.settled, self.picked) = (0, 0);
    }
}

fn to_f32(values: &[f64]) -> Vec<f32> {
    values.iter().map(|&v| v as f32).collect()
}

/// The nearest f32 not below `x`.
fn up(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) < x {
        near.next_up()
    } else {
        near
    }
}

/// The nearest f32 not above `x`.
fn down(x: f64) -> f32 {
    let near = x as f32;
    if f64::from(near) > x {
        near.next_down()
    } else {
        near
    }
}
